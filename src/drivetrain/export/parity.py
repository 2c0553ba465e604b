"""Whether a bundle gives the answers that its learner gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from drivetrain.bundle.manifest import Parity
from drivetrain.errors import InputError, ParityError
from drivetrain.predictor import Predictor
from drivetrain.schema import Probabilities

TOLERANCE = 1e-4


def check_parity(predictor: Predictor, items: Sequence[Any], expected: Probabilities) -> Parity:
    """Answer real validation items with the bundle and compare with the learner's answers.

    Arguments:
        predictor: The bundle as production will run it.
        items: What the learner was asked: paths, bytes, pictures or arrays.
        expected: Its probabilities, float32 [N, C].

    Raises:
        ParityError: A label differs, or a probability by more than 1e-4.
    """
    answers = list(predictor.predict_each(items))
    for item, answer in zip(items, answers, strict=True):
        if isinstance(answer, InputError):
            raise ParityError(f"The bundle cannot read {item}, and the learner could: {answer}")
    given = np.stack([a.probabilities for a in answers if not isinstance(a, InputError)])
    differences = np.abs(given - expected).max(axis=1)
    worst = int(differences.argmax())
    same = given.argmax(axis=1) == expected.argmax(axis=1)
    if not same.all() or not differences[worst] <= TOLERANCE:
        raise ParityError(
            f"The bundle disagrees with the learner on {items[worst]}: a probability differs by "
            f"{differences[worst]:.2e} (allowed: {TOLERANCE}), and "
            f"{int((~same).sum())} of {len(items)} labels differ. Nothing was written.",
            hint="Leave out what changes the validation batches, or report the architecture.",
        )
    return Parity(
        items=len(items),
        same_labels=float(same.mean()),
        largest_difference=float(differences[worst]),
        tolerance=TOLERANCE,
    )

"""Whether a bundle gives the answers that its learner gives, however it is asked."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivetrain.bundle.manifest import Parity
from drivetrain.errors import InputError, ParityError
from drivetrain.export.answers import Meaning, in_parts, spread
from drivetrain.judge.calibration import Logits
from drivetrain.network import BATCH, Arrays, Network
from drivetrain.prepare import Preparation

TOLERANCE = 1e-4
MANY = 64
FILES = 8


def check_parity(
    network: Network,
    preparation: Preparation,
    items: Sequence[Any],
    expected: NDArray[Any],
    meaning: Meaning,
) -> Parity:
    """Answer real validation items as production does, and compare with the learner's answers.

    Arguments:
        network: The network in 32 bits.
        preparation: What makes arrays of the items.
        items: What the learner was asked: paths, bytes, pictures or arrays.
        expected: Its answers, float32 [N, C], as ``meaning`` gives them.
        meaning: What the network's outputs mean.

    Raises:
        ParityError: A label differs, or a probability by more than 1e-4.
    """
    given = meaning(_outputs(network, _prepared(preparation, items)))
    return _compared("the learner and the bundle", items, expected, given, meaning)


def check_ways(
    network: Network,
    one_thread: Network,
    preparation: Preparation,
    items: Sequence[Any],
    meaning: Meaning,
) -> list[Parity]:
    """Answer real validation items in every way that production may, and compare.

    Arguments:
        network: The network that ships, with all threads of the machine.
        one_thread: The same network with one.
        preparation: What makes arrays of the items.
        items: Paths, bytes, pictures, arrays or rows.
        meaning: What the network's outputs mean.

    Raises:
        ParityError: A label differs, or a probability by more than 1e-4.
    """
    some = spread(items, MANY)
    arrays = _prepared(preparation, some)
    given = _outputs(network, arrays)
    ways = [
        ("one thread and all", some, _outputs(one_thread, arrays), given),
        ("one at a time and eight", some, _outputs(network, arrays, 1), given),
        (f"{MANY} at a time and eight", some, _outputs(network, arrays, MANY), given),
    ]
    files = [item for item in some if isinstance(item, str | os.PathLike)][:FILES]
    if files:
        read = _prepared(preparation, [Path(file).read_bytes() for file in files])
        named = _prepared(preparation, [os.fspath(file) for file in files])
        answers = _outputs(network, read), _outputs(network, named)
        ways.append(("a file's bytes and its path", files, *answers))
    return [
        _compared(of, which, meaning(expected), meaning(found), meaning)
        for of, which, expected, found in ways
    ]


def _prepared(preparation: Preparation, items: Sequence[Any]) -> Arrays:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return np.stack(list(pool.map(lambda item: _read(preparation, item), items)))


def _read(preparation: Preparation, item: Any) -> Arrays:
    try:
        return preparation(item)
    except InputError as problem:
        raise ParityError(
            f"The bundle cannot read {item}, and the learner could: {problem}"
        ) from None


def _outputs(network: Network, arrays: Arrays, size: int = BATCH) -> Logits:
    return np.concatenate([network(part)[0] for part in in_parts(arrays, size)])


def _compared(
    of: str,
    items: Sequence[Any],
    expected: NDArray[Any],
    given: NDArray[Any],
    meaning: Meaning,
) -> Parity:
    differences = np.abs(given - expected).max(axis=1)
    worst = int(differences.argmax())
    same = meaning.alike(given, expected)
    if not same.all() or not differences[worst] <= TOLERANCE:
        raise ParityError(
            f"{of[:1].upper()}{of[1:]} disagree on {items[worst]}: an answer differs by "
            f"{differences[worst]:.2e} (allowed: {TOLERANCE}), and "
            f"{int((~same).sum())} of {len(items)} labels differ. Nothing was written.",
            hint="Leave out what changes the validation batches, or report the architecture.",
        )
    return Parity(
        of=of,
        items=len(items),
        same_labels=float(same.mean()),
        largest_difference=float(differences[worst]),
        tolerance=TOLERANCE,
    )

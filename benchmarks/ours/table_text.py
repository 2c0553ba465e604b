"""A table with and without its text: ``table_text.py PLAN SEEDS FOLDER``.

For each seed the table is learned without text and with each encoder that is installed; the answers
to the rows that are asked go to ``FOLDER/ours-NAME-SEED.npy``, where ``none`` is the name of no
encoder. The features of all texts, as the network takes them, go to ``FOLDER/NAME.npy``, float32
[N, D]: an encoder learns nothing, so they tell nothing of the split.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drivetrain.errors import MissingExtraError
from drivetrain.learn.blocks import RegressionBlock
from drivetrain.learn.tabular.defaults import epochs_for
from drivetrain.learn.tabular.learner import tabular_learner
from drivetrain.learn.tabular.sentences import sentence_encoder
from drivetrain.learn.tabular.tabular_pandas import TEXT_SIZE, TabularPandas
from drivetrain.prepare.text import HashedWords, TextEncoder

Features = NDArray[np.float32]


class Remembered:
    """An encoder that keeps its answers, so that each seed need not wait for them again.

    Arguments:
        encoder: The encoder.
    """

    def __init__(self, encoder: TextEncoder) -> None:
        self.name, self.size = encoder.name, encoder.size
        self._encoder = encoder
        self._known: dict[str, Features] = {}

    def __call__(self, texts: Sequence[str]) -> Features:
        """The features of texts, float32 [N, size]."""
        if new := [text for text in dict.fromkeys(texts) if text not in self._known]:
            self._known |= zip(new, np.asarray(self._encoder(new)), strict=True)
        return np.stack([self._known[text] for text in texts])

    def members(self) -> dict[str, bytes]:
        """Nothing: no bundle is written."""
        return {}


def encoders() -> dict[str, Remembered]:
    """Those that are installed, by name."""
    made = {"hashed": Remembered(HashedWords(TEXT_SIZE))}
    try:
        made["sentences"] = Remembered(sentence_encoder())
    except MissingExtraError:
        print(json.dumps({"event": "missing", "name": "sentences"}), flush=True)
    return made


def learn_and_answer(
    frame: pd.DataFrame,
    plan: Mapping[str, Any],
    sides: tuple[Sequence[int], Sequence[int]],
    encoder: Remembered | None,
    seed: int,
) -> tuple[Features, Features]:
    """Train with the defaults on one side.

    Returns:
        The number that each row of the other side is answered, and the text features of all rows.
    """
    text = {"text_names": plan["text"], "text_encoder": encoder} if encoder else {}
    table = TabularPandas(
        frame,
        cat_names=plan["words"],
        cont_names=plan["numbers"],
        y_names=plan["target"],
        y_block=RegressionBlock(),
        splits=sides,
        **text,
    )
    learn = tabular_learner(table.dataloaders(seed=seed), seed=seed, checkpoints=False)
    with learn.no_bar():
        learn.fit_one_cycle(epochs_for(len(sides[0])))
        answers: Features = np.asarray(learn.get_preds()[0])[:, 0]
    prepared: Features = table.input.arrays.numpy()
    return answers, prepared[:, prepared.shape[1] - (encoder.size if encoder else 0) :]


def main() -> None:
    """Train seed by seed, without text and with it."""
    plan_file, seeds, target = sys.argv[1:]
    plan, folder = json.loads(Path(plan_file).read_text()), Path(target)
    frame = pd.read_csv(Path(plan_file).with_name("table.csv"))
    frame[plan["text"]] = frame[plan["text"]].fillna("")
    known = encoders()
    for name, encoder in known.items():
        print(json.dumps({"event": "encoder", "name": name, "size": encoder.size}), flush=True)
    for seed in range(1, int(seeds) + 1):
        with np.load(Path(plan_file).with_name(f"split-{seed}.npz")) as split:
            sides = split["train"].tolist(), split["test"].tolist()
        for name, way in {"none": None, **known}.items():
            answers, features = learn_and_answer(frame, plan, sides, way, seed)
            np.save(folder / f"ours-{name}-{seed}.npy", answers)
            np.save(folder / f"{name}.npy", features)
            print(json.dumps({"event": "answered", "name": name, "seed": seed}), flush=True)


if __name__ == "__main__":
    main()

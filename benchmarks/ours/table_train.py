"""Train on a table that ``table_material.py`` wrote, and answer the rows that are asked.

Prints one JSON object a line: ``imported``, ``prepared``, ``trained`` (seconds of the training
part of each epoch, and of the whole) and ``exported`` where a bundle was asked for.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from drivetrain import Callback
from drivetrain.learn.blocks import CategoryBlock
from drivetrain.learn.tabular.defaults import epochs_for
from drivetrain.learn.tabular.learner import tabular_learner
from drivetrain.learn.tabular.tabular_pandas import TabularPandas

LESSON = (200, 100)


class Stopwatch(Callback):
    """Times the training part of each epoch."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def before_epoch(self, learn: Any) -> None:
        """Start."""
        del learn
        self._started = time.perf_counter()

    def before_validate(self, learn: Any) -> None:
        """Stop."""
        del learn
        self.seconds.append(time.perf_counter() - self._started)


def say(event: str, **fields: Any) -> None:
    """Print an event at once."""
    print(json.dumps({"event": event} | fields), flush=True)


def main() -> None:
    """Train as the arguments tell."""
    say("imported")
    given = _arguments()
    plan = json.loads(given.plan.read_text())
    frame = pd.read_csv(given.plan.with_name("table.csv"))
    with np.load(given.split) as split:
        sides = split["train"].tolist(), split["test"].tolist()
    say("read")
    table = TabularPandas(
        frame,
        cat_names=plan["words"],
        cont_names=plan["numbers"],
        y_names=plan["target"],
        y_block=CategoryBlock(),
        splits=sides,
        min_count=1 if given.lesson else None,
    )
    dls = table.dataloaders(given.bs or None, seed=given.seed)
    layers = LESSON if given.lesson else None
    learn = tabular_learner(dls, layers, seed=given.seed, checkpoints=False)
    say("prepared", weights=sum(each.numel() for each in learn.model.parameters()))
    epochs, watch = given.epochs or epochs_for(len(sides[0])), Stopwatch()
    with learn.no_bar():
        started = time.perf_counter()
        learn.fit_one_cycle(epochs, cbs=watch)
        spent = time.perf_counter() - started
        say(
            "trained",
            rows=len(sides[0]),
            bs=dls.train.bs,
            training=watch.seconds,
            whole=spent,
            threads=torch.get_num_threads(),
        )
        if given.answers:
            np.save(given.answers, np.asarray(learn.get_preds()[0])[:, 1])
        if given.bundle:
            learn.export(given.bundle)
            say("exported")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plan", type=Path, required=True)
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=0, help="0: as many as the rows ask for")
    parser.add_argument("--bs", type=int, default=0, help="0: by the number of rows")
    parser.add_argument("--lesson", action="store_true", help="the network of fastai's lesson")
    parser.add_argument("--answers", type=Path)
    parser.add_argument("--bundle", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""fastai on a table that ``table_material.py`` wrote: ``train`` or ``answer``.

``train`` prints one JSON object a line: ``imported``, ``prepared``, ``trained`` (seconds of the
training part of each epoch, and of the whole) and ``exported`` where a file was asked for.
``answer`` loads such a file and prints how long it takes to answer a CSV file's rows.
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
from fastai.tabular.all import (  # type: ignore[import-not-found]
    Callback,
    Categorify,
    CategoryBlock,
    FillMissing,
    Normalize,
    TabularPandas,
    load_learner,
    set_seed,
    tabular_learner,
)

LESSON = [200, 100]
BATCHES = (64, 4096)


def say(event: str, **fields: Any) -> None:
    """Print an event at once."""
    print(json.dumps({"event": event} | fields), flush=True)


class Stopwatch(Callback):  # type: ignore[misc]
    """Times the training part of each epoch."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def before_train(self) -> None:
        """Start."""
        self._started = time.perf_counter()

    def after_train(self) -> None:
        """Stop."""
        self.seconds.append(time.perf_counter() - self._started)


def train(given: argparse.Namespace) -> None:
    """Train as the lesson does."""
    set_seed(given.seed)
    plan = json.loads(given.plan.read_text())
    frame = pd.read_csv(given.plan.with_name("table.csv"))
    with np.load(given.split) as split:
        sides = split["train"].tolist(), split["test"].tolist()
    say("read")
    table = TabularPandas(
        frame,
        procs=[Categorify, FillMissing, Normalize],
        cat_names=plan["words"],
        cont_names=plan["numbers"],
        y_names=plan["target"],
        y_block=CategoryBlock(),
        splits=sides,
    )
    learn = tabular_learner(table.dataloaders(bs=64), layers=LESSON)
    say("prepared", weights=sum(each.numel() for each in learn.model.parameters()))
    watch = Stopwatch()
    with learn.no_bar(), learn.no_logging():
        started = time.perf_counter()
        learn.fit_one_cycle(given.epochs, cbs=watch)
        spent = time.perf_counter() - started
        say(
            "trained",
            rows=len(sides[0]),
            bs=64,
            training=watch.seconds,
            whole=spent,
            threads=torch.get_num_threads(),
        )
        if given.answers:
            np.save(given.answers, learn.get_preds()[0][:, 1].numpy())
    if given.export:
        learn.export(given.export)
        say("exported")


def answer(given: argparse.Namespace) -> None:
    """Answer all rows of a file, as batches of the usual size and as large ones."""
    learn = load_learner(given.export)
    frame = pd.read_csv(given.rows)
    with learn.no_bar(), learn.no_logging():
        learn.get_preds(dl=learn.dls.test_dl(frame.head(1000)))
        for _ in range(given.passes):
            for size in BATCHES:
                started = time.perf_counter()
                loader = learn.dls.test_dl(frame, bs=size)
                ready = time.perf_counter()
                answers, _ = learn.get_preds(dl=loader)
                ended = time.perf_counter()
                say("many", bs=size, prepared=ready - started, answered=ended - ready)
    say("answers", rows=len(answers), mean=float(answers[:, 1].mean()))


def main() -> None:
    """Do what was asked."""
    say("imported")
    parser = argparse.ArgumentParser(description=__doc__)
    acts = parser.add_subparsers(required=True)
    training = acts.add_parser("train")
    training.set_defaults(act=train)
    training.add_argument("--plan", type=Path, required=True)
    training.add_argument("--split", type=Path, required=True)
    training.add_argument("--seed", type=int, default=1)
    training.add_argument("--epochs", type=int, required=True)
    training.add_argument("--answers", type=Path)
    training.add_argument("--export", type=Path)
    answering = acts.add_parser("answer")
    answering.set_defaults(act=answer)
    answering.add_argument("--export", type=Path, required=True)
    answering.add_argument("--rows", type=Path, required=True)
    answering.add_argument("--passes", type=int, default=2)
    given = parser.parse_args()
    given.act(given)


if __name__ == "__main__":
    main()

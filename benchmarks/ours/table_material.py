"""A table that all sides read, and how it is split: ``table_material.py NAME SOURCE SEEDS FOLDER``.

Writes into FOLDER ``table.csv``, ``plan.json`` (which column is what), ``target.npy`` (the target
of each row as a whole number), for each seed ``split-N.npz`` with the positions of ``train`` and
``test``, and ``many.csv``: 100,000 rows without a target, all different where there are so many.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold, train_test_split

TEST_SHARE = 0.2
LATE = 15
LAST_TRAINING_MONTH = 9
MANY = 100_000

Rows = NDArray[np.intp]
Split = tuple[Rows, Rows]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which column of a table is what.

    Arguments:
        words: Columns of categories.
        numbers: Columns of numbers.
        text: The column of free text.
        target: The column to predict, of whole numbers.
    """

    words: list[str]
    numbers: list[str]
    text: str | None
    target: str


Material = tuple[pd.DataFrame, Plan, Callable[[int], Split]]


def adult(source: Path) -> Material:
    """The census; a random fifth is asked, each class with its share."""
    frame = pd.read_csv(source, skipinitialspace=True)
    frame["salary"] = (frame["salary"] == ">=50k").astype(int)
    plan = _plan(frame, "salary")

    def split(seed: int) -> Split:
        train, test = train_test_split(
            np.arange(len(frame)),
            test_size=TEST_SHARE,
            stratify=frame["salary"],
            random_state=seed,
        )
        return train, test

    return frame, plan, split


def flights(source: Path) -> Material:
    """A year of flights out of New York by what is known before departure; the last months ask.

    What never arrived is left out, and so is the month: no training row tells of those asked.
    """
    given = pd.read_csv(source)
    given = given[given["arr_delay"].notna()].reset_index(drop=True)
    date = pd.to_datetime(given[["year", "month", "day"]])
    frame = pd.DataFrame(
        {
            "day": given["day"],
            "weekday": date.dt.day_name().str[:3],
            "departure_hour": given["sched_dep_time"] // 100,
            "departure_minute": given["sched_dep_time"] % 100,
            "arrival_hour": given["sched_arr_time"] // 100,
            "arrival_minute": given["sched_arr_time"] % 100,
            "distance": given["distance"],
            "carrier": given["carrier"],
            "tailnum": given["tailnum"],
            "origin": given["origin"],
            "dest": given["dest"],
            "late": (given["arr_delay"] > LATE).astype(int),
        }
    )
    early = (given["month"] <= LAST_TRAINING_MONTH).to_numpy()
    return frame, _plan(frame, "late"), lambda _: (np.flatnonzero(early), np.flatnonzero(~early))


def petfinder(source: Path) -> Material:
    """Adverts of pets; those with one text are on one side, each class with its share."""
    frame = pd.read_csv(source, index_col=0).reset_index(drop=True)
    frame["Description"] = frame["Description"].fillna("")
    target = frame["AdoptionSpeed"].to_numpy()
    groups = _alike(frame["Description"])

    def split(seed: int) -> Split:
        folds: Iterator[Split] = StratifiedGroupKFold(
            round(1 / TEST_SHARE), shuffle=True, random_state=seed
        ).split(frame, target, groups)
        return next(folds)

    return frame, _plan(frame, "AdoptionSpeed", text="Description"), split


TABLES: dict[str, Callable[[Path], Material]] = {
    "adult": adult,
    "flights": flights,
    "petfinder": petfinder,
}


def _plan(frame: pd.DataFrame, target: str, *, text: str | None = None) -> Plan:
    taken = [name for name in frame.columns if name not in (target, text)]
    numbers = [name for name in taken if pd.api.types.is_numeric_dtype(frame[name])]
    words = [name for name in taken if name not in numbers]
    return Plan(words=words, numbers=numbers, text=text, target=target)


def _alike(texts: pd.Series[Any]) -> Rows:
    """A number for each text; an empty one is like no other."""
    words = texts.str.lower().str.split().str.join(" ")
    codes = pd.factorize(words)[0]
    empty = (words == "").to_numpy()
    codes[empty] = len(texts) + np.arange(int(empty.sum()))
    return codes


def main() -> None:
    """Write what the sides share."""
    name, source, seeds, target = sys.argv[1:]
    folder = Path(target)
    folder.mkdir(parents=True, exist_ok=True)
    frame, plan, split = TABLES[name](Path(source))
    frame.to_csv(folder / "table.csv", index=False)
    np.save(folder / "target.npy", frame[plan.target].to_numpy())
    for seed in range(1, int(seeds) + 1):
        train, test = (np.sort(side) for side in split(seed))
        np.savez(folder / f"split-{seed}.npz", train=train, test=test)
    many = frame.drop(columns=plan.target)
    many = many.sample(MANY, replace=len(many) < MANY, random_state=1)
    many.to_csv(folder / "many.csv", index=False)
    (folder / "plan.json").write_text(json.dumps(asdict(plan)))
    sizes = {"rows": len(frame), "train": len(train), "test": len(test)}
    words = {column: int(frame[column].nunique()) for column in plan.words}
    print(json.dumps({"event": "table", "words": words} | sizes))


if __name__ == "__main__":
    main()

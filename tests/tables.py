"""Small tables that tests learn from, and the bundles of models that did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from drivetrain.learn.tabular.learner import TabularLearner, tabular_learner
from drivetrain.learn.tabular.tabular_pandas import TabularPandas
from drivetrain.project import Project

CITIES = ("Bern", "Basel", "Chur", "Genf")
WORDS = ("dogs", "phone", "garden", "music", "likes", "answers", "walks", "old", "new", "big")
COLUMNS: dict[str, Any] = {
    "cat_names": ["city", "member"],
    "cont_names": ["age", "income"],
    "date_names": ["joined"],
    "text_names": ["note"],
}
TARGETS = {"category": "buys", "numbers": ["spent"], "categories": ["news", "visits"]}


def small_frame(rows: int = 400, *, seed: int = 0) -> pd.DataFrame:
    """Customers: what they are, whether they buy, what they spend, what they take part in.

    ``city`` has a rare word (``Elm``), ``income`` has gaps, ``joined`` is a date, ``note`` a text.
    """
    random = np.random.default_rng(seed)
    age = random.integers(18, 90, rows)
    city = random.choice(CITIES, rows).astype(object)
    city[::97] = "Elm"
    member = random.random(rows) < 0.5
    income = np.round(random.normal(5000, 1500, rows), 2)
    likes = random.random(rows) < 0.5
    worth = (age - 50) / 20 + (city == "Bern") * 2 + member * 1.0 + likes * 2 - 2
    spent = 100 + 50 * worth + random.normal(0, 10, rows)
    income[::13] = np.nan
    return pd.DataFrame(
        {
            "age": age,
            "income": income,
            "city": city,
            "member": member,
            "joined": pd.Timestamp("2020-01-01")
            + pd.to_timedelta(random.integers(0, 900, rows), "D"),
            "note": [_note(random, likes=bool(each)) for each in likes],
            "buys": np.where(worth + random.normal(0, 0.5, rows) > 0, "yes", "no"),
            "spent": spent,
            "news": (worth > 0.5).astype(int),
            "visits": likes.astype(int),
        }
    )


def _note(random: np.random.Generator, *, likes: bool) -> str:
    said = random.choice(WORDS, 4).tolist()
    return " ".join([*said, "likes long walks" if likes else "never answers"])


def small_row(**changes: Any) -> dict[str, Any]:
    """A row that a bundle of :func:`table_bundle` takes."""
    row: dict[str, Any] = {
        "age": 41,
        "income": 5200.5,
        "city": "Bern",
        "member": True,
        "joined": "2021-03-01",
        "note": "dogs garden old new likes long walks",
    }
    return row | changes


def table_learner(target: str = "category", *, rows: int = 400, seed: int = 0) -> TabularLearner:
    """A learner of :func:`small_frame` that was trained for a moment.

    Arguments:
        target: ``category``, ``numbers`` or ``categories``.
        rows: How many rows.
        seed: What the rows follow from.
    """
    block = None
    if target == "categories":
        from drivetrain.learn.blocks import MultiCategoryBlock

        block = MultiCategoryBlock(encoded=True, vocab=["news", "visits"])
    table = TabularPandas(
        small_frame(rows, seed=seed), y_names=TARGETS[target], y_block=block, **COLUMNS
    )
    learn = tabular_learner(table.dataloaders(32), checkpoints=False)
    with learn.no_bar():
        learn.fit_one_cycle(8)
    return learn


def table_bundle(
    path: Path, target: str = "category", *, project: Project | None = None, **settings: Any
) -> Path:
    """The bundle of a :func:`table_learner`."""
    return table_learner(target, **settings).export(path, project=project)

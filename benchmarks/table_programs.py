"""The trainings that the comparisons of tables share."""

from __future__ import annotations

from pathlib import Path

from benchmarks.measure import Run
from benchmarks.table_material import TableMaterial
from benchmarks.workshop import Workshop

PEER_BATCH = 64


def train_ours(
    workshop: Workshop,
    material: TableMaterial,
    *,
    seed: int = 1,
    epochs: int = 0,
    lesson: bool = False,
    answers: Path | None = None,
    bundle: Path | None = None,
) -> Run:
    """Train with Drivetrain.

    Arguments:
        workshop: Where it runs.
        material: The table.
        seed: What the split and the training follow from.
        epochs: How often to go over the rows; by their number when 0.
        lesson: Whether the network and the batches are those of fastai's lesson.
        answers: Where the probabilities of the rows that are asked go.
        bundle: Where the bundle goes.
    """
    way = ["--lesson", "--bs", str(PEER_BATCH)] if lesson else []
    files = [*_option("answers", answers), *_option("bundle", bundle)]
    common = _common(material, seed, epochs)
    return workshop.run_ours("table_train.py", *common, *way, *files)


def train_peer(
    workshop: Workshop,
    material: TableMaterial,
    *,
    epochs: int,
    seed: int = 1,
    answers: Path | None = None,
    export: Path | None = None,
) -> Run:
    """Train with fastai, as its lesson on tables does."""
    files = [*_option("answers", answers), *_option("export", export)]
    common = _common(material, seed, epochs)
    return workshop.run_peer("fastai_table.py", "train", *common, *files)


def train_trees(
    workshop: Workshop,
    material: TableMaterial,
    *,
    seed: int,
    answers: Path,
    text: Path | None = None,
    as_number: bool = False,
) -> Run:
    """Train with LightGBM's defaults."""
    way = ["--as-number"] if as_number else []
    files = [*_option("answers", answers), *_option("text", text)]
    return workshop.run_peer("lightgbm_table.py", *_common(material, seed), *way, *files)


def _common(material: TableMaterial, seed: int, epochs: int | None = None) -> list[str | Path]:
    given: list[str | Path] = [
        "--plan",
        material.plan,
        "--split",
        material.split(seed),
        "--seed",
        str(seed),
    ]
    return given if epochs is None else [*given, "--epochs", str(epochs)]


def _option(name: str, file: Path | None) -> list[str | Path]:
    return [] if file is None else [f"--{name}", file]

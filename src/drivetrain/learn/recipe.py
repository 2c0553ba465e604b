"""The whole way from a folder to a bundle in one call: what ``drivetrain train`` does."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from drivetrain.data import RandomSplitter, get_image_files, parent_label
from drivetrain.data.sides import BySide, sides_of
from drivetrain.data.splits.drawn import Splitter
from drivetrain.errors import ConfigError
from drivetrain.export.bundle import MOST_REFERENCE, check_writable
from drivetrain.learn.augment import aug_transforms
from drivetrain.learn.block import DataBlock
from drivetrain.learn.blocks import CategoryBlock, ImageBlock
from drivetrain.learn.loaders import DataLoaders
from drivetrain.learn.training.budget import fine_tune_within
from drivetrain.learn.transforms import RandomResizedCrop, Resize
from drivetrain.learn.vision import vision_learner
from drivetrain.metrics import accuracy, error_rate
from drivetrain.project import PROJECT_FILE, Project

EXPORT_SECONDS, EXPORT_SECONDS_A_PHOTO = 4.0, 0.04
REFERENCE_SECONDS_A_PHOTO = 0.012
INT8_SECONDS, INT8_SECONDS_A_PHOTO = 10.0, 0.012
"""What an export takes on two cores."""


def train_folder(  # noqa: PLR0913
    data: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    arch: str = "tf_efficientnet_lite0",
    size: int = 224,
    epochs: int | None = None,
    seed: int = 42,
    weights: str | os.PathLike[str] | None = None,
    budget: float | None = None,
    resume: bool = False,
    since: float | None = None,
    project: Project | str | os.PathLike[str] | None = None,
    false_reject: float | None = None,
    int8: bool = False,
) -> dict[str, Any]:
    """Train on a folder that holds one folder a class, and write a bundle.

    Without ``epochs`` only the head is trained, on embeddings that are computed once; with them
    the whole model follows, on random crops with augmentation. A budget decides by itself what
    fits into it, the writing of the bundle included.

    Arguments:
        data: The folder.
        out: The bundle to write.
        arch: An architecture of timm.
        size: The side that photos are brought to, in pixels.
        epochs: Epochs of the whole model after the frozen one.
        seed: What the split and the order follow from.
        weights: A file of pretrained weights.
        budget: Seconds for everything, in place of ``epochs``.
        resume: Go on where a training with the same settings was cut off.
        since: When the budget began, as ``time.monotonic`` tells it; now when left out.
        project: What the model is for and what its actions cost: a ``drivetrain.toml``. Its
            costs are held against the classes before anything is trained.
        false_reject: The share of photos like the training data that may be called foreign.
        int8: Whether the bundle's network is in 8 bits where validation does not lose by it.

    Returns:
        ``{"bundle", "seconds", "valid": {"n", "error_rate", "accuracy", "valid_loss"}}`` and
        what was ``skipped``: file to reason.

    Raises:
        DrivetrainError: Anything from an empty folder to a path that cannot be written.
    """
    started = time.monotonic()
    _check_choices(epochs, budget, resume=resume)
    declared = Project.of(project, false_reject=false_reject)
    check_writable(out)
    whole = bool(epochs) or budget is not None
    block = DataBlock(
        blocks=(ImageBlock, CategoryBlock),
        get_items=get_image_files,
        splitter=_splitter(data, seed),
        get_y=parent_label,
        item_tfms=RandomResizedCrop(size, min_scale=0.5) if whole else Resize(size),
        batch_tfms=aug_transforms() if whole else None,
    )
    dls = block.dataloaders(data, bs=32 if whole else 64, seed=seed)
    named = project if isinstance(project, str | os.PathLike) else PROJECT_FILE
    declared.decision_rule(dls.vocab, name=os.fspath(named))
    learn = vision_learner(dls, arch, metrics=[error_rate, accuracy], weights=weights, seed=seed)
    learn.reporter.say(_summary(dls))
    if budget is None:
        learn.fine_tune(epochs or 0, resume=resume)
    else:
        begun = started if since is None else since
        fine_tune_within(learn, max(1.0, budget - _seconds_to_export(dls, int8=int8)), since=begun)
    learn.reporter.say("writing the bundle and checking it against the learner ...")
    bundle = learn.export(out, project=declared, int8=int8)
    metrics = learn.recorder[-1] if budget is None else learn.recorder.best
    return {
        "bundle": str(Path(bundle)),
        "seconds": round(time.monotonic() - started, 2),
        "valid": {
            "n": len(dls.valid.readable_items),
            "error_rate": metrics["error_rate"],
            "accuracy": metrics["accuracy"],
            "valid_loss": metrics["valid_loss"],
        },
        "skipped": dls.valid.skipped,
    }


def _check_choices(epochs: int | None, budget: float | None, *, resume: bool) -> None:
    if budget is not None and (epochs is not None or resume):
        other = "epochs" if epochs is not None else "resume"
        raise ConfigError(
            f"budget and {other} were both given.",
            hint="A budget decides the epochs by itself, anew each time; give one of the two.",
        )


def _seconds_to_export(dls: DataLoaders, *, int8: bool) -> float:
    """What to keep of a budget for the bundle.

    The validation side is answered twice for it, and once more in 8 bits; of the training side
    as many photos are answered as the in-domain test may refer to.
    """
    valid, reference = len(dls.valid.items), min(len(dls.train.items), MOST_REFERENCE)
    seconds = EXPORT_SECONDS + EXPORT_SECONDS_A_PHOTO * valid
    seconds += REFERENCE_SECONDS_A_PHOTO * reference
    return seconds + (INT8_SECONDS + INT8_SECONDS_A_PHOTO * valid if int8 else 0.0)


def _splitter(data: str | os.PathLike[str], seed: int) -> Splitter:
    """The folders at the top where they are those of a split, as ``check`` takes them."""
    sides = sides_of(data, get_image_files(data))
    return BySide(sides) if sides else RandomSplitter(valid_pct=0.2, seed=seed)


def _summary(dls: DataLoaders) -> str:
    counts = np.bincount(np.concatenate([dls.train.targets, dls.valid.targets]))
    classes = ", ".join(f"{name} {count}" for name, count in zip(dls.vocab, counts, strict=True))
    train, valid = len(dls.train.items), len(dls.valid.items)
    together = f", {dls.kept_together} pairs alike kept on one side" if dls.kept_together else ""
    return (
        f"{train + valid} photos in {len(dls.vocab)} classes ({classes}): "
        f"{train} to train on, {valid} to validate on{together}"
    )

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
from drivetrain.export.bundle import check_writable
from drivetrain.learn.augment import aug_transforms
from drivetrain.learn.block import DataBlock
from drivetrain.learn.blocks import CategoryBlock, ImageBlock
from drivetrain.learn.loaders import DataLoaders
from drivetrain.learn.transforms import RandomResizedCrop, Resize
from drivetrain.learn.vision import vision_learner
from drivetrain.metrics import accuracy, error_rate


def train_folder(
    data: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    arch: str = "tf_efficientnet_lite0",
    size: int = 224,
    epochs: int = 0,
    seed: int = 42,
    weights: str | os.PathLike[str] | None = None,
) -> dict[str, Any]:
    """Train on a folder that holds one folder a class, and write a bundle.

    Without ``epochs`` only the head is trained, on embeddings that are computed once; with them
    the whole model follows, on random crops with augmentation.

    Arguments:
        data: The folder.
        out: The bundle to write.
        arch: An architecture of timm.
        size: The side that photos are brought to, in pixels.
        epochs: Epochs of the whole model after the frozen one.
        seed: What the split and the order follow from.
        weights: A file of pretrained weights.

    Returns:
        ``{"bundle", "seconds", "valid": {"n", "error_rate", "accuracy", "valid_loss"}}`` and
        what was ``skipped``: file to reason.

    Raises:
        DrivetrainError: Anything from an empty folder to a path that cannot be written.
    """
    started = time.perf_counter()
    check_writable(out)
    block = DataBlock(
        blocks=(ImageBlock, CategoryBlock),
        get_items=get_image_files,
        splitter=_splitter(data, seed),
        get_y=parent_label,
        item_tfms=RandomResizedCrop(size, min_scale=0.5) if epochs else Resize(size),
        batch_tfms=aug_transforms() if epochs else None,
    )
    dls = block.dataloaders(data, bs=32 if epochs else 64, seed=seed)
    learn = vision_learner(dls, arch, metrics=[error_rate, accuracy], weights=weights, seed=seed)
    learn.reporter.say(_summary(dls))
    learn.fine_tune(epochs)
    learn.reporter.say("writing the bundle and checking it against the learner ...")
    bundle = learn.export(out)
    metrics = learn.recorder[-1]
    return {
        "bundle": str(Path(bundle)),
        "seconds": round(time.perf_counter() - started, 2),
        "valid": {
            "n": len(dls.valid.readable_items),
            "error_rate": metrics["error_rate"],
            "accuracy": metrics["accuracy"],
            "valid_loss": metrics["valid_loss"],
        },
        "skipped": dls.valid.skipped,
    }


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

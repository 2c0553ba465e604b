"""Drivetrain's batches of a folder of photos, without a model.

``load.py FOLDER RECIPE`` passes over both sides and prints the seconds: ``crop`` the first
pass with the call of ``dataloaders``, the second, and a second one with augmentation; ``resize``
the first two with plain resizing; ``memory`` the first two and what the process holds then.
The cache folder has to be empty at the start.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from drivetrain import (
    CategoryBlock,
    DataBlock,
    ImageBlock,
    RandomResizedCrop,
    RandomSplitter,
    Resize,
    aug_transforms,
    get_image_files,
    parent_label,
)
from drivetrain.learn.loaders import DataLoaders

BATCH_SIZE = 64


def seconds_of_pass(dls: DataLoaders) -> tuple[float, int]:
    """How long one pass over both sides takes, and how many photos it gives."""
    started = time.perf_counter()
    photos = sum(len(y) for side in (dls.train, dls.valid) for _, y in side)
    return time.perf_counter() - started, photos


def resident_mb() -> dict[str, float]:
    """What the process holds now, all of it and without mapped files, in MB of 1,000,000 bytes."""
    names = {"VmRSS": "resident_mb", "RssAnon": "own_mb"}
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return {}
    fields = {name: value for name, _, value in (line.partition(":") for line in lines)}
    return {key: int(fields[name].split()[0]) * 1024 / 1e6 for name, key in names.items()}


def main() -> None:
    """Pass over the photos as the recipe says."""
    folder, recipe = sys.argv[1:]
    crop = Resize(224) if recipe == "resize" else RandomResizedCrop(224, min_scale=0.5)
    block = DataBlock(
        blocks=(ImageBlock, CategoryBlock),
        get_items=get_image_files,
        splitter=RandomSplitter(seed=42),
        get_y=parent_label,
        item_tfms=crop,
    )
    started = time.perf_counter()
    dls = block.dataloaders(folder, bs=BATCH_SIZE)
    seconds_of_pass(dls)
    figures = {"first": time.perf_counter() - started}
    figures["second"], photos = seconds_of_pass(dls)
    if recipe == "crop":
        augmented = block.new(item_tfms=crop, batch_tfms=aug_transforms()).dataloaders(
            folder, bs=BATCH_SIZE
        )
        seconds_of_pass(augmented)
        figures["augmented"], _ = seconds_of_pass(augmented)
    if recipe == "memory":
        figures |= resident_mb()
    print(json.dumps({"event": "passes", "photos": photos} | figures), flush=True)


if __name__ == "__main__":
    main()

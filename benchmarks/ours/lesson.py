"""Drivetrain from a folder to a trained model with the lesson's recipe, on a given split.

Takes the arguments of ``peers/fastai_train.py`` that have a meaning here, and trains the same:
the same crops, augmentation, batches and epochs. Prints ``trained`` with the rows of all epochs
and, with ``--judge``, ``judged`` with the error on photos that had no part in training.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from drivetrain import (
    CategoryBlock,
    DataBlock,
    FuncSplitter,
    ImageBlock,
    RandomResizedCrop,
    aug_transforms,
    error_rate,
    get_image_files,
    parent_label,
    vision_learner,
)


def main() -> None:
    """Train, and judge when asked to."""
    given = _arguments()
    validation = set(json.loads(given.split.read_text()))
    block = DataBlock(
        blocks=(ImageBlock, CategoryBlock),
        get_items=get_image_files,
        splitter=FuncSplitter(lambda file: file.relative_to(given.data).as_posix() in validation),
        get_y=parent_label,
        item_tfms=RandomResizedCrop(224, min_scale=0.5),
        batch_tfms=aug_transforms(),
    )
    dls = block.dataloaders(given.data, bs=32, seed=given.seed)
    learn = vision_learner(dls, given.arch, metrics=error_rate, seed=given.seed)
    with learn.no_bar():
        learn.fine_tune(given.epochs)
    print(json.dumps({"event": "trained", "epochs": list(learn.recorder)}), flush=True)
    if given.judge:
        files = [Path(name) for name in json.loads(given.judge.read_text())]
        with learn.no_bar():
            row = learn.validate(dls.test_dl(files, with_labels=True))
        error = row["error_rate"]
        print(json.dumps({"event": "judged", "photos": len(files), "error_rate": error}))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", type=Path, required=True, help="JSON: the files that validate")
    parser.add_argument("--judge", type=Path, help="JSON: further files, to tell the error on")
    parser.add_argument("--arch", default="tf_efficientnet_lite0")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()

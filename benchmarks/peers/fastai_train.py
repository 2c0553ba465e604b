"""fastai from a folder to ``export.pkl``, as its lesson "From Model to Production" writes it.

Prints one JSON object a line: ``begin`` and ``epoch`` around every epoch, ``trained`` when
training returns and ``exported`` when the file is written. Whoever starts it takes the times.
With ``--judge`` a last line, ``judged``, tells the error on photos that had no part in training.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from fastai.vision.all import (  # type: ignore[import-not-found]
    Callback,
    CategoryBlock,
    DataBlock,
    FuncSplitter,
    ImageBlock,
    RandomResizedCrop,
    Resize,
    aug_transforms,
    error_rate,
    get_image_files,
    parent_label,
    set_seed,
    vision_learner,
)


def say(event: str, **fields: float) -> None:
    """Print an event at once."""
    print(json.dumps({"event": event} | fields), flush=True)


class Announce(Callback):  # type: ignore[misc]
    """Says when an epoch begins and with what error it ended."""

    order = 60  # after the Recorder, which is 50

    def before_epoch(self) -> None:
        """Say that an epoch begins."""
        say("begin")

    def after_epoch(self) -> None:
        """Say that an epoch with its validation is over."""
        say("epoch", error_rate=float(self.recorder.values[-1][2]))


def main() -> None:
    """Train and export with the recipe that the arguments name."""
    given = _arguments()
    set_seed(given.seed)
    validation = set(json.loads(given.split.read_text()))
    lesson = given.recipe == "lesson"
    block = DataBlock(
        blocks=(ImageBlock, CategoryBlock),
        get_items=get_image_files,
        splitter=FuncSplitter(lambda file: file.relative_to(given.data).as_posix() in validation),
        get_y=parent_label,
        item_tfms=RandomResizedCrop(224, min_scale=0.5) if lesson else Resize(224),
        batch_tfms=aug_transforms() if lesson else None,
    )
    workers = {} if given.num_workers is None else {"num_workers": given.num_workers}
    dls = block.dataloaders(given.data, bs=32, **workers)
    learn = vision_learner(
        dls,
        given.arch,
        metrics=error_rate,
        pretrained_cfg_overlay={"file": str(given.weights)},
    )
    with learn.no_bar(), learn.no_logging():
        if lesson:
            learn.fine_tune(given.epochs, cbs=Announce())
        else:
            learn.fit_one_cycle(given.epochs, cbs=Announce())
    say("trained")
    learn.export(given.out)
    say("exported")
    if given.judge:
        files = [Path(name) for name in json.loads(given.judge.read_text())]
        with learn.no_bar(), learn.no_logging():
            _, error = learn.validate(dl=dls.test_dl(files, with_labels=True))
        say("judged", photos=len(files), error_rate=float(error))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", type=Path, required=True, help="JSON: the files that validate")
    parser.add_argument("--judge", type=Path, help="JSON: further files, to tell the error on")
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--arch", default="tf_efficientnet_lite0")
    parser.add_argument("--recipe", choices=("lesson", "head"), default="lesson")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--num-workers", type=int, default=None)
    return parser.parse_args()


if __name__ == "__main__":
    main()

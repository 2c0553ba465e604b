"""fastai's answer to one photo at a time.

``once MODEL PHOTO`` prints the label and ends. ``warm MODEL LIST`` answers every photo of a JSON
list of paths, after a few that do not count, and prints the milliseconds and labels.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from fastai.vision.all import load_learner  # type: ignore[import-not-found]

WARM_UP = 3


def answer_once(learn: Any, photo: str) -> None:
    """Print the label of one photo."""
    with learn.no_bar(), learn.no_logging():
        print(learn.predict(photo)[0], flush=True)


def answer_warm(learn: Any, photos: list[str]) -> None:
    """Print how long each photo took and what it was taken for."""
    milliseconds, labels = [], []
    with learn.no_bar(), learn.no_logging():
        for photo in photos[:WARM_UP]:
            learn.predict(photo)
        for photo in photos:
            started = time.perf_counter()
            label = learn.predict(photo)[0]
            milliseconds.append((time.perf_counter() - started) * 1000)
            labels.append(str(label))
    print(json.dumps({"event": "answers", "ms": milliseconds, "labels": labels}), flush=True)


def main() -> None:
    """Load the learner and answer."""
    mode, model, photos = sys.argv[1:]
    learn = load_learner(model)
    if mode == "once":
        answer_once(learn, photos)
    else:
        answer_warm(learn, json.loads(Path(photos).read_text()))


if __name__ == "__main__":
    main()

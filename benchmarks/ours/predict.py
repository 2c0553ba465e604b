"""Drivetrain's answer to one photo at a time, beside the floor under it, in turns.

``predict.py BUNDLE LIST`` answers every photo of a JSON list of paths, after a few that do not
count. The floor does the least that leads to the same label: decode in draft mode, crop and
shrink, run the network, take the largest output. Nothing is checked and nothing is explained.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from PIL import Image

from drivetrain.predictor import Predictor

WARM_UP = 3


def bare_loop(predictor: Predictor) -> Callable[[str], str]:
    """From a path to a label with Pillow and onnxruntime alone."""
    session: Any = onnxruntime.InferenceSession(
        predictor.bundle.model, providers=["CPUExecutionProvider"]
    )
    vocab = predictor.vocab
    high, wide, _ = predictor.preparation.array_shape

    def label_of(path: str) -> str:
        with Image.open(path) as photo:
            scale = max(wide / photo.width, high / photo.height)
            photo.draft(None, (math.ceil(photo.width * scale), math.ceil(photo.height * scale)))
            colours = photo.convert("RGB")
        width, height = colours.size
        scale = min(width / wide, height / high)
        left, top = max(0.0, (width - wide * scale) / 2), max(0.0, (height - high * scale) / 2)
        box = (left, top, width - left, height - top)
        small = colours.resize((wide, high), Image.Resampling.BILINEAR, box=box)
        logits = session.run(["logits"], {"x": np.asarray(small)[None]})[0]
        return vocab[int(logits.argmax())]

    return label_of


def main() -> None:
    """Measure both in turns, each leading on every other photo."""
    bundle, photos = sys.argv[1:]
    predictor = Predictor.open(bundle)
    contenders: list[tuple[str, Callable[[str], str]]] = [
        ("ours", lambda path: predictor.predict(path).label),
        ("floor", bare_loop(predictor)),
    ]
    paths = json.loads(Path(photos).read_text())
    for path in paths[:WARM_UP]:
        for _, answer in contenders:
            answer(path)
    milliseconds: dict[str, list[float]] = {"ours": [], "floor": []}
    labels: dict[str, list[str]] = {"ours": [], "floor": []}
    for path in paths:
        for name, answer in contenders:
            started = time.perf_counter()
            label = answer(path)
            milliseconds[name].append((time.perf_counter() - started) * 1000)
            labels[name].append(label)
        contenders.reverse()
    print(json.dumps({"event": "answers", "ms": milliseconds, "labels": labels}), flush=True)


if __name__ == "__main__":
    main()

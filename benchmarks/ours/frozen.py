"""The learner's frozen stage beside bare onnxruntime over the same pixels, in turns.

``frozen.py FOLDER TURNS`` prints the seconds of each for the same photos. The learner's stage is
the whole call of ``fine_tune(0)`` on new loaders: reading, the network's way into onnxruntime,
embedding both sides, training the head, validating. The bare side has the pixels in memory and an
open session, takes the batches that are fastest for it, and only runs the network.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from drivetrain import (
    CategoryBlock,
    DataBlock,
    ImageBlock,
    RandomSplitter,
    Resize,
    error_rate,
    get_image_files,
    parent_label,
    vision_learner,
)
from drivetrain.export.onnx import to_onnx

BATCH_SIZES = (8, 16, 32, 64)


class Body(nn.Module):
    """What the frozen stage asks of a model: pixels to embeddings."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        """Float32 [N, 3, H, W] in 0..1 to embeddings float32 [N, D]."""
        embedding: Tensor = self.model.embed(x)
        return embedding


def seconds_of_pass(session: Any, parts: Sequence[NDArray[np.float32]]) -> float:
    """How long the network alone takes over all pixels."""
    started = time.perf_counter()
    for part in parts:
        session.run(None, {"x": part})
    return time.perf_counter() - started


def main() -> None:
    """Measure in turns, after the bare side has found its batch size."""
    folder, turns = sys.argv[1], int(sys.argv[2])
    block = DataBlock(
        blocks=(ImageBlock, CategoryBlock),
        get_items=get_image_files,
        splitter=RandomSplitter(valid_pct=0.2, seed=1),
        get_y=parent_label,
        item_tfms=Resize(224),
    )
    dls = block.dataloaders(folder, bs=64, seed=1)
    pixels = torch.cat([x for side in (dls.train, dls.valid) for x, _ in side]).numpy()
    body = Body(vision_learner(dls).model.eval())
    example = torch.zeros(2, *pixels.shape[1:])
    program = to_onnx(body, example, inputs=["x"], outputs=["embedding"])
    session: Any = onnxruntime.InferenceSession(program, providers=["CPUExecutionProvider"])
    batches = {
        size: [pixels[start : start + size] for start in range(0, len(pixels), size)]
        for size in BATCH_SIZES
    }
    tried = {size: seconds_of_pass(session, parts) for size, parts in batches.items()}
    best = min(tried, key=lambda size: tried[size])
    seconds: dict[str, list[float]] = {"learner": [], "bare": []}
    for _ in range(turns):
        learn = vision_learner(block.dataloaders(folder, bs=64, seed=1), metrics=error_rate, seed=1)
        started = time.perf_counter()
        with learn.no_bar():
            learn.fine_tune(0)
        seconds["learner"].append(time.perf_counter() - started)
        seconds["bare"].append(seconds_of_pass(session, batches[best]))
    setting = {"photos": len(pixels), "batch_size": best}
    print(json.dumps({"event": "frozen", "seconds": seconds} | setting), flush=True)


if __name__ == "__main__":
    main()

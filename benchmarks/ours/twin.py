"""A network in 8 bits beside the same in 32, and what judging costs: ``twin.py FOLDER TURNS``.

Trains the head on the photos of a folder, writes both bundles, and runs both networks in turns over
the same arrays. Then the judgement alone is timed, and a small bundle answers 100,000 photos while
the memory of this process is looked at.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivetrain import (
    CategoryBlock,
    DataBlock,
    ImageBlock,
    RandomSplitter,
    Resize,
    get_image_files,
    parent_label,
    vision_learner,
)
from drivetrain.bundle.judging import domain_to_bytes
from drivetrain.export import export_bundle
from drivetrain.export.reference import fit_domain
from drivetrain.judge import ClassJudgement
from drivetrain.predictor import Predictor

AT_ONCE = (1, 8)
PHOTOS = 64
ANSWERS, LOOKS = 100_000, 11
GOLDEN = Path(__file__).parents[2] / "tests" / "golden"
MANY, CLASSES, SIZE = 10_000, 10, 1280
JUDGED = 500


def main() -> None:
    """Measure one after the other."""
    folder, turns = Path(sys.argv[1]), int(sys.argv[2])
    block = DataBlock(
        blocks=(ImageBlock, CategoryBlock),
        get_items=get_image_files,
        splitter=RandomSplitter(valid_pct=0.2, seed=1),
        get_y=parent_label,
        item_tfms=Resize(224),
    )
    learn = vision_learner(block.dataloaders(folder, bs=64, seed=1), seed=1)
    with learn.no_bar(), tempfile.TemporaryDirectory() as scratch:
        learn.fine_tune(0)
        twins = {
            bits: Predictor.open(
                export_bundle(learn, Path(scratch) / "model.bundle", int8=bits == 8)
            )
            for bits in (32, 8)
        }
    files = get_image_files(folder)[:PHOTOS]
    arrays = np.stack([twins[32].preparation(file) for file in files])
    parity = twins[8].bundle.manifest.parity[-1]
    event: dict[str, Any] = {
        "precision": twins[8].bundle.manifest.network.precision,
        "note": twins[8].bundle.manifest.network.precision_note,
        "same_labels": parity.same_labels,
        "items": parity.items,
        "model_mb": {bits: len(twin.bundle.model) / 1e6 for bits, twin in twins.items()},
        "accuracy": {
            bits: twin.bundle.manifest.training.metrics["accuracy"] for bits, twin in twins.items()
        },
        "seconds": {size: _in_turns(twins, arrays, size, turns) for size in AT_ONCE},
    }
    print(json.dumps({"event": "twin"} | event), flush=True)
    print(json.dumps({"event": "judged"} | _judging()), flush=True)
    print(json.dumps({"event": "flat"} | _flat()), flush=True)


def _in_turns(
    twins: dict[int, Predictor], arrays: NDArray[np.uint8], size: int, turns: int
) -> dict[int, list[float]]:
    """Seconds a photo of each network, over all arrays, so many at once."""
    seconds: dict[int, list[float]] = {bits: [] for bits in twins}
    for turn in range(turns + 1):
        for bits, twin in twins.items():
            started = time.perf_counter()
            for start in range(0, len(arrays), size):
                twin.network(arrays[start : start + size])
            if turn:
                seconds[bits].append((time.perf_counter() - started) / len(arrays))
    return seconds


def _judging() -> dict[str, float]:
    """Milliseconds to judge one photo, with clouds of as many training photos as the bar names."""
    random = np.random.default_rng(0)
    embeddings = random.normal(size=(MANY, SIZE)).astype(np.float32)
    targets = np.arange(MANY) % CLASSES
    found = fit_domain(embeddings, targets, embeddings[:100], member="it", false_reject=0.05)
    assert found is not None
    vocab = Predictor.open(GOLDEN / "format-1.bundle").vocab
    judge = ClassJudgement(vocab=vocab, domain=found[0])
    logits = random.normal(size=(1, len(vocab))).astype(np.float32)
    times = [_seconds(lambda: judge(logits, embeddings[:1])) for _ in range(JUDGED)]
    return {
        "ms": float(np.median(times)) * 1000,
        "kb": len(domain_to_bytes(found[0])) / 1000,
        "photos": MANY,
    }


def _flat() -> dict[str, list[float]]:
    """Resident megabytes while a small network answers many encoded photos."""
    newest = max(GOLDEN.glob("format-*.bundle"))
    predictor = Predictor.open(newest)
    photo = predictor.bundle.members["samples/0"]
    resident = []
    for _ in range(LOOKS - 1):
        for _ in range(ANSWERS // (LOOKS - 1)):
            predictor.predict(photo)
        resident.append(_resident_mb())
    return {"mb": resident}


def _seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _resident_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("this system does not tell")


if __name__ == "__main__":
    main()

"""A smaller, faster twin of a network: 8-bit whole numbers in place of 32-bit ones."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from drivetrain.export.answers import Answers, in_parts
from drivetrain.metrics import accuracy
from drivetrain.network import BATCH, Arrays

CALIBRATION_ITEMS, COMPARED_ITEMS = 200, 500
FEWEST_COMPARED = 30
MOST_LOST = 0.005
"""How much of the accuracy the twin may lose."""

ROUNDING = 1e-9
LEAST_ALIKE = 0.99
"""The share of labels that must stay the same."""


def quantized(program: bytes, arrays: Arrays, *, input_name: str) -> bytes:
    """A network's twin in 8 bits: static quantisation, its ranges measured on training items.

    Weights have a scale for each channel (Jacob et al. 2018, Quantization and Training of Neural
    Networks for Efficient Integer-Arithmetic-Only Inference; by onnxruntime's own tool), and take 7
    of their 8 bits: where a processor has no instruction for sums of 8-bit products, they are added
    up in 16 bits and would overflow, and a bundle shall answer alike everywhere.

    Arguments:
        program: The ONNX program.
        arrays: Prepared training items, uint8 [N, ...].
        input_name: What its input is called.
    """
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(quantization.CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.parts: Iterator[Arrays] = in_parts(arrays, BATCH)

        def get_next(self) -> dict[str, Any] | None:
            part = next(self.parts, None)
            return None if part is None else {input_name: part}

    with tempfile.TemporaryDirectory(prefix="drivetrain-") as folder, _quiet():
        given, ready, made = (Path(folder) / name for name in ("a.onnx", "b.onnx", "c.onnx"))
        given.write_bytes(program)
        quant_pre_process(str(given), str(ready), skip_symbolic_shape=True)
        quantization.quantize_static(
            str(ready),
            str(made),
            Reader(),
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            calibrate_method=quantization.CalibrationMethod.MinMax,
        )
        return made.read_bytes()


def why_not(full: Answers, small: Answers, known: tuple[Answers, Answers]) -> str:
    """Why a twin is not good enough, in a sentence; empty when it is.

    Arguments:
        full: What the network said of validation items in 32 bits.
        small: What its twin said of them.
        known: What both said of training items: whether labels stay needs no truth.
    """
    lost = accuracy(full.labels, full.targets) - accuracy(small.labels, small.targets)
    if lost > MOST_LOST + ROUNDING:
        return (
            f"In 8 bits it lost {lost:.1%} of accuracy on {len(full.targets)} validation items "
            f"(allowed: {MOST_LOST:.1%})."
        )
    before, after = (
        np.concatenate([one.labels, other.labels])
        for one, other in ((full, known[0]), (small, known[1]))
    )
    changed = float((before != after).mean())
    if changed > 1 - LEAST_ALIKE + ROUNDING:
        return f"In 8 bits {changed:.1%} of {len(before)} labels changed (allowed: 1 %)."
    if len(before) < FEWEST_COMPARED:
        return (
            f"{len(before)} items are too few to tell what 8 bits lose (needed: {FEWEST_COMPARED})."
        )
    return ""


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide what the tool tells its authors."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)

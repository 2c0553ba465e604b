"""How fast a bundle answers on this machine, measured in about a second."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import islice
from statistics import median
from typing import Any

import numpy as np

from drivetrain.bundle.reader import Bundle
from drivetrain.card.takes import example_row
from drivetrain.errors import DrivetrainError
from drivetrain.predictor import Predictor

SECONDS = 0.5
"""How long each of the two measurements may go on."""

FEWEST, MOST = 3, 50
MOST_SAMPLES = 8
"""Stored inputs that are asked in turn."""


@dataclass(frozen=True, kw_only=True)
class Speed:
    """The median time of an answer, preparation and judgement included.

    Arguments:
        one: Milliseconds for one input alone.
        many: Milliseconds an input when many are asked at once.
        inputs: What was asked.
        threads: Threads of the network's runs.
        machine: The kind of processor and system.
        batch: How many are asked at once: as many as the preparation answers best together.
    """

    one: float
    many: float
    inputs: str
    threads: int
    machine: str
    batch: int

    def as_dict(self) -> dict[str, Any]:
        """The speed for programs, in milliseconds an input."""
        return asdict(self)


def measure_speed(bundle: Bundle, *, seconds: float = SECONDS) -> Speed | str:
    """Time a bundle on this machine; the reason, as a sentence, where it cannot answer here.

    Arguments:
        bundle: The bundle; its stored samples are asked, or noise where it holds none.
        seconds: How long each of the two measurements may go on.
    """
    try:
        predictor = Predictor(bundle)
        inputs, what = _inputs(predictor)
        predictor.predict(inputs[0])
        one = _median(lambda turn: predictor.predict(inputs[turn % len(inputs)]), seconds)
        at_once = predictor.preparation.at_once
        batch = [inputs[place % len(inputs)] for place in range(at_once)]
        many = _median(lambda _turn: predictor.predict(batch), seconds)
    except DrivetrainError as problem:
        return problem.message
    return Speed(
        one=one * 1000,
        many=many * 1000 / at_once,
        inputs=what,
        threads=predictor.network.threads,
        machine=f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        batch=at_once,
    )


def _inputs(predictor: Predictor) -> tuple[list[Any], str]:
    bundle = predictor.bundle
    stored = [bundle.members[one.member] for one in islice(bundle.manifest.samples, MOST_SAMPLES)]
    if stored:
        return stored, f"{len(stored)} stored {'sample' if len(stored) == 1 else 'samples'}"
    if fields := bundle.preparation.fields:
        one, _ = bundle.preparation.noun
        return [example_row(fields)], f"a {one} made up of what its columns may hold"
    shape = predictor.preparation.array_shape
    noise = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    return [noise], "noise of the size it takes, nothing to decode"


def _median(act: Callable[[int], object], seconds: float) -> float:
    """The median seconds of an act, repeated until the time is over."""
    times: list[float] = []
    ends = time.perf_counter() + seconds
    while len(times) < MOST and (len(times) < FEWEST or time.perf_counter() < ends):
        started = time.perf_counter()
        act(len(times))
        times.append(time.perf_counter() - started)
        if times[-1] > seconds:
            break
    return median(times)

"""What the learner costs beside the bare engines that it runs on."""

from __future__ import annotations

from typing import Any

from benchmarks.measure import median
from benchmarks.report import Section
from benchmarks.table import figure, ratio
from benchmarks.workshop import Workshop

STEP, FROZEN = 1.15, 1.3
"""How many times as long as the floor the learner may take."""

NOTES = """\
Each row is one process that measures both in turns, {repeats} times, with an empty cache folder;
medians. A ratio above 1 is what Drivetrain costs beside the floor.

- *Training step*: the bears, batches of 32, `RandomResizedCrop(224, min_scale=0.5)`,
  `aug_transforms()`, all weights trained. The learner's epoch up to its validation, with reading,
  augmentation and callbacks, divided by its {steps} steps. The floor is five lines of torch over
  the epoch's tensors, which are in memory: the same model, {optimizer}, {layout}, {precision},
  {threads} threads, and the allocator as Drivetrain sets it, which is faster than as it is.
- *Frozen stage*: `fine_tune(0)` with `Resize(224)` on {photos} photos: the network's way into
  onnxruntime, reading, embedding both sides, training the head, validating. The floor runs the same
  network in an open session of onnxruntime over the same pixels, which are in memory as float32, in
  the batches that are fastest for it ({batch_size})."""


def compare(workshop: Workshop) -> list[Section]:
    """Measure both in a process each."""
    arguments = (workshop.photos.bears, str(workshop.repeats))
    step = workshop.run_fresh("step.py", *arguments).events("event", "steps")[0].event
    frozen = workshop.run_fresh("frozen.py", *arguments).events("event", "frozen")[0].event
    taken = {what: median(values) for what, values in step["seconds"].items()}
    stage = {what: median(values) for what, values in frozen["seconds"].items()}
    rows = [
        (
            *_row("training step", "ms", taken["bare"] * 1000, taken["learner"] * 1000),
            f"≤ {STEP} ×",
        ),
        (*_row("frozen stage", "s", stage["bare"], stage["learner"]), f"≤ {FROZEN} ×"),
    ]
    return [
        Section(
            name="steps",
            title="Training beside bare torch and bare onnxruntime",
            columns=("what", "floor", "Drivetrain", "Drivetrain / floor", "bar"),
            rows=rows,
            notes=NOTES.format(repeats=workshop.repeats, **_setting(step), **_setting(frozen)),
            samples={"step": step, "frozen": frozen},
        )
    ]


def _row(what: str, unit: str, floor: float, ours: float) -> tuple[str, ...]:
    return what, figure(floor, unit), figure(ours, unit), ratio(ours, floor)


def _setting(event: dict[str, Any]) -> dict[str, Any]:
    layout = "channels last" if event.get("channels_last") else "channels first"
    setting = {name: value for name, value in event.items() if name not in ("event", "seconds")}
    return setting | ({"layout": layout} if "steps" in event else {})

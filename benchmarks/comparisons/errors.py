"""The errors of both sides over several seeds, on the same splits."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.intervals import half_width
from benchmarks.material import Material
from benchmarks.measure import Run
from benchmarks.report import Section
from benchmarks.table import shares
from benchmarks.workshop import ARCH, LARGE_COPIES, Workshop

EPOCHS = 3
RECIPE = f"{ARCH} RandomResizedCrop(224, min_scale=0.5) aug_transforms() bs=32 fine_tune({EPOCHS})"
NO_WORSE, WITHIN = 0.0, 0.015
"""How much larger the mean error may be: with the defaults, and with the same recipe."""
DECISIVE = ("fastai", "torch", "torchvision", "timm")
"""The packages whose versions decide the errors of the peer."""

NOTES = """\
The error at the end of training, of both sides on the same splits and from the same weights.
Nothing is timed. *fastai, the lesson* and *Drivetrain, the lesson* train one frozen epoch and three
of the whole model with `RandomResizedCrop(224, min_scale=0.5)`, `aug_transforms()` and batches of
32; *Drivetrain* is `drivetrain train` with its defaults. Points more are how much larger its error
is than fastai's, in percentage points, with the 95 % interval of the mean over the seeds.

Of the bears a fifth validates: one photo of {valid} is {step}. The large photos are
{copies} copies of each of a few originals, and all copies of an original are on one side: of what
validates (*its own*) one original is {coarse}. Therefore the same models also judge
the {judges} bears that none of the large photos shows, as small as they are there.

fastai's side was measured on {dates}. It is kept, and measured anew when the split, the recipe or
the version of {packages} changes; Drivetrain's side
was measured with this table."""


Runs = Sequence[dict[str, Any]]


def compare(workshop: Workshop) -> list[Section]:
    """Train with ours once a seed, and with the peer where it has not been done before."""
    bears, large = workshop.bears(), workshop.large_photos()
    seeds = range(1, workshop.seeds + 1)
    defaults = [_defaults(workshop, seed) for seed in seeds]
    ours = {each.name: [_ours(workshop, each, seed) for seed in seeds] for each in (bears, large)}
    peer = {each.name: [_peer(workshop, each, seed) for seed in seeds] for each in (bears, large)}
    peer_bears, our_bears = _column(peer[bears.name]), _column(ours[bears.name])
    rows = [
        _row(f"{bears.name}: fastai, the lesson", peer_bears),
        _row(f"{bears.name}: Drivetrain", _column(defaults), peer_bears, NO_WORSE),
        _row(f"{bears.name}: Drivetrain, the lesson", our_bears, peer_bears, WITHIN),
    ]
    judges = peer[large.name][0]["judges"]
    for what, key in ((f"{judges} bears", "judged"), ("its own", "error")):
        theirs, own = _column(peer[large.name], key), _column(ours[large.name], key)
        rows += [
            _row(f"{large.name}, judged by {what}: fastai, the lesson", theirs),
            _row(f"{large.name}, judged by {what}: Drivetrain, the lesson", own, theirs, WITHIN),
        ]
    valid, copies = (len(json.loads(each.split(1).read_text())) for each in (bears, large))
    dates = sorted({run["date"] for runs in peer.values() for run in runs})
    return [
        Section(
            name="errors",
            title=f"Errors over {len(seeds)} seeds",
            columns=("error", *(f"seed {seed}" for seed in seeds), "mean", "points more", "bar"),
            rows=rows,
            notes=NOTES.format(
                valid=valid,
                step=shares([1 / valid]),
                copies=LARGE_COPIES,
                coarse=shares([LARGE_COPIES / copies]),
                judges=judges,
                dates=" and ".join(dates),
                packages=", ".join(DECISIVE[:-1]) + f" or {DECISIVE[-1]}",
            ),
            samples={"defaults": defaults, "ours": ours, "fastai": peer},
        )
    ]


def _defaults(workshop: Workshop, seed: int) -> dict[str, Any]:
    run = workshop.train_ours(seed=seed, out=workshop.folder / "spare")
    return _outcome(run, run.events("event", "trained")[0].event["epochs"])


def _ours(workshop: Workshop, material: Material, seed: int) -> dict[str, Any]:
    run = workshop.teach_ours(material, seed=seed, epochs=EPOCHS, judged=True)
    return _outcome(run, run.events("event", "trained")[0].event["epochs"])


def _peer(workshop: Workshop, material: Material, seed: int) -> dict[str, Any]:
    """The kept run of fastai, or a new one, which is kept at once."""
    key = peer_key(workshop.peer.versions, material, seed)
    if key not in workshop.record.peer_runs:
        out = workshop.folder / "spare"
        run = workshop.train_peer(
            material, seed=seed, recipe="lesson", epochs=EPOCHS, out=out, judged=True
        )
        ends = [line.event for line in run.events("event", "epoch")]
        workshop.record.keep_peer_run(key, _outcome(run, ends))
    return workshop.record.peer_runs[key]


def peer_key(versions: Mapping[str, str], material: Material, seed: int) -> str:
    """All that decides the errors of a run of fastai, in one line."""
    packages = " ".join(f"{name} {versions[name]}" for name in DECISIVE)
    digest = material.digest(seed)
    return f"{material.name}, split {digest}, seed {seed}, {RECIPE}, {packages}"


def _outcome(run: Run, rows: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """The error after each epoch, the last one, and what others judged."""
    errors = [row["error_rate"] for row in rows]
    judged = [line.event for line in run.events("event", "judged")]
    return {"epochs": errors, "error": errors[-1]} | (
        {"judged": judged[0]["error_rate"], "judges": judged[0]["photos"]} if judged else {}
    )


def _column(runs: Runs, key: str = "error") -> list[float]:
    return [run[key] for run in runs]


def _row(
    name: str, errors: Sequence[float], peer: Sequence[float] = (), bar: float = 0.0
) -> tuple[str, ...]:
    cells = [shares([error]) for error in (*errors, statistics.mean(errors))]
    if not peer:
        return name, *cells, "", ""
    limit = f"≤ {bar * 100:+.1f}" if bar else "≤ 0"
    return name, *cells, difference(errors, peer), limit


def difference(ours: Sequence[float], peer: Sequence[float]) -> str:
    """The mean difference in percentage points, with the half width of its 95 % interval.

    Example:
        >>> difference([0.02, 0.03, 0.04], [0.02, 0.02, 0.02])
        '+1.0 ± 2.5'
    """
    apart = [(own - other) * 100 for own, other in zip(ours, peer, strict=True)]
    mean = f"{statistics.mean(apart):+.1f}"
    return f"{mean} ± {half_width(apart):.1f}" if len(apart) > 1 else mean

"""Whether a bundle knows what it does not know, and whether its probabilities can be believed."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from benchmarks.data import solar_cells
from benchmarks.report import Section
from benchmarks.table import figure, shares
from benchmarks.workshop import Workshop
from drivetrain.data import get_image_files, parent_label

SPLITS = 5
SEEDS_LEFT_OUT = (1, 2, 3)
CELLS_ASKED = 500
THINGS = ("guitar", "house", "person", "horse", "dog", "elephant")
DOMAINS = ("photo", "art_painting", "cartoon", "sketch")
UNSEEN, ECE, AUROC, RANK = (0.03, 0.08), 0.04, 0.97, 0.9
FOREIGN = {"cartoon dogs": 0.95} | dict.fromkeys((*THINGS, "solar cells"), 0.99)

Labelled = list[tuple[str, str]]
Asked = Mapping[str, Labelled]

VERDICTS_NOTES = """\
Drivetrain alone. Five splits: a fifth of the bears is kept away from training and validation, each
photo once; on the rest the head is trained with the defaults and `Resize(224)` and the bundle is
written as it ships, with its border for 5 % false rejects ({bytes} of clouds in it). The share of
photos that are called foreign, means over the splits. The soft-max beside it rejects below the
confidence under which 5 % of the bundle's validation photos lie. Cells are every fifth of
`elpv-dataset`; the others are photos and cartoons of PACS, 25 a class. AUROC is that of the score
against the unseen bears."""

NEAR_NOTES = """\
Each of the seven classes of PACS's photos (25 a class) is left out of training in turn, with three
seeds; the AUROC of the score for its photos against photos of the known classes that were kept away
too (a fifth). Means over the seeds; the soft-max's is that of its largest probability."""

SHIFT_NOTES = """\
Trained on four fifths of PACS's photos (seven classes), asked for the last fifth and for all
pictures of the other domains; means over five splits, with the border for 5 % false rejects. The
rank correlation between error rate and rejected share over the four domains is that of each split
(Spearman), and the mean of them stands below."""

CALIBRATION_NOTES = """\
Five splits: a fifth is kept away from training and validation, each photo once; head trained with
the defaults, calibration fitted on the bundle's validation side (a fifth of the rest). Expected
calibration error with 15 bins and Brier score on the photos kept away, means over the splits,
before (soft-max) and after. With this many photos probabilities that are exactly right measure
{floor} on average. Methods taken: {methods}."""


def compare(workshop: Workshop) -> list[Section]:
    """Ask bundles for what they were made for, and for what they were not."""
    photos = workshop.photos
    bears = _labelled(photos.bears)
    foreign: dict[str, Labelled] = {
        "solar cells": [(str(file), label) for file, label in solar_cells()][:: 2624 // CELLS_ASKED]
    }
    foreign |= {thing: _labelled(photos.pictures("photo") / thing) for thing in THINGS}
    foreign["cartoon dogs"] = _labelled(photos.pictures("cartoon") / "dog")
    of_bears = _by_split(workshop, bears, foreign)
    cells = [(str(file), label) for file, label in solar_cells()]
    of_cells = _by_split(workshop, cells, {})
    return [
        _verdicts(of_bears),
        _left_out(workshop),
        _shift(workshop),
        _calibration({"bears": of_bears, "solar cells": of_cells}),
    ]


def _verdicts(splits: Sequence[dict[str, Any]]) -> Section:
    rows = []
    for name in splits[0]["asked"]:
        asked = [split["asked"][name] for split in splits]
        ours, plain = (
            statistics.mean(one[key] for one in asked)
            for key in ("rejected", "rejected_by_softmax")
        )
        if name == "unseen":
            bar = f"{UNSEEN[0] * 100:.0f} to {UNSEEN[1] * 100:.0f} %"
            rows.append(("bears kept away", shares([ours]), shares([plain]), "", "", bar))
            continue
        known = [split["asked"]["unseen"] for split in splits]
        bar = f"≥ {FOREIGN[name] * 100:.0f} %"
        rows.append((name, shares([ours]), shares([plain]), *_aurocs(known, asked), bar))
    size = figure(max(split["bundle"]["bytes"] for split in splits) / 1000, "kB")
    return Section(
        name="verdicts",
        title="Photos that the model was not made for",
        columns=("rejected", "Drivetrain", "soft-max", "AUROC", "soft-max's", "bar"),
        rows=rows,
        notes=VERDICTS_NOTES.format(bytes=size),
        samples={"splits": [_rejected(split) for split in splits]},
    )


def _left_out(workshop: Workshop) -> Section:
    photos = _labelled(workshop.photos.pictures("photo"))
    rows, ours, plain = [], [], []
    for left in sorted({label for _, label in photos}):
        known = [pair for pair in photos if pair[1] != left]
        asked = {"left out": [pair for pair in photos if pair[1] == left]}
        runs = [
            _ask(workshop, kept, {"unseen": away} | asked, seed)
            for seed in SEEDS_LEFT_OUT
            for kept, away in _folds(known, seed)[:1]
        ]
        aurocs = [_auroc(run["asked"]["unseen"], run["asked"]["left out"]) for run in runs]
        ours.append(statistics.mean(one[0] for one in aurocs))
        plain.append(statistics.mean(one[1] for one in aurocs))
        rows.append((left, f"{ours[-1]:.3f}", f"{plain[-1]:.3f}", ""))
    mean = f"{statistics.mean(ours):.3f}", f"{statistics.mean(plain):.3f}"
    rows.append(("mean", *mean, f"≥ {AUROC}"))
    return Section(
        name="near",
        title="A class that training never saw",
        columns=("left out", "AUROC", "soft-max's", "bar"),
        rows=rows,
        notes=NEAR_NOTES,
        samples={"ours": ours, "softmax": plain},
    )


def _shift(workshop: Workshop) -> Section:
    others = {name: _labelled(workshop.photos.pictures(name)) for name in DOMAINS[1:]}
    splits = _by_split(workshop, _labelled(workshop.photos.pictures("photo")), others)
    rows, ranks = [], []
    for name in splits[0]["asked"]:
        asked = [split["asked"][name] for split in splits]
        cells = [
            statistics.mean(one[key] for one in asked)
            for key in ("error_rate", "rejected", "rejected_by_softmax")
        ]
        rows.append((name.replace("unseen", "photo"), *(shares([cell]) for cell in cells), ""))
    for split in splits:
        asked = list(split["asked"].values())
        errors = [one["error_rate"] for one in asked]
        ranks.append(
            [
                float(spearmanr(errors, [one[key] for one in asked]).statistic)
                for key in ("rejected", "rejected_by_softmax")
            ]
        )
    ours, plain = (statistics.mean(each) for each in zip(*ranks, strict=True))
    rows.append(("rank correlation", "", f"{ours:.2f}", f"{plain:.2f}", f"≥ {RANK}"))
    return Section(
        name="shift",
        title="Pictures of the same things in another style",
        columns=("asked", "error rate", "rejected", "by the soft-max", "bar"),
        rows=rows,
        notes=SHIFT_NOTES,
        samples={"splits": [_rejected(split) for split in splits]},
    )


def _calibration(data: Mapping[str, Sequence[dict[str, Any]]]) -> Section:
    rows, floors, methods = [], [], []
    for name, splits in data.items():
        unseen = [split["asked"]["unseen"] for split in splits]
        cells = [
            statistics.mean(one[when][what] for one in unseen)
            for what in ("ece", "brier")
            for when in ("before", "after")
        ]
        rows.append((name, *(f"{cell:.3f}" for cell in cells), f"≤ {ECE}"))
        floors.append(f"{statistics.mean(one['floor'] for one in unseen):.3f} ({name})")
        taken = [split["bundle"]["calibration"]["settings"]["method"] for split in splits]
        methods.append(f"{', '.join(taken)} ({name})")
    return Section(
        name="calibration",
        title="Whether probabilities can be taken at their word",
        columns=("photos kept away", "ECE before", "after", "Brier before", "after", "bar on ECE"),
        rows=rows,
        notes=CALIBRATION_NOTES.format(floor=" and ".join(floors), methods="; ".join(methods)),
        samples={
            name: [split["asked"]["unseen"] | {"scores": [], "confidences": []} for split in splits]
            for name, splits in data.items()
        },
    )


def _by_split(workshop: Workshop, photos: Labelled, asked: Asked) -> list[dict[str, Any]]:
    """Each photo is kept away once, and asked for with all the others."""
    return [
        _ask(workshop, kept, {"unseen": away} | dict(asked), seed)
        for seed, (kept, away) in enumerate(_folds(photos, seed=0), start=1)
    ]


def _folds(photos: Labelled, seed: int) -> list[tuple[Labelled, Labelled]]:
    folds = StratifiedKFold(SPLITS, shuffle=True, random_state=seed)
    return [
        ([photos[place] for place in kept], [photos[place] for place in away])
        for kept, away in folds.split(photos, [label for _, label in photos])
    ]


def _ask(workshop: Workshop, known: Labelled, asked: Asked, seed: int) -> dict[str, Any]:
    spec = workshop.folder / "spec.json"
    spec.write_text(json.dumps({"known": known, "asked": asked, "seed": seed}))
    run = workshop.run_fresh("verdicts.py", spec)
    answers = {one.event["name"]: one.event for one in run.events("event", "asked")}
    return {"bundle": run.events("event", "bundle")[0].event, "asked": answers}


def _auroc(known: Mapping[str, Any], foreign: Mapping[str, Any]) -> tuple[float, float]:
    truth = [0] * known["photos"] + [1] * foreign["photos"]
    sure = known["confidences"] + foreign["confidences"]
    ours = roc_auc_score(truth, known["scores"] + foreign["scores"])
    return float(ours), float(roc_auc_score(truth, [-value for value in sure]))


def _aurocs(known: Sequence[Any], foreign: Sequence[Any]) -> tuple[str, str]:
    pairs = [_auroc(one, other) for one, other in zip(known, foreign, strict=True)]
    ours, plain = (statistics.mean(each) for each in zip(*pairs, strict=True))
    return f"{ours:.3f}", f"{plain:.3f}"


def _rejected(split: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("rejected", "rejected_by_softmax", "error_rate")
    return {
        name: {key: round(one[key], 4) for key in kept if key in one}
        for name, one in split["asked"].items()
    }


def _labelled(folder: Path) -> Labelled:
    return [(str(file), parent_label(file)) for file in get_image_files(folder)]

"""The demo: the whole loop on real data, telling what it does and how far to believe it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np

from drivetrain.bundle import Bundle
from drivetrain.card.card import Card
from drivetrain.card.page import write_card
from drivetrain.data import RandomSplitter
from drivetrain.data.splits.drawn import Split
from drivetrain.errors import OutputError
from drivetrain.export import export_bundle
from drivetrain.export.bundle import check_writable
from drivetrain.extras import need
from drivetrain.interpret import ClassificationInterpretation
from drivetrain.interpret.confusion import draw_confusion_matrix
from drivetrain.interpret.report import Section, write_report
from drivetrain.learn.block import DataBlock
from drivetrain.learn.blocks import CategoryBlock, ImageBlock
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoaders
from drivetrain.learn.split_check import (
    FoldScores,
    contiguous_folds,
    score_folds,
    shuffled_folds,
)
from drivetrain.learn.transforms import Resize
from drivetrain.learn.vision import vision_learner
from drivetrain.metrics import accuracy, error_rate, wilson_interval
from drivetrain.project import Project

SEED = 42
BUNDLE, REPORT, CARD = "solar-cells.bundle", "report.html", "card.html"
DEFECTIVE_FROM = 0.5
WORTH_A_WARNING = 0.02
TITLE = "Is this solar cell defective?"
PROJECT = """
[objective]
purpose = "Sort photographed solar cells before they are built into modules."
not_for = ["Cells of other makes than those of the data set.", "Photos in visible light."]
measure = "Euros a cell; the figures are made up for this demo."

[levers]
build = "Build the cell into a module."
discard = "Throw the cell away."

[costs]
unit = "euros"
ask_a_person = 2.5
build = {defective = 25, functional = 0}
discard = {defective = 0, functional = 4}
"""
LICENCE = (
    "The photos are the ELPV dataset (Deitsch et al.), licensed CC BY-NC-SA 4.0: for trials and "
    "research, not for business."
)


@dataclass(frozen=True, kw_only=True)
class Honesty:
    """What two ways of splitting the same photos say about the same embeddings."""

    shuffled: FoldScores
    contiguous: FoldScores

    @property
    def sentence(self) -> str:
        """Which of the two a buyer should believe, in one sentence."""
        gap = self.shuffled.accuracy - self.contiguous.accuracy
        if gap < WORTH_A_WARNING:
            return (
                f"Both splits agree: {self.contiguous.accuracy:.0%} on contiguous folds, "
                f"{self.shuffled.accuracy:.0%} on shuffled ones."
            )
        return (
            f"Believe {self.contiguous.accuracy:.0%}, not {self.shuffled.accuracy:.0%}: "
            "neighbouring files are cells of the same solar modules, so a shuffled split asks "
            "the model about modules that it has already seen, and a buyer's are new to it."
        )


def run_demo(out: Path) -> tuple[Path, Path]:
    """Train on the solar cells of ``elpv-dataset``, and write a bundle and a picture report.

    Arguments:
        out: The folder for both; made when it is not there.

    Returns:
        The bundle, and a photo to try it with.

    Raises:
        MissingExtraError: The demo's data set is not installed.
        OutputError: The folder cannot be written to.
    """
    started = time.perf_counter()
    labels = read_labels()
    _make_folder(out)
    for name in (BUNDLE, REPORT, CARD):
        check_writable(out / name)
    matplotlib.use("agg")
    _say(f"{TITLE}  A demo of the whole loop in five steps.", LICENCE)

    _say("", f"1/5  The photos: {len(labels):,}, {_counts(labels)}.")
    cells = DataBlock(
        blocks=(ImageBlock, CategoryBlock),
        get_items=list,
        splitter=RandomSplitter(valid_pct=0.2, seed=SEED),
        get_y=lambda photo: labels[photo],
        item_tfms=Resize(224),
    )
    dls = cells.dataloaders(labels)

    _say("", "2/5  Training a head on what a network that has seen ImageNet sees in them.")
    learn = vision_learner(dls, metrics=[error_rate, accuracy], seed=SEED)
    learn.fine_tune(0)
    interp = ClassificationInterpretation.from_learner(learn)
    _say(_result(interp), _matrix(interp))

    _say("", "3/5  How honest is that? The same features on five folds, drawn in two ways.")
    honesty = compare_splits(learn)
    _say(*_rows(honesty), honesty.sentence)

    _say("", "4/5  Writing the bundle, and checking that it answers as the learner does.")
    project = Project.from_toml(PROJECT)
    bundle = export_bundle(learn, out / BUNDLE, notes=honesty.sentence, project=project)
    card = write_card(Card.of(Bundle.open(bundle)), out / CARD)
    report = _write_report(out / REPORT, learn, interp, honesty)

    _say(
        "",
        f"5/5  Done in {time.perf_counter() - started:.0f} s.",
        f"     the model   {bundle}",
        f"     the report  {report}",
        f"     the card    {card}",
        "",
    )
    return bundle, Path(dls.valid.items[0])


def read_labels() -> dict[Path, str]:
    """The photos of ``elpv-dataset`` in the order of their modules, with their labels.

    Its experts gave each cell a probability to be defective of 0, 1/3, 2/3 or 1; a half and
    more is called defective here.
    """
    package = need("elpv_dataset", purpose="run the demo")
    folder = Path(str(package.__file__)).parent / "data"
    rows = (line.split() for line in (folder / "labels.csv").read_text().splitlines())
    return {
        folder / name: "defective" if float(probability) >= DEFECTIVE_FROM else "functional"
        for name, probability, _kind in rows
    }


def compare_splits(learn: Learner[DataLoaders]) -> Honesty:
    """Score the learner's embeddings on shuffled and on contiguous folds."""
    assert learn.features is not None, "the learner was not trained frozen"
    sides = (learn.features.train, learn.features.valid)
    embeddings = np.concatenate([side.embeddings.numpy() for side in sides])
    targets = np.concatenate([side.targets.numpy() for side in sides])
    files = [str(item) for side in (learn.dls.train, learn.dls.valid) for item in side.items]

    def score(folds: list[Split]) -> FoldScores:
        return score_folds(embeddings, targets, folds, classes=len(learn.dls.vocab))

    return Honesty(
        shuffled=score(shuffled_folds(targets, seed=SEED)),
        contiguous=score(contiguous_folds(files, targets)),
    )


def _write_report(
    path: Path, learn: Learner[DataLoaders], interp: ClassificationInterpretation, honesty: Honesty
) -> Path:
    vocab = list(interp.vocab)
    believed = draw_confusion_matrix(
        honesty.contiguous.confusion, vocab, title="New modules (contiguous folds)"
    )
    return write_report(
        path,
        title=TITLE,
        lead=honesty.sentence,
        sections=[
            Section(
                title="Some of the photos, as the model sees them",
                text=[LICENCE],
                figures=[(learn.dls.show_batch(max_n=8, nrows=2), "Eight solar cells")],
            ),
            Section(
                title="How good it is, and how good it looks",
                text=[
                    "The same network and the same photos, on five folds drawn at random and on "
                    "five unbroken runs of files. Balanced accuracy counts both classes alike."
                ],
                table=[
                    ["Split", "Accuracy", "Balanced accuracy", "Worst fold"],
                    *(
                        [
                            name,
                            f"{s.accuracy:.1%}",
                            f"{s.balanced_accuracy:.1%}",
                            f"{min(s.accuracies):.1%}",
                        ]
                        for name, s in _both(honesty)
                    ),
                ],
                figures=[
                    (
                        interp.plot_confusion_matrix(title="Validation of the exported model"),
                        "Confusion matrix of the exported model on its shuffled validation split",
                    ),
                    (believed, "Confusion matrix over contiguous folds"),
                ],
            ),
            Section(
                title="Its worst mistakes",
                text=[
                    "Validation photos with the largest loss: what it answered and how sure it "
                    "was, and what the experts said. Wrong labels hide here too."
                ],
                figures=[(interp.plot_top_losses(8, nrows=2), "The eight worst mistakes")],
            ),
        ],
    )


def _both(honesty: Honesty) -> list[tuple[str, FoldScores]]:
    return [
        ("shuffled (flattering)", honesty.shuffled),
        ("contiguous (believe this)", honesty.contiguous),
    ]


def _rows(honesty: Honesty) -> list[str]:
    return [
        f"     {name:<26} accuracy {scores.accuracy:.1%}, balanced {scores.balanced_accuracy:.1%}, "
        f"folds from {min(scores.accuracies):.0%} to {max(scores.accuracies):.0%}"
        for name, scores in _both(honesty)
    ]


def _result(interp: ClassificationInterpretation) -> str:
    share = accuracy(interp.predicted.numpy(), interp.targets.numpy())
    low, high = wilson_interval(share, len(interp.targets))
    return (
        f"     accuracy {share:.1%} on {len(interp.targets)} validation photos "
        f"(95 % interval {low:.0%} to {high:.0%})"
    )


def _matrix(interp: ClassificationInterpretation) -> str:
    head = "".join(f"{name:>12}" for name in interp.vocab)
    rows = zip(interp.vocab, interp.confusion_matrix(), strict=True)
    lines = [f"     actual \\ predicted{head}"]
    lines += [f"     {name:<18}" + "".join(f"{count:>12}" for count in row) for name, row in rows]
    return "\n".join(lines)


def _counts(labels: dict[Path, str]) -> str:
    names = sorted(set(labels.values()))
    return ", ".join(f"{list(labels.values()).count(name):,} {name}" for name in names)


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise OutputError(
            f"{out} cannot be made: {problem.strerror}.",
            hint="Choose a folder with --out that you may write to.",
        ) from None


def _say(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)  # noqa: T201

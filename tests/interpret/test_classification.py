"""What a classifier gets wrong: counted, ranked and drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from conftest import colour_photo
from matplotlib.figure import Figure

from drivetrain.errors import DataError
from drivetrain.interpret import ClassificationInterpretation
from drivetrain.interpret.confusion import draw_confusion_matrix
from drivetrain.interpret.gallery import RIGHT, WRONG
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoaders, SkippedItemWarning
from drivetrain.prepare.image import ImagePreparation
from drivetrain.schema import Vocab

VOCAB = Vocab(("black", "grizzly", "teddy"))
# Of six bears: two blacks are taken for grizzlies, one teddy for a black.
PROBABILITIES = torch.tensor(
    [
        [0.9, 0.05, 0.05],
        [0.3, 0.6, 0.1],
        [0.01, 0.98, 0.01],
        [0.2, 0.5, 0.3],
        [0.1, 0.2, 0.7],
        [0.5, 0.3, 0.2],
    ]
)
TARGETS = torch.tensor([0, 0, 0, 1, 2, 2])


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def photos() -> list[Any]:
    return [np.full((10, 10, 3), number * 20, np.uint8) for number in range(len(TARGETS))]


def interpretation(vocab: Vocab = VOCAB) -> ClassificationInterpretation:
    return ClassificationInterpretation(
        items=photos(),
        probabilities=PROBABILITIES,
        targets=TARGETS,
        vocab=vocab,
        preparation=ImagePreparation(size=(10, 10)),
    )


def written(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def svg(figure: Figure, path: Path) -> str:
    """The figure with its text as text, as a reader sees it."""
    with plt.rc_context({"svg.fonttype": "none"}):
        figure.savefig(path)
    return path.read_text(encoding="utf-8")


def test_the_confusion_matrix_has_a_row_for_each_true_class() -> None:
    assert interpretation().confusion_matrix().tolist() == [[1, 2, 0], [0, 1, 0], [1, 0, 1]]


def test_the_most_confused_are_true_class_predicted_class_and_count() -> None:
    interp = interpretation()
    assert interp.most_confused() == [("black", "grizzly", 2), ("teddy", "black", 1)]
    assert interp.most_confused(min_val=2) == [("black", "grizzly", 2)]
    assert interp.most_confused(min_val=3) == []


def test_a_loss_is_minus_the_logarithm_of_the_true_class() -> None:
    expected = [-math.log(share) for share in (0.9, 0.3, 0.01, 0.5, 0.7, 0.2)]
    assert interpretation().losses.tolist() == pytest.approx(expected, rel=1e-5)


def test_top_losses_are_sorted_and_say_where_their_items_stand() -> None:
    values, positions = interpretation().top_losses(3)
    assert positions.tolist() == [2, 5, 1]
    assert values.tolist() == pytest.approx([-math.log(s) for s in (0.01, 0.2, 0.3)], rel=1e-5)


@pytest.mark.parametrize(("k", "count"), [(None, 6), (99, 6), (0, 0)])
def test_top_losses_are_as_many_as_asked_for_and_as_there_are(k: int | None, count: int) -> None:
    assert len(interpretation().top_losses(k)[0]) == count


def test_a_class_given_no_probability_at_all_has_a_finite_loss() -> None:
    interp = ClassificationInterpretation(
        items=["a"],
        probabilities=torch.tensor([[1.0, 0.0, 0.0]]),
        targets=torch.tensor([1]),
        vocab=VOCAB,
    )
    assert torch.isfinite(interp.losses).all()


# ---- from a learner ------------------------------------------------------------------------


def test_a_learner_is_interpreted_on_its_validation_side(trained: Learner[DataLoaders]) -> None:
    interp = ClassificationInterpretation.from_learner(trained)
    probabilities, targets = trained.get_preds()
    assert interp.items == trained.dls.valid.items
    assert torch.equal(interp.probabilities, probabilities)
    assert torch.equal(interp.targets, targets)
    assert interp.vocab == trained.dls.vocab
    assert interp.preparation == trained.dls.valid.item_transform.preparation


def test_an_item_that_cannot_be_read_does_not_shift_the_others(
    trained: Learner[DataLoaders], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no photo")
    paths = []
    for number, colour in enumerate(trained.dls.vocab):
        paths.append(tmp_path / f"{colour}.jpg")
        colour_photo(colour, number).save(paths[-1])
    dl = trained.dls.test_dl([paths[0], broken, *paths[1:]])
    dl.labels = (replace(dl.labels[0], values=np.array([0, 0, 1, 2])),)
    with pytest.warns(SkippedItemWarning):
        interp = ClassificationInterpretation.from_learner(trained, dl)
    assert interp.items == paths
    assert interp.predicted.tolist() == interp.targets.tolist() == [0, 1, 2]


def test_an_empty_loader_is_not_replaced_by_the_validation_side(
    trained: Learner[DataLoaders],
) -> None:
    with pytest.raises(DataError, match="None of the 0 items"):
        ClassificationInterpretation.from_learner(trained, trained.dls.test_dl([]))


# ---- plots ---------------------------------------------------------------------------------


def test_the_confusion_plot_writes_every_count_where_it_belongs() -> None:
    (axes,) = interpretation().plot_confusion_matrix(title="Bears").axes
    cells = {text.get_position(): text.get_text() for text in axes.texts}
    expected = [[1, 2, 0], [0, 1, 0], [1, 0, 1]]
    assert cells == {
        (column, row): str(expected[row][column]) for row in range(3) for column in range(3)
    }
    assert (axes.get_title(), axes.get_xlabel(), axes.get_ylabel()) == (
        "Bears",
        "Predicted",
        "Actual",
    )
    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert [label.get_text() for label in labels] == list(VOCAB)


def test_the_confusion_plot_writes_and_shades_shares_of_the_row() -> None:
    figure = interpretation().plot_confusion_matrix(normalize=True)
    assert written(figure) == ["33%", "67%", "0%", "0%", "100%", "0%", "50%", "0%", "50%"]
    shades = np.asarray(figure.axes[0].images[0].get_array())
    assert shades.sum(axis=1) == pytest.approx([1, 1, 1])
    colours = {text.get_text(): text.get_color() for text in figure.axes[0].texts}
    assert (colours["100%"], colours["0%"]) == ("white", "black")


def test_a_class_that_never_occurs_has_a_row_of_zeros_and_no_warning() -> None:
    figure = draw_confusion_matrix(np.array([[2, 0], [0, 0]]), ("a", "b"), normalize=True)
    assert written(figure) == ["100%", "0%", "0%", "0%"]


def test_a_plot_has_the_size_asked_for() -> None:
    figure = interpretation().plot_confusion_matrix(figsize=(3, 2), dpi=50)
    assert (tuple(figure.get_size_inches()), figure.dpi) == ((3, 2), 50)
    assert tuple(interpretation().plot_top_losses(2, figsize=(4, 3)).get_size_inches()) == (4, 3)


def test_top_losses_are_drawn_with_answer_truth_loss_and_certainty() -> None:
    figure = interpretation().plot_top_losses(6)
    drawn = [axes for axes in figure.axes if axes.images]
    assert len(drawn) == 6
    assert [axes.get_title() for axes in drawn[:2]] == [
        "grizzly 98%\nis black · loss 4.61",
        "black 50%\nis teddy · loss 1.61",
    ]
    shades = [int(np.asarray(axes.images[0].get_array())[0, 0, 0]) // 20 for axes in drawn]
    assert shades == [2, 5, 1, 3, 4, 0]
    assert [axes.title.get_color() for axes in drawn] == [WRONG] * 3 + [RIGHT] * 3


STRANGE = Vocab(("$5 bill$", r"$\frac$", "<script>&"))


def test_labels_with_signs_are_drawn_as_they_are(tmp_path: Path) -> None:
    interp = interpretation(STRANGE)
    for number, figure in enumerate((interp.plot_confusion_matrix(), interp.plot_top_losses(6))):
        drawn = svg(figure, tmp_path / f"{number}.svg")
        for label in ("$5 bill$", r"$\frac$", "&lt;script&gt;&amp;"):
            assert label in drawn

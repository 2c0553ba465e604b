"""Losses: their values, their weights, and the loss of every item by itself."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from drivetrain.errors import ConfigError
from drivetrain.learn.losses import (
    BCEWithLogitsLossFlat,
    CrossEntropyLossFlat,
    FocalLoss,
    L1LossFlat,
    LabelSmoothingCrossEntropy,
    Loss,
    MSELossFlat,
    loss_of_each,
)
from drivetrain.learn.targets import AnyOf, OneOf
from drivetrain.schema import Vocab

VOCAB = Vocab(("bear", "cat", "dog"))
WEIGHTS = [1.0, 2.0, 4.0]
BALANCED: Any = "balanced"
NESTED: Any = [[1.0]]


def logits(rows: int = 5, columns: int = 3) -> Tensor:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(1)) * 2


ONE = torch.tensor([0, 2, 1, 2, 0])
SHARES = torch.tensor([[0.7, 0.3, 0], [0, 0, 1.0], [0.5, 0, 0.5], [0, 1.0, 0], [0.2, 0.3, 0.5]])
SEVERAL = torch.tensor([[1.0, 0, 1], [0, 0, 0], [1, 1, 1], [0, 1, 0], [0, 0, 1]])
NUMBERS = logits().flip(0)


def cross_entropies(weights: list[float]) -> list[float]:
    """Weight times -log p of the true class, with numpy in double precision."""
    z = logits().double().numpy()
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    return [-weights[y] * float(np.log(p[row, y])) for row, y in enumerate(ONE.tolist())]


# ---- values --------------------------------------------------------------------------------


def test_cross_entropy_is_minus_the_logarithm_of_the_true_classs_probability() -> None:
    assert float(CrossEntropyLossFlat()(logits(), ONE)) == pytest.approx(
        np.mean(cross_entropies([1.0] * 3)), rel=1e-5
    )


@pytest.mark.parametrize("loss", [CrossEntropyLossFlat(WEIGHTS), FocalLoss(0.0, WEIGHTS)])
def test_a_weighted_mean_divides_by_the_weights_of_the_items(loss: Loss) -> None:
    weighted = cross_entropies(WEIGHTS)
    assert float(loss(logits(), ONE)) == pytest.approx(
        sum(weighted) / (1 + 4 + 2 + 4 + 1), rel=1e-5
    )
    loss = copy.deepcopy(loss)
    loss.reduction = "none"
    assert loss(logits(), ONE).tolist() == pytest.approx(weighted, rel=1e-5)
    loss.reduction = "sum"
    assert float(loss(logits(), ONE)) == pytest.approx(sum(weighted), rel=1e-5)


def test_label_smoothing_mixes_the_truth_with_all_classes() -> None:
    logs = logits().log_softmax(1)
    truth = 0.8 * functional.one_hot(ONE, 3) + 0.2 / 3
    expected = float(-(truth * logs).sum(1).mean())
    for loss in (LabelSmoothingCrossEntropy(0.2), CrossEntropyLossFlat(label_smoothing=0.2)):
        assert float(loss(logits(), ONE)) == pytest.approx(expected, rel=1e-5)
    assert LabelSmoothingCrossEntropy().label_smoothing == 0.1


def test_the_focal_loss_multiplies_by_what_is_missing_to_certainty() -> None:
    # Two classes with p = 0.9 of the first: -(0.1 ** 2) * log(0.9) and -(0.9 ** 2) * log(0.1).
    outputs = torch.tensor([[0.9, 0.1], [0.9, 0.1]]).log()
    expected = [0.01 * 0.1053605, 0.81 * 2.3025851]
    loss = FocalLoss(reduction="none")
    assert loss(outputs, torch.tensor([0, 1])).tolist() == pytest.approx(expected, rel=1e-5)
    weighted = FocalLoss(2.0, [3.0, 1.0])(outputs, torch.tensor([0, 1]))
    assert float(weighted) == pytest.approx((3 * expected[0] + expected[1]) / 4, rel=1e-5)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_the_focal_loss_has_a_slope_also_where_a_model_is_certain(gamma: float) -> None:
    outputs = torch.tensor([[60.0, -60.0], [-60.0, 60.0], [0.1, 0.2]], requires_grad=True)
    FocalLoss(gamma)(outputs, torch.tensor([0, 0, 1])).backward()
    assert outputs.grad is not None
    assert bool(outputs.grad.isfinite().all())
    assert float(outputs.grad[1, 0]) < -0.3  # the certain mistake is pushed back as ever


@pytest.mark.parametrize("weight", [None, WEIGHTS])
@pytest.mark.parametrize(
    "make",
    [CrossEntropyLossFlat, FocalLoss, partial(FocalLoss, 0.5), partial(FocalLoss, 0.0)],
)
def test_class_probabilities_that_are_certain_mean_the_same_as_positions(
    make: Callable[..., Loss], weight: Any
) -> None:
    loss = make(weight=weight, reduction="sum")
    certain = functional.one_hot(ONE, 3).float()
    torch.testing.assert_close(loss(logits(), certain), loss(logits(), ONE))


def test_class_probabilities_share_the_losses_of_the_classes() -> None:
    for make in (CrossEntropyLossFlat, FocalLoss):
        loss = make(weight=WEIGHTS, reduction="none")
        of_class = torch.stack([loss(logits(), torch.full((5,), place)) for place in range(3)], 1)
        torch.testing.assert_close(loss(logits(), SHARES), (of_class * SHARES).sum(1))
        loss.reduction = "mean"
        torch.testing.assert_close(loss(logits(), SHARES), (of_class * SHARES).sum() / 5)


def test_binary_cross_entropy_weighs_classes_and_what_is_there() -> None:
    p, weights = logits().double().sigmoid(), torch.tensor(WEIGHTS).double()
    there, absent = -SEVERAL * p.log(), -(1 - SEVERAL) * (1 - p).log()
    expected: list[tuple[Loss, Tensor]] = [
        (BCEWithLogitsLossFlat(), there + absent),
        (BCEWithLogitsLossFlat(WEIGHTS), weights * (there + absent)),
        (BCEWithLogitsLossFlat(pos_weight=WEIGHTS), weights * there + absent),
    ]
    for loss, wanted in expected:
        assert float(loss(logits(), SEVERAL)) == pytest.approx(float(wanted.mean()), rel=1e-5)
        assert float(loss(logits(), SEVERAL.long())) == float(loss(logits(), SEVERAL))


def test_errors_of_numbers() -> None:
    outputs, targets = torch.tensor([[1.0, 2.0], [3.0, 5.0]]), torch.tensor([[1.0, 4.0], [2, 2]])
    assert float(MSELossFlat()(outputs, targets)) == (0 + 4 + 1 + 9) / 4
    assert float(L1LossFlat()(outputs, targets)) == (0 + 2 + 1 + 3) / 4
    assert MSELossFlat(reduction="none")(outputs, targets).tolist() == [[0, 4], [1, 9]]


def test_a_column_of_numbers_is_compared_row_by_row() -> None:
    outputs, targets = torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([1.0, 2.0, 3.0])
    assert float(MSELossFlat()(outputs, targets)) == 0
    assert float(L1LossFlat()(targets, outputs)) == 0


def test_losses_of_half_precision_are_of_single_precision() -> None:
    half = logits().bfloat16()
    for loss, targets in [
        (CrossEntropyLossFlat(WEIGHTS), ONE),
        (FocalLoss(weight=WEIGHTS), SHARES),
        (BCEWithLogitsLossFlat(pos_weight=WEIGHTS), SEVERAL),
        (MSELossFlat(), NUMBERS),
        (L1LossFlat(), NUMBERS),
    ]:
        torch.testing.assert_close(loss(half, targets), loss(half.float(), targets))


# ---- kinds of targets ----------------------------------------------------------------------


def test_weights_of_a_kind_reach_its_loss() -> None:
    weights = torch.tensor(WEIGHTS)
    one, several = OneOf(VOCAB).loss(weights), AnyOf(VOCAB).loss(weights)
    assert isinstance(one, CrossEntropyLossFlat)
    assert isinstance(several, BCEWithLogitsLossFlat)
    torch.testing.assert_close(
        several(logits(), SEVERAL), BCEWithLogitsLossFlat(pos_weight=WEIGHTS)(logits(), SEVERAL)
    )
    torch.testing.assert_close(one(logits(), ONE), CrossEntropyLossFlat(WEIGHTS)(logits(), ONE))


# ---- the loss of each item -----------------------------------------------------------------


def doubled(outputs: Tensor, targets: Tensor) -> Tensor:
    return 2 * functional.cross_entropy(outputs, targets)


class Tripled(nn.Module):
    """A module of one's own whose ``reduction`` does nothing, and whose loss has a length."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.reduction, self.shape = "mean", shape

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return 3 * functional.cross_entropy(outputs, targets).view(self.shape)


PLAIN = cross_entropies([1.0] * 3)


@pytest.mark.parametrize(
    ("loss_func", "expected"),
    [
        (functional.cross_entropy, PLAIN),
        (CrossEntropyLossFlat(), PLAIN),
        (FocalLoss(0.0), PLAIN),
        (nn.CrossEntropyLoss(reduction="sum"), PLAIN),
        (partial(functional.cross_entropy, weight=torch.tensor(WEIGHTS)), cross_entropies(WEIGHTS)),
        (CrossEntropyLossFlat(WEIGHTS), cross_entropies(WEIGHTS)),
        (OneOf(VOCAB).loss(torch.tensor(WEIGHTS)), cross_entropies(WEIGHTS)),
        (doubled, [2 * each for each in PLAIN]),
        (lambda z, y: float(doubled(z, y)), [2 * each for each in PLAIN]),
        (Tripled(()), [3 * each for each in PLAIN]),
        (Tripled((1,)), [3 * each for each in PLAIN]),
    ],
)
def test_each_item_has_its_loss(loss_func: Any, expected: list[float]) -> None:
    reduction = getattr(loss_func, "reduction", None)
    found = loss_of_each(loss_func, logits(), ONE)
    assert found.shape == (5,)
    assert found.tolist() == pytest.approx(expected, rel=1e-5)
    assert getattr(loss_func, "reduction", None) == reduction


@pytest.mark.parametrize(
    ("loss_func", "targets"),
    [
        (functional.binary_cross_entropy_with_logits, SEVERAL),
        (BCEWithLogitsLossFlat(pos_weight=WEIGHTS), SEVERAL),
        (AnyOf(VOCAB).loss(torch.tensor(WEIGHTS)), SEVERAL),
        (functional.mse_loss, NUMBERS),
        (nn.SmoothL1Loss(), NUMBERS),
        (MSELossFlat(), NUMBERS),
        (L1LossFlat(), NUMBERS),
        (LabelSmoothingCrossEntropy(), ONE),
        (CrossEntropyLossFlat(), SHARES),
        (FocalLoss(), ONE),
        (FocalLoss(weight=WEIGHTS), SHARES),
    ],
)
def test_the_mean_of_all_items_is_the_loss(loss_func: Any, targets: Tensor) -> None:
    torch.testing.assert_close(
        loss_of_each(loss_func, logits(), targets).mean(), loss_func(logits(), targets)
    )


def test_a_reduction_that_is_worked_out_is_left_alone() -> None:
    class Wrapped:
        """As wrappers of losses are: setting the reduction would change what is wrapped."""

        def __init__(self) -> None:
            self.inner = nn.CrossEntropyLoss()

        @property
        def reduction(self) -> str:
            return self.inner.reduction

        @reduction.setter
        def reduction(self, name: str) -> None:
            self.inner.reduction = name

        def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
            loss: Tensor = self.inner(outputs, targets)
            return loss

    wrapped = Wrapped()
    assert loss_of_each(wrapped, logits(), ONE).tolist() == pytest.approx(PLAIN, rel=1e-5)
    assert wrapped.reduction == "mean"


def test_several_targets_go_item_by_item_and_nothing_has_no_loss() -> None:
    def both(outputs: Tensor, one: Tensor, numbers: Tensor) -> Tensor:
        return functional.cross_entropy(outputs, one) + functional.mse_loss(outputs, numbers)

    expected = np.array(PLAIN) + ((logits() - NUMBERS) ** 2).mean(1).numpy()
    assert loss_of_each(both, logits(), ONE, NUMBERS).tolist() == pytest.approx(expected, rel=1e-5)
    for loss in (both, CrossEntropyLossFlat()):
        assert loss_of_each(loss, logits()[:0], ONE[:0], NUMBERS[:0]).shape == (0,)
    assert loss_of_each(doubled, logits()[:1], ONE[:1]).tolist() == pytest.approx([2 * PLAIN[0]])


# ---- what does not fit ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "targets", "said"),
    [
        (CrossEntropyLossFlat([1, 2]), ONE, "2 class weights, and the model has 3 outputs.*vocab"),
        (FocalLoss(weight=[1] * 4), ONE, "4 class weights, and the model has 3 outputs"),
        (BCEWithLogitsLossFlat([1, 2]), SEVERAL, "2 class weights, and the model has 3 outputs"),
        (BCEWithLogitsLossFlat(None, [1]), SEVERAL, "1 weights in pos_weight, and the model has 3"),
        (CrossEntropyLossFlat(), NUMBERS[:, :1], r"logits \[5, 3\] and targets float32 \[5, 1\]"),
        (FocalLoss(), SEVERAL.long(), r"targets int64 \[5, 3\].*BCEWithLogitsLossFlat"),
        (MSELossFlat(), NUMBERS[:, :1], r"\[5, 3\] and \[5, 1\]"),
        (BCEWithLogitsLossFlat(), ONE, r"\[5, 3\] and \[5\].*CrossEntropyLossFlat"),
    ],
)
def test_what_does_not_fit_is_told_with_both_sizes(loss: Loss, targets: Tensor, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        loss(logits(), targets)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: CrossEntropyLossFlat(reduction="avg"), "reduction is 'avg'.*'mean', 'sum'"),
        (lambda: CrossEntropyLossFlat(label_smoothing=1.5), "label_smoothing is 1.5"),
        (lambda: LabelSmoothingCrossEntropy(float("nan")), "label_smoothing is nan"),
        (lambda: FocalLoss(-1.0), "gamma is -1.0, and it is at least 0"),
        (lambda: CrossEntropyLossFlat(BALANCED), "weight is 'balanced'"),
        (lambda: CrossEntropyLossFlat([1, -1]), r"weight is \[1, -1\], .* from 0"),
        (lambda: BCEWithLogitsLossFlat(pos_weight=NESTED), r"pos_weight is \[\[1.0\]\]"),
        (lambda: FocalLoss(weight=[1, float("inf")]), "from 0 for each class"),
    ],
)
def test_settings_that_cannot_work_are_told(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        make()


def test_weights_come_as_lists_arrays_or_tensors() -> None:
    given: list[Any] = [WEIGHTS, tuple(WEIGHTS), np.array(WEIGHTS), torch.tensor(WEIGHTS).double()]
    values = {float(CrossEntropyLossFlat(weights)(logits(), ONE)) for weights in given}
    assert len(values) == 1

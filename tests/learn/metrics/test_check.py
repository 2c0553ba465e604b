"""Metrics as users give them: what is taken, what is refused, and what to do then."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from drivetrain.errors import ConfigError
from drivetrain.learn.metrics import (
    APScoreMulti,
    BalancedAccuracy,
    CohenKappa,
    F1Score,
    F1ScoreMulti,
    MatthewsCorrCoef,
    PerClass,
    Precision,
    PrecisionMulti,
    R2Score,
    Recall,
    RecallMulti,
    RocAuc,
    RocAucBinary,
    RocAucMulti,
    TopKAccuracy,
    check_metrics,
    mse,
    name_of,
    top_k_accuracy,
)
from drivetrain.learn.targets import AnyOf, Numbers, OneOf, TargetKind
from drivetrain.metrics import accuracy, accuracy_multi, error_rate, mae, rmse
from drivetrain.schema import Vocab

TWO, THREE = OneOf(Vocab(("ill", "well"))), OneOf(Vocab(("bear", "cat", "dog")))
SEVERAL, NUMBERS = AnyOf(Vocab(("bear", "cat", "dog"))), Numbers(2)

OF_ONE: list[Any] = [
    accuracy, error_rate, top_k_accuracy, partial(top_k_accuracy, k=2), F1Score(average="macro"),
    Precision(average="micro"), Recall(average="weighted"), RocAuc(), BalancedAccuracy(),
    MatthewsCorrCoef(), CohenKappa(), TopKAccuracy(),
]  # fmt: skip
OF_SEVERAL: list[Any] = [
    accuracy_multi, F1ScoreMulti(), PrecisionMulti(), RecallMulti(), RocAucMulti(), APScoreMulti(),
]  # fmt: skip
OF_NUMBERS: list[Any] = [mae, rmse, mse, R2Score()]


@pytest.mark.parametrize(
    ("metrics", "kind"), [(OF_ONE, THREE), (OF_SEVERAL, SEVERAL), (OF_NUMBERS, NUMBERS)]
)
def test_metrics_measure_their_own_kind_of_target_and_no_other(
    metrics: list[Any], kind: TargetKind
) -> None:
    for metric in metrics:
        assert check_metrics(metric, kind) == [metric]
        for other in (THREE, SEVERAL, NUMBERS):
            if other is not kind:
                said = rf" measures .*{kind.words}.* and the target is {other.words}\. \w"
                with pytest.raises(ConfigError, match=said):
                    check_metrics(metric, other)


@pytest.mark.parametrize(
    ("metric", "kind", "said"),
    [
        (F1Score(), SEVERAL, "F1Score measures one class .* Take F1ScoreMulti"),
        (F1ScoreMulti, THREE, "F1ScoreMulti measures any number .* Take F1Score"),
        (R2Score, THREE, "R2Score measures numbers, .* Take accuracy"),
        (mae, THREE, "mae measures numbers, .* accuracy and error_rate measure one class"),
        (accuracy, NUMBERS, "accuracy_multi measures several classes at once, mae and rmse num"),
        (PerClass, NUMBERS, "and the target is numbers"),
        (F1Score, THREE, r'average="binary" measures two .* has 3.*F1Score\(average="macro"\)'),
        (RocAucBinary, THREE, "RocAucBinary measures two classes, and the target has 3.*RocAuc"),
        (Recall(pos_label="sick"), TWO, r"pos_label='sick'.*none of the 2 classes \['ill', 'well"),
        (Recall(pos_label=2), TWO, "pos_label=2, which is none of the 2 classes"),
    ],
)
def test_what_does_not_fit_is_told_with_what_to_take(
    metric: Any, kind: TargetKind, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        check_metrics([metric], kind)


def test_one_several_or_none_made_or_not() -> None:
    assert check_metrics(None, TWO) == check_metrics((), TWO) == []
    assert check_metrics(accuracy, TWO) == [accuracy]
    assert check_metrics(F1Score, TWO) == [F1Score()]
    assert check_metrics((m for m in (accuracy, F1Score, PerClass)), TWO) == [
        accuracy,
        F1Score(),
        PerClass(),
    ]
    for kind in (TWO, THREE, SEVERAL):
        assert len(check_metrics([PerClass("f1"), PerClass("recall")], kind)) == 2


ANY_FUNCTION: Any = accuracy


def own(predicted: Any, actual: Any, *, scale: float = 1.0) -> float:
    return float((predicted == actual).mean() * scale)


class NeedsScale:
    def __init__(self, scale: float) -> None:
        self.scale = scale

    def __call__(self, predicted: Any, actual: Any) -> float:
        return own(predicted, actual, scale=self.scale)


def test_functions_of_ones_own_are_taken_for_any_target() -> None:
    for kind in (TWO, SEVERAL, NUMBERS):
        given = [own, NeedsScale(2.0), lambda predicted, actual: len(predicted) / len(actual)]
        assert check_metrics(given, kind) == given
        assert name_of(check_metrics(partial(own, scale=2.0), kind)[0]) == "own"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("accuracy", "'accuracy', which cannot be called. .*metrics=error_rate"),
        ([accuracy, "f1"], "'f1', which cannot be called"),
        (7, "7, which cannot be called"),
        ([None], "None, which cannot be called"),
        (NeedsScale, r"class NeedsScale, which needs arguments.*metrics=NeedsScale\(\.\.\.\)"),
        (lambda predicted: predicted, "<lambda> cannot be called with what was answered and the"),
        (partial(ANY_FUNCTION, thresh=0.2), "accuracy cannot be called .* 'thresh'"),
        ([accuracy, accuracy], "accuracy twice"),
        ([F1Score(average="macro"), F1Score(average="micro")], r"f1_score twice.*name='f1'"),
        (F1Score(name="valid_loss"), "valid_loss twice, or the learner has a column"),
    ],
)
def test_what_is_no_metric_is_told(given: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        check_metrics(given, TWO)


@pytest.mark.parametrize(
    ("make", "settings", "said"),
    [
        (F1Score, {"average": None}, r"average=None.*'binary', 'macro'.*PerClass"),
        (Precision, {"average": "samples"}, "average='samples'"),
        (F1ScoreMulti, {"average": "binary"}, "average='binary'.*'samples'"),
        (RecallMulti, {"thresh": 50}, "thresh=50, and it is from 0 to 1"),
        (RocAuc, {"multi_class": "raise"}, "multi_class='raise'.*'ovr', 'ovo'"),
        (RocAuc, {"average": "micro"}, "average='micro'"),
        (RocAucMulti, {"average": "mean"}, "average='mean'"),
        (APScoreMulti, {"average": "mean"}, "average='mean'"),
        (CohenKappa, {"weights": "square"}, "weights='square'.*None, 'linear', 'quadratic'"),
        (TopKAccuracy, {"k": 0}, "k=0, and it is a number from 1"),
        (PerClass, {"metric": "accuracy"}, "metric='accuracy'.*'recall', 'f1'"),
    ],
)
def test_settings_that_cannot_work_are_told(make: Any, settings: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        make(**settings)

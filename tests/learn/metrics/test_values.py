"""The values of metrics, against values worked out by hand; no warning reaches the user."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

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
    value_of,
)
from drivetrain.learn.targets import AnyOf, Numbers, OneOf, TargetKind
from drivetrain.schema import Vocab

TWO, THREE = OneOf(Vocab(("ill", "well"))), OneOf(Vocab(("bear", "cat", "dog")))
SEVERAL = AnyOf(Vocab(("bear", "cat", "dog")))

PREDICTED = np.array([0, 0, 0, 1, 2, 2])
ACTUAL = np.array([0, 0, 1, 1, 2, 0])


def measured(metric: Any, kind: TargetKind, answers: Any, actual: Any) -> float:
    """The value as a learner gets it."""
    (checked,) = check_metrics(metric, kind)
    answers, actual = np.asarray(answers, np.float32), np.asarray(actual)
    return value_of(checked, kind, answers, actual)[name_of(checked)]


def certain(predicted: Any, count: int) -> Any:
    """Probabilities that decide for these classes."""
    return np.eye(count, dtype=np.float32)[predicted]


# bear: 2 found of 3 answered and 3 true; cat: 1 of 1 and 2; dog: 1 of 2 and 1.
OF_THREE = {
    Precision: (2 / 3, 1.0, 1 / 2),
    Recall: (2 / 3, 1 / 2, 1.0),
    F1Score: (2 / 3, 2 / 3, 2 / 3),
}


@pytest.mark.parametrize("make", list(OF_THREE))
def test_averages_over_classes(make: Any) -> None:
    bear, cat, dog = OF_THREE[make]
    answers = certain(PREDICTED, 3)
    expected = {
        "macro": (bear + cat + dog) / 3,
        "weighted": (3 * bear + 2 * cat + dog) / 6,
        "micro": 4 / 6,
    }
    for average, wanted in expected.items():
        found = measured(make(average=average), THREE, answers, ACTUAL)
        assert found == pytest.approx(wanted), average


@pytest.mark.parametrize(
    ("metric", "expected"),
    [("precision", OF_THREE[Precision]), ("recall", OF_THREE[Recall]), ("f1", OF_THREE[F1Score])],
)
def test_each_class_by_its_name(metric: Any, expected: tuple[float, ...]) -> None:
    found = value_of(PerClass(metric), THREE, certain(PREDICTED, 3), ACTUAL)
    names = [f"{metric} {name}" for name in ("bear", "cat", "dog")]
    assert found == pytest.approx(dict(zip(names, expected, strict=True)))


def test_of_two_classes_one_is_to_be_found() -> None:
    # well: 1 found of 2 answered and 3 true; ill: 1 of 3 answered and 2 true.
    answers, actual = certain([1, 1, 0, 0, 0], 2), [1, 0, 1, 1, 0]
    for metric, wanted in [
        (Precision, 1 / 2), (Recall, 1 / 3), (F1Score, 2 / 5),
        (Precision(pos_label=0), 1 / 3), (Recall(pos_label="ill"), 1 / 2),
        (F1Score(pos_label="ill"), 2 / 5),
    ]:  # fmt: skip
        assert measured(metric, TWO, answers, actual) == pytest.approx(wanted)


def test_agreement_of_classes() -> None:
    answers = certain(PREDICTED, 3)
    # Of each class in turn: 2 of 3, 1 of 2, 1 of 1.
    assert measured(BalancedAccuracy, THREE, answers, ACTUAL) == pytest.approx(
        (2 / 3 + 0.5 + 1) / 3
    )
    # By chance 3/6 * 3/6 + 1/6 * 2/6 + 2/6 * 1/6 = 13/36 agree; 4/6 do.
    assert measured(CohenKappa, THREE, answers, ACTUAL) == pytest.approx((24 - 13) / (36 - 13))
    # Gorodkin 2004: (c s - sum p t) / sqrt((s^2 - sum p^2) (s^2 - sum t^2)), c 4, s 6.
    wanted = (4 * 6 - 13) / math.sqrt((36 - 14) * (36 - 14))
    assert measured(MatthewsCorrCoef, THREE, answers, ACTUAL) == pytest.approx(wanted)


def test_weighted_kappa_counts_a_class_between_that_never_occurs() -> None:
    predicted, actual = [0, 0, 2, 2, 3, 3], [0, 2, 2, 2, 3, 3]
    kind = OneOf(Vocab(("0", "1", "2", "3")))
    # Squared distances: 2^2 of one item in 6. By chance, over the 36 pairs:
    # (6 + 2) * 2^2 between "0" and "2", (4 + 2) * 3^2 to "3", (4 + 6) * 1^2 from "2" to "3".
    wanted = 1 - (4 / 6) / ((8 * 4 + 6 * 9 + 10 * 1) / 36)
    found = measured(CohenKappa(weights="quadratic"), kind, certain(predicted, 4), actual)
    assert found == pytest.approx(wanted)
    assert CohenKappa("quadratic")(np.array(predicted), np.array(actual)) == pytest.approx(wanted)


def area(scores: Any, positive: Any) -> float:
    """The share of pairs of a positive and a negative in the right order; a tie is half of one."""
    scores, positive = np.asarray(scores, float), np.asarray(positive, bool)
    above = scores[positive][:, None] - scores[~positive][None]
    return float(((above > 0) + 0.5 * (above == 0)).mean())


def probabilities(count: int, seed: int) -> Any:
    drawn = np.random.default_rng(seed).random((40, count)).astype(np.float32).round(1) + 0.05
    return drawn / drawn.sum(1, keepdims=True)


def test_the_area_under_the_curve_is_the_share_of_pairs_in_order() -> None:
    answers, actual = probabilities(3, 1), np.random.default_rng(2).choice(3, 40, p=[0.5, 0.3, 0.2])
    areas = [area(answers[:, place], actual == place) for place in range(3)]
    assert measured(RocAuc, THREE, answers, actual) == pytest.approx(np.mean(areas), abs=1e-6)
    shares = [np.mean(actual == place) for place in range(3)]
    weighted = measured(RocAuc(average="weighted"), THREE, answers, actual)
    assert weighted == pytest.approx(np.dot(areas, shares), abs=1e-6)
    pairs = [(0, 1), (0, 2), (1, 2)]
    of_pairs = []
    for first, second in pairs:  # Hand and Till 2001: each class of a pair against the other
        there = np.isin(actual, [first, second])
        of_pairs += [area(answers[there, a], actual[there] == a) for a in (first, second)]
    one_by_one = measured(RocAuc(multi_class="ovo"), THREE, answers, actual)
    assert one_by_one == pytest.approx(np.mean(of_pairs), abs=0.01)
    coarse = answers.astype(np.float16).astype(np.float32)  # rows sum to 1 give or take 0.001
    assert measured(RocAuc, THREE, coarse, actual) == pytest.approx(np.mean(areas), abs=0.01)
    several = (probabilities(3, 3) > 0.4).astype(np.float32)
    areas = [area(answers[:, place], several[:, place]) for place in range(3)]
    assert measured(RocAucMulti, SEVERAL, answers, several) == pytest.approx(np.mean(areas))
    micro = measured(RocAucMulti(average="micro"), SEVERAL, answers, several)
    assert micro == pytest.approx(area(answers.ravel(), several.ravel()))


def test_the_area_of_two_classes_is_of_the_second() -> None:
    answers, actual = probabilities(2, 4), np.random.default_rng(5).integers(0, 2, 40)
    for metric in (RocAuc, RocAucBinary):
        found = measured(metric, TWO, answers, actual)
        assert found == pytest.approx(area(answers[:, 1], actual == 1))


@pytest.mark.parametrize("count", [2, 3, 7])
def test_the_best_k_classes(count: int) -> None:
    answers = np.random.default_rng(6).permuted(
        np.arange(1.0, count + 1)[None].repeat(40, 0), axis=1
    )
    answers = (answers / answers.sum(1, keepdims=True)).astype(np.float32)
    actual = np.zeros(40, int)  # the other classes never occur
    kind = OneOf(Vocab(tuple("abcdefg"[:count])))
    for k in range(1, 9):
        place = (answers > answers[:, :1]).sum(1)
        wanted = float(np.mean(place < k))
        assert measured(TopKAccuracy(k), kind, answers, actual) == pytest.approx(wanted)
        assert top_k_accuracy(answers, actual, k=k) == pytest.approx(wanted)


ANSWERS_OF_SEVERAL = [[0.9, 0.6, 0.1], [0.7, 0.2, 0.4], [0.2, 0.9, 0.8], [0.6, 0.4, 0.3]]
SEVERAL_ACTUAL = [[1, 0, 0], [0, 1, 1], [0, 1, 1], [1, 0, 0]]


def test_several_classes_at_once() -> None:
    # Above a half: bear 2 found of 3 answered and 2 true; cat 1, 2, 2; dog 1, 1, 2.
    # Above 0.3: bear the same; cat 1 of 3 and 2; dog 2 of 2 and 2.
    expected: list[tuple[Any, float]] = [
        (PrecisionMulti, (2 / 3 + 1 / 2 + 1) / 3),
        (RecallMulti, (1 + 1 / 2 + 1 / 2) / 3),
        (F1ScoreMulti, (4 / 5 + 2 / 4 + 2 / 3) / 3),
        (PrecisionMulti(0.35), (2 / 3 + 1 / 3 + 1) / 3),
        (RecallMulti(thresh=0.35), (1 + 1 / 2 + 1) / 3),
        (PrecisionMulti(average="micro"), 4 / 6),
        (RecallMulti(average="samples"), (1 + 0 + 1 + 1) / 4),
    ]
    for metric, wanted in expected:
        found = measured(metric, SEVERAL, ANSWERS_OF_SEVERAL, SEVERAL_ACTUAL)
        assert found == pytest.approx(wanted), metric
    answers, actual = np.array(ANSWERS_OF_SEVERAL), np.array(SEVERAL_ACTUAL)
    assert value_of(PerClass("recall"), SEVERAL, answers, actual) == {
        "recall bear": 1.0,
        "recall cat": 0.5,
        "recall dog": 0.5,
    }


def test_average_precision() -> None:
    # By falling probability, precision where one is found: bear 1/1, 2/3; cat 1/1, 2/4; dog 1, 1.
    wanted = ((1 + 2 / 3) / 2 + (1 + 2 / 4) / 2 + 1) / 3
    found = measured(APScoreMulti, SEVERAL, ANSWERS_OF_SEVERAL, SEVERAL_ACTUAL)
    assert found == pytest.approx(wanted)


def test_numbers() -> None:
    answers, actual = [[1.0, 0.0], [2.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [2.0, 3.0], [6.0, 3.0]]
    assert measured(mse, Numbers(2), answers, actual) == pytest.approx((1 + 9 + 1) / 6)
    # Of the squares around the means 3 and 2: 9 of 14, and 2 of 6, are left.
    wanted = ((1 - 9 / 14) + (1 - 2 / 6)) / 2
    assert measured(R2Score, Numbers(2), answers, actual) == pytest.approx(wanted)


# ---- what others warn of -------------------------------------------------------------------


def test_a_class_that_is_never_answered_is_zero_and_one_that_is_not_there_nan() -> None:
    answers, actual = certain([0, 0, 0, 0], 3), np.array([0, 0, 1, 1])
    assert measured(Precision(average="macro"), THREE, answers, actual) == 0.25
    assert measured(Recall(average="macro"), THREE, answers, actual) == 0.5
    assert measured(BalancedAccuracy, THREE, certain([0, 0, 2, 2], 3), actual) == 0.5
    for metric, bear in (("precision", 0.5), ("recall", 1.0), ("f1", 2 / 3)):
        found = value_of(PerClass(metric), THREE, answers, actual)  # type: ignore[arg-type]
        assert list(found.values()) == pytest.approx([bear, 0.0, math.nan], nan_ok=True)
    nothing = certain([0, 0], 2)
    for make in (Precision, Recall, F1Score, MatthewsCorrCoef):
        assert measured(make, TWO, nothing, [0, 0]) == 0.0
    for several in (PrecisionMulti, RecallMulti, F1ScoreMulti):
        assert measured(several, SEVERAL, np.zeros((2, 3)), np.zeros((2, 3))) == 0.0


@pytest.mark.parametrize(
    ("metric", "kind", "answers", "actual"),
    [
        (RocAuc, THREE, probabilities(3, 1)[:4], [0, 1, 0, 1]),
        (RocAuc(multi_class="ovo"), THREE, probabilities(3, 1)[:4], [0, 1, 0, 1]),
        (RocAuc, TWO, probabilities(2, 1)[:2], [1, 1]),
        (RocAucBinary, TWO, probabilities(2, 1)[:2], [0, 0]),
        (RocAucMulti, SEVERAL, probabilities(3, 1)[:2], [[1, 0, 0], [0, 1, 0]]),
        (RocAucMulti, SEVERAL, probabilities(3, 1)[:2], [[1, 0, 1], [0, 1, 1]]),
        (RocAucMulti("samples"), SEVERAL, probabilities(3, 1)[:2], [[1, 0, 1], [0, 0, 0]]),
        (APScoreMulti, SEVERAL, probabilities(3, 1)[:2], [[1, 0, 0], [0, 1, 0]]),
        (CohenKappa, TWO, certain([0, 0], 2), [0, 0]),
        (R2Score, Numbers(1), [[1.0]], [[2.0]]),
    ],
)
def test_what_is_not_defined_is_nan(metric: Any, kind: Any, answers: Any, actual: Any) -> None:
    assert math.isnan(measured(metric, kind, answers, actual))


OF_ONE: list[Any] = [
    F1Score, Precision, Recall, RocAuc, RocAucBinary, BalancedAccuracy, MatthewsCorrCoef,
    CohenKappa, TopKAccuracy(1), top_k_accuracy,
]  # fmt: skip
OF_SEVERAL: list[Any] = [F1ScoreMulti, PrecisionMulti, RecallMulti, RocAucMulti, APScoreMulti]


def test_no_items_answers_that_are_nan_and_items_without_labels_have_no_value() -> None:
    for metric in OF_ONE:
        assert math.isnan(measured(metric, TWO, np.zeros((0, 2)), np.zeros(0, int)))
        assert math.isnan(measured(metric, TWO, certain([0, 1], 2), TWO.unknown(2)))
        if getattr(metric, "needs_answers", False):
            assert math.isnan(measured(metric, TWO, np.full((2, 2), np.nan), [0, 1]))
    for metric in OF_SEVERAL:
        assert math.isnan(measured(metric, SEVERAL, np.zeros((0, 3)), np.zeros((0, 3))))
        assert math.isnan(measured(metric, SEVERAL, np.full((2, 3), np.nan), np.eye(3)[:2]))
    for metric in (mse, R2Score):
        assert math.isnan(measured(metric, Numbers(1), np.zeros((0, 1)), np.zeros((0, 1))))
        assert math.isnan(measured(metric, Numbers(1), np.ones((2, 1)), Numbers(1).unknown(2)))
    for kind in (TWO, SEVERAL):
        empty = value_of(PerClass(), kind, np.zeros((0, kind.size)), kind.unknown(0))
        assert len(empty) == kind.size
        assert all(map(math.isnan, empty.values()))


def test_without_a_learner_classes_are_counted_as_they_come() -> None:
    assert F1Score(average="macro")(PREDICTED, ACTUAL) == pytest.approx(2 / 3)
    found = PerClass()(PREDICTED, ACTUAL)
    assert found == pytest.approx({"recall 0": 2 / 3, "recall 1": 0.5, "recall 2": 1.0})
    assert PerClass()(PREDICTED[:0], ACTUAL[:0]) == {}

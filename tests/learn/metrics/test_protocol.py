"""What a metric is given, what it gives, and what it is called."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from drivetrain.errors import ConfigError
from drivetrain.learn.metrics import F1Score, PerClass, name_of, top_k_accuracy, value_of
from drivetrain.learn.targets import AnyOf, Numbers, OneOf
from drivetrain.metrics import accuracy, accuracy_multi, mae
from drivetrain.schema import Vocab

KIND = OneOf(Vocab(("bear", "cat", "dog")))
ANSWERS = np.array([[0.7, 0.2, 0.1], [0.3, 0.4, 0.3], [0.1, 0.5, 0.4]], np.float32)
ACTUAL = np.array([0, 1, 2])


def test_a_function_is_given_decided_answers_as_targets_are_encoded() -> None:
    given: list[Any] = []

    def keep(predicted: Any, actual: Any) -> float:
        given[:] = [predicted, actual]
        return 0.0

    value_of(keep, KIND, ANSWERS, ACTUAL)
    assert given[0].tolist() == [0, 1, 1]
    assert given[0].dtype == np.int64
    assert given[1] is ACTUAL
    value_of(keep, AnyOf(KIND.vocab), ANSWERS, np.eye(3, dtype=np.float32))
    assert given[0].tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 0]]  # a half is not above a half
    value_of(keep, Numbers(3), ANSWERS, ANSWERS)
    assert given[0].tolist() == ANSWERS.tolist()


def test_a_metric_that_needs_answers_is_given_probabilities() -> None:
    class Certainty:
        needs_answers = True

        def __call__(self, answers: Any, actual: Any) -> float:
            return float(answers[np.arange(len(actual)), actual].mean())

    assert value_of(Certainty(), KIND, ANSWERS, ACTUAL) == {"Certainty": pytest.approx(0.5)}
    of_two = partial(top_k_accuracy, k=2)
    assert value_of(of_two, KIND, ANSWERS, ACTUAL) == {"top_k_accuracy": 1.0}
    assert value_of(partial(top_k_accuracy, k=1), KIND, ANSWERS, ACTUAL) == {
        "top_k_accuracy": pytest.approx(2 / 3)
    }


def test_one_number_has_the_metrics_name_and_several_their_own() -> None:
    assert value_of(accuracy, KIND, ANSWERS, ACTUAL) == {"accuracy": pytest.approx(2 / 3)}
    found = value_of(lambda p, a: {"first": p[0], "last": a[-1]}, KIND, ANSWERS, ACTUAL)
    assert found == {"first": 0.0, "last": 2.0}
    assert all(type(value) is float for value in found.values())
    tensor: Any = lambda p, _: torch.from_numpy(p).float().mean()  # noqa: E731
    assert value_of(tensor, KIND, ANSWERS, ACTUAL) == {"<lambda>": pytest.approx(2 / 3)}
    assert value_of(mae, Numbers(3), ANSWERS, ANSWERS) == {"mae": 0.0}
    assert list(value_of(PerClass(), KIND, ANSWERS, ACTUAL)) == [
        "recall bear",
        "recall cat",
        "recall dog",
    ]


def test_names() -> None:
    class Tenth:
        def __call__(self, predicted: Any, actual: Any) -> float:
            return len(predicted) / len(actual) / 10

    names: dict[str, Any] = {
        "accuracy_multi": accuracy_multi,
        "Tenth": Tenth(),
        "f1_score": F1Score(),
        "f1": F1Score(name="f1"),
        "top_k_accuracy": partial(top_k_accuracy, k=3),
        "recall of each class": PerClass("recall"),
    }
    assert [name_of(metric) for metric in names.values()] == list(names)


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        (
            lambda p, _: p.no_such,
            r"<lambda> failed on decided answers int64 \[3\] and targets int6",
        ),
        (lambda *_: None, "TypeError.*returns a number, or numbers by name"),
        (lambda p, _: p, "<lambda> failed"),
        (lambda *_: {"a": "b"}, "could not convert string to float: 'b'"),
    ],
)
def test_a_metric_that_fails_is_told_with_what_it_was_given(metric: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        value_of(metric, KIND, ANSWERS, ACTUAL)


def test_scikit_learn_is_imported_when_a_metric_is_measured() -> None:
    code = (
        "import sys, numpy as np, drivetrain.learn.metrics as metrics\n"
        "metric = metrics.F1Score(average='macro')\n"
        "before = 'sklearn' in sys.modules\n"
        "metric(np.array([0]), np.array([0]))\n"
        "print(before, 'sklearn' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["False", "True"]

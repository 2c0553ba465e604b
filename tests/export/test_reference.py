"""Fitting the in-domain test on clouds whose shape is known."""

from __future__ import annotations

import numpy as np
import pytest

from drivetrain.bundle.judging import domain_to_bytes
from drivetrain.export.reference import FEWEST, MOST_CENTRES, fit_domain
from drivetrain.judge.domain import Embeddings
from drivetrain.metrics import Indices

SIZE = 64


def cloud(
    count: int, seed: int, *, classes: int = 4, wider: float = 1.0
) -> tuple[Embeddings, Indices]:
    """Embeddings around a centre for each class, long in a few directions."""
    fixed = np.random.default_rng(99)
    centres = fixed.normal(0, 1, (classes, SIZE))
    shape = fixed.normal(0, 0.3, (8, SIZE))
    random = np.random.default_rng(seed)
    targets = np.arange(count) % classes
    noise = random.normal(0, 1, (count, 8)) @ shape + random.normal(0, 0.1, (count, SIZE))
    return (centres[targets] + wider * noise).astype(np.float32), targets


def fitted(count: int = 400, false_reject: float = 0.05, valid: Embeddings | None = None):  # type: ignore[no-untyped-def]  # noqa: ANN201
    x, targets = cloud(count, seed=0)
    seen = cloud(100, seed=1)[0] if valid is None else valid
    found = fit_domain(x, targets, seen, member="domain", false_reject=false_reject)
    assert found is not None
    return found


@pytest.mark.parametrize("false_reject", [0.01, 0.05, 0.2])
def test_new_items_of_the_same_kind_are_rejected_as_often_as_was_asked(false_reject: float) -> None:
    test, record = fitted(false_reject=false_reject)
    new, _ = cloud(8000, seed=2)
    rejected = (test.scores(new) > 1).mean()
    assert rejected == pytest.approx(false_reject, abs=0.4 * false_reject + 0.004)
    assert record.false_reject == false_reject
    assert (record.held_out, record.held_out_from) == (400, "training folds")


def test_what_is_far_from_every_class_is_rejected() -> None:
    test, _ = fitted()
    far = np.random.default_rng(5).normal(0, 1, (200, SIZE)).astype(np.float32)
    between = cloud(200, seed=3)[0] * 0.5 + np.roll(cloud(200, seed=4)[0], 1, axis=0) * 0.5
    assert (test.scores(far) > 1).all()
    assert (test.scores(between) > 1).mean() > 0.9


def test_a_network_that_knows_its_training_items_by_heart_is_judged_on_validation() -> None:
    """Trained on those very pixels, its training clouds are narrower than those of new items."""
    wide, _ = cloud(200, seed=6, wider=1.8)
    test, record = fitted(valid=wide)
    assert (record.held_out, record.held_out_from) == (200, "validation")
    assert record.rejected_valid == pytest.approx(0.05, abs=0.01)
    new, _ = cloud(4000, seed=7, wider=1.8)
    assert (test.scores(new) > 1).mean() == pytest.approx(0.05, abs=0.04)


def test_on_few_items_there_is_no_test() -> None:
    x, targets = cloud(FEWEST - 1, seed=0)
    assert fit_domain(x, targets, x, member="domain", false_reject=0.05) is None


def test_few_items_make_a_careful_border() -> None:
    """Of twenty items no border of one in a hundred can be found: the farthest is it, and told."""
    x, targets = cloud(20, seed=0)
    found = fit_domain(x, targets, x[:0], member="domain", false_reject=0.01)
    assert found is not None
    assert (found[0].scores(x) <= 1).all()
    assert found[1].false_reject == 1 / 21


def test_a_class_with_one_item_and_many_classes_are_borne() -> None:
    x, targets = cloud(60, seed=0)
    targets = targets.copy()
    targets[0] = 77
    assert fit_domain(x, targets, x[:9], member="domain", false_reject=0.05) is not None
    many, _ = cloud(300, seed=0)
    found = fit_domain(many, np.arange(300), many[:9], member="domain", false_reject=0.05)
    assert found is not None
    assert len(found[0].centres) == 1, f"more than {MOST_CENTRES} classes have one centre"


def test_items_that_are_all_alike_are_borne() -> None:
    x = np.ones((40, SIZE), np.float32)
    found = fit_domain(x, np.arange(40) % 2, x[:5], member="domain", false_reject=0.05)
    assert found is not None
    assert (found[0].scores(x) <= 1).all()
    assert (found[0].scores(cloud(40, seed=0)[0]) > 1).all()


def test_it_stays_small_whatever_the_number_of_items() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(2000, 1280)).astype(np.float32)
    found = fit_domain(x, np.arange(2000) % 100, x[:9], member="domain", false_reject=0.05)
    assert found is not None
    assert len(domain_to_bytes(found[0])) < 500_000


def test_the_same_items_give_the_same_test() -> None:
    one, other = fitted(), fitted()
    assert one[1] == other[1]
    np.testing.assert_array_equal(one[0].axes, other[0].axes)

"""Fitting a calibration: the method that gives the best probabilities to items it did not see."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from drivetrain.bundle.manifest import CalibrationRecord, Reliability
from drivetrain.judge.calibration import Calibration, Logits
from drivetrain.judge.reliability import brier_score, expected_calibration_error, log_losses
from drivetrain.metrics import Indices
from drivetrain.schema import Probabilities

FOLDS = 5
FEWEST = 20
"""With fewer items than this nothing is fitted."""

FEWEST_A_CLASS = 50
"""With fewer items a class than this no factors and shifts of each class are fitted."""

FARTHEST = 4.0
"""The logarithm of a factor lies between this below and above zero."""

PULL = 1.0
"""How strongly, in items, factors and shifts of classes are pulled towards a common one."""

Fit = Callable[[Logits, Indices], Calibration]


def fit_calibration(logits: Logits, targets: Indices, *, seed: int = 0) -> CalibrationRecord:
    """The calibration for a network, and what it was worth on held-out folds.

    Each method is fitted on four fifths of the items and judged on the last by the log loss, five
    times. A method with more parameters is taken only where it gains more than the standard error
    of what it gains; the one taken is fitted on all.

    Arguments:
        logits: float32 [N, C] of items that the network was not trained on.
        targets: Their true positions, int64 [N].
        seed: What the folds follow from.
    """
    count, classes = logits.shape
    plain = Calibration()
    before = plain.probabilities(logits)
    if count < FEWEST:
        return CalibrationRecord(items=count, before=_measured(before, targets))
    methods: dict[str, Fit] = {"none": lambda _logits, _targets: plain, "temperature": temperature}
    if count >= FEWEST_A_CLASS * classes:
        methods["vector"] = vector
    held_out = {name: _held_out(fit, logits, targets, seed=seed) for name, fit in methods.items()}
    losses = {name: log_losses(answers, targets) for name, answers in held_out.items()}
    best = "none"
    for name in methods:
        if _gains(losses[best] - losses[name]):
            best = name
    return CalibrationRecord(
        settings=methods[best](logits, targets),
        items=count,
        before=_measured(before, targets),
        after=_measured(held_out[best], targets),
        tried={name: float(each.mean()) for name, each in losses.items()},
    )


def temperature(logits: Logits, targets: Indices) -> Calibration:
    """One factor for all classes (Guo et al. 2017, section 4.2)."""
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    x, truth = logits.astype(np.float64), _softened(targets, logits.shape[1])

    def loss(log_factor: float) -> float:
        return -float((truth * log_softmax(x * np.exp(log_factor), axis=1)).sum())

    found = minimize_scalar(loss, bounds=(-FARTHEST, FARTHEST), method="bounded")
    return Calibration(method="temperature", factor=(float(np.exp(found.x)),))


def vector(logits: Logits, targets: Indices) -> Calibration:
    """A factor and a shift for each class (Guo et al. 2017, section 4.2), pulled towards one."""
    from scipy.optimize import minimize
    from scipy.special import log_softmax

    x, truth = logits.astype(np.float64), _softened(targets, logits.shape[1])
    classes = logits.shape[1]
    start = np.log(temperature(logits, targets).factor[0])

    def loss(parts: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logs, shift = parts[:classes], parts[classes:]
        factor = np.exp(logs)
        answered = log_softmax(x * factor + shift, axis=1)
        away = np.concatenate([logs - logs.mean(), shift])
        wrong = np.exp(answered) - truth
        slope = np.concatenate([(wrong * x).sum(axis=0) * factor, wrong.sum(axis=0)])
        value = -(truth * answered).sum() + PULL * (away**2).sum()
        return float(value), slope + 2 * PULL * away

    first = np.concatenate([np.full(classes, start), np.zeros(classes)])
    bounds = [(-FARTHEST, FARTHEST)] * classes + [(None, None)] * classes
    found = minimize(loss, first, jac=True, bounds=bounds, method="L-BFGS-B").x
    return Calibration(
        method="vector",
        factor=tuple(np.exp(found[:classes]).tolist()),
        shift=tuple(found[classes:].tolist()),
    )


def _gains(differences: NDArray[np.float64]) -> bool:
    """Whether items gain on average, by more than chance may do."""
    error = differences.std(ddof=1) / np.sqrt(len(differences))
    return bool(differences.mean() > error)


def _softened(targets: Indices, classes: int) -> NDArray[np.float64]:
    """The truth with one wrong answer among those not seen yet.

    Without a single error the best factor would be endless (Platt 1999, Probabilistic Outputs for
    Support Vector Machines).
    """
    doubt = 1.0 / (len(targets) + 2)
    return (1.0 - doubt) * np.eye(classes)[targets] + doubt / classes


def _held_out(fit: Fit, logits: Logits, targets: Indices, *, seed: int) -> Probabilities:
    """The probabilities of each item under a calibration that was fitted without it."""
    order = np.random.default_rng(seed).permutation(len(targets))
    answers = np.empty_like(logits)
    for number in range(FOLDS):
        held = order[number::FOLDS]
        kept = np.setdiff1d(order, held)
        answers[held] = fit(logits[kept], targets[kept]).probabilities(logits[held])
    return answers


def _measured(probabilities: Probabilities, targets: Indices) -> Reliability:
    return Reliability(
        ece=expected_calibration_error(probabilities, targets),
        brier=brier_score(probabilities, targets),
        log_loss=float(log_losses(probabilities, targets).mean()),
    )

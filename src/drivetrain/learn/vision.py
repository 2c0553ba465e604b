"""The learner for photos."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from drivetrain.errors import ConfigError
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoaders
from drivetrain.learn.metrics import Metric
from drivetrain.learn.models import image_classifier
from drivetrain.learn.training.seeds import own_random_numbers


def vision_learner(
    dls: DataLoaders,
    arch: str = "tf_efficientnet_lite0",
    *,
    metrics: Metric | Sequence[Metric] = (),
    pretrained: bool = True,
    weights: str | os.PathLike[str] | None = None,
    n_out: int | None = None,
    seed: int = 42,
    **settings: Any,
) -> Learner[DataLoaders]:
    """A learner for photos over any architecture that timm knows.

    Arguments:
        dls: What to train and validate on; the network normalises by ``dls.normalize``, or as
            its pretrained weights want it.
        arch: A name in timm, such as ``tf_efficientnet_lite0`` or ``resnet18``.
        metrics: Functions such as ``error_rate`` and ``accuracy``.
        pretrained: Whether to start from weights that have seen ImageNet.
        weights: A file of weights to start from.
        n_out: Outputs of the model; as many as the data has classes when left out.
        seed: What the head's first weights and dropout follow from.
        settings: Those of :class:`Learner`, such as ``loss_func``, ``cbs``, ``wd`` and ``path``.

    Raises:
        ConfigError: timm knows no such architecture, or the data has several inputs or targets.
        WeightsError: No pretrained weights were found; the message lists the four ways.
    """
    if len(dls.train.inputs) > 1 or len(dls.train.labels) > 1:
        raise ConfigError(
            f"vision_learner takes one photo in and one target out, and the data has "
            f"{len(dls.train.inputs)} inputs and {len(dls.train.labels)} targets.",
            hint="Give Learner a model of your own that takes the inputs, and a loss_func of its "
            "outputs and the targets.",
        )
    with own_random_numbers(seed):
        model, origin = image_classifier(
            arch,
            dls.c if n_out is None else n_out,
            pretrained=pretrained,
            weights=weights,
            normalize=dls.normalize,
        )
    learn = Learner(
        dls,
        model,
        metrics=metrics,
        seed=seed,
        arch=arch,
        weights_origin=origin,
        **settings,
    )
    if pretrained:
        learn.freeze()
    return learn

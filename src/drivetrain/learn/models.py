"""Image classifiers: a backbone from timm and a head of our own."""

from __future__ import annotations

import difflib
import os
from typing import Any

import torch
from torch import Tensor, nn

from drivetrain.errors import ConfigError
from drivetrain.learn.normalize import Normalize
from drivetrain.learn.padding import with_plain_padding
from drivetrain.learn.weights import load_pretrained

HIDDEN = 512


class ImageClassifier(nn.Module):
    """A backbone that sees and a head that decides.

    Arguments:
        body: From normalised float32 [N, 3, H, W] to embeddings float32 [N, D].
        head: From embeddings to logits float32 [N, C].
        mean: The mean of each colour that the body expects to be taken off.
        std: The spread of each colour that the body expects to be divided by.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, body: nn.Module, head: nn.Module, *, mean: tuple[float, ...], std: tuple[float, ...]
    ) -> None:
        super().__init__()
        self.body = body
        self.head = head
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, -1, 1, 1))

    def embed(self, x: Tensor) -> Tensor:
        """Float32 [N, 3, H, W] in 0..1 to embeddings float32 [N, D]."""
        embedding: Tensor = self.body((x - self.mean) / self.std)
        return embedding

    def with_embedding(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Float32 [N, 3, H, W] in 0..1 to logits float32 [N, C] and embeddings float32 [N, D]."""
        embedding = self.embed(x)
        return self.head(embedding), embedding

    def forward(self, x: Tensor) -> Tensor:
        """Float32 [N, 3, H, W] in 0..1 to logits float32 [N, C]."""
        logits: Tensor = self.head(self.embed(x))
        return logits


def image_classifier(
    arch: str,
    num_classes: int,
    *,
    pretrained: bool = True,
    weights: str | os.PathLike[str] | None = None,
    normalize: Normalize | None = None,
) -> tuple[ImageClassifier, str]:
    """A classifier over a timm architecture, and a few words on where its weights came from.

    Arguments:
        arch: A name in timm.
        num_classes: How many logits it gives.
        pretrained: Whether to start from weights that have seen ImageNet.
        weights: A file of weights to start from.
        normalize: Statistics to use instead of those that timm names for the weights.

    Raises:
        ConfigError: timm knows no such architecture, or takes other channels than normalize has.
        WeightsError: No pretrained weights were found.
    """
    import timm

    if not timm.is_model(arch):
        raise ConfigError(f"timm knows no architecture {arch!r}.", hint=_did_you_mean(arch))
    backbone: Any = timm.create_model(arch, pretrained=False)
    origin = load_pretrained(backbone, arch, weights) if pretrained or weights else "random"
    config = backbone.pretrained_cfg
    backbone.reset_classifier(0)
    with_plain_padding(backbone)
    head = classifier_head(
        getattr(backbone, "head_hidden_size", backbone.num_features), num_classes
    )
    mean, std = (normalize or Normalize()).statistics_for(config["mean"], config["std"])
    return ImageClassifier(backbone, head, mean=mean, std=std), origin


def classifier_head(embedding_size: int, num_classes: int) -> nn.Sequential:
    """From embeddings float32 [N, D] to logits float32 [N, C], with one hidden layer."""
    return nn.Sequential(
        nn.BatchNorm1d(embedding_size),
        nn.Dropout(0.25),
        nn.Linear(embedding_size, HIDDEN, bias=False),
        nn.ReLU(inplace=True),
        nn.BatchNorm1d(HIDDEN),
        nn.Dropout(0.5),
        nn.Linear(HIDDEN, num_classes, bias=False),
    )


def _did_you_mean(arch: str) -> str:
    import timm

    close = difflib.get_close_matches(arch, timm.list_models(), n=3, cutoff=0.5)
    names = " or ".join(close) if close else "tf_efficientnet_lite0, resnet18 or convnext_tiny"
    return f"Did you mean {names}?"

"""The network that a table gets unless you say otherwise, and how it is trained."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class TabularDefaults:
    """What was measured to do well on tables of very different size and kind.

    Numbers are read piece by piece, which brings a plain network near boosted trees (Gorishniy,
    Rubachev and Babenko, On Embeddings for Numerical Features in Tabular Deep Learning, 2022).
    Small embeddings and strong decay keep categories of thousands of words from being learned by
    heart (Kadra et al., Well-tuned Simple Nets Excel on Tabular Datasets, 2021). Words are hidden
    now and then, so that the row of the unseen learns too.

    Arguments:
        layers: How wide each dense layer is.
        dropout: How much of each layer's answers a training step leaves out.
        text_dropout: How much of the text features: without, their words are learned by heart.
        pieces: Into how many pieces a number is cut, at most.
        largest_embedding: How many numbers stand for a category, at most.
        unseen_p: How often training takes a known word for one never seen.
        learning_rate: The highest, in the one-cycle schedule.
        weight_decay: Decoupled from the gradient, as in AdamW.
    """

    layers: tuple[int, ...] = (128, 64)
    dropout: float = 0.1
    text_dropout: float = 0.9
    pieces: int = 48
    largest_embedding: int = 16
    unseen_p: float = 0.01
    learning_rate: float = 1e-2
    weight_decay: float = 0.3


DEFAULTS = TabularDefaults()


def batch_size_for(rows: int) -> int:
    """How many training rows go into a step: fewer where there are few, so that steps are many.

    Example:
        >>> batch_size_for(1_000), batch_size_for(10_000), batch_size_for(1_000_000)
        (32, 128, 512)
    """
    return 1 << (min(max(rows // 50, 32), 512).bit_length() - 1)


def epochs_for(rows: int) -> int:
    """How often to go through so many training rows: a thousand large steps are enough.

    Example:
        >>> epochs_for(26_000), epochs_for(240_000), epochs_for(5_000_000)
        (10, 2, 1)
    """
    return min(max(round(1000 * 512 / max(rows, 1)), 1), 10)

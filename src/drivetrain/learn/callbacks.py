"""What may happen around training: each hook says when it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drivetrain.learn.learner import Learner


class Callback:
    """Override the moments that you need; callbacks run by rising ``order``.

    A callback that changes pictures says ``needs_pixels = True``: frozen training, which
    otherwise learns from embeddings, then sends the photos of every epoch through the body.

    Example:
        >>> class StopEarly(Callback):
        ...     def after_epoch(self, learn):
        ...         learn.stop = learn.recorder[-1]["valid_loss"] < 0.1
    """

    order: int = 0
    needs_pixels: bool = False

    def before_fit(self, learn: Learner[Any]) -> None:
        """Called once, before the first epoch."""

    def before_epoch(self, learn: Learner[Any]) -> None:
        """Called before the first batch of each epoch."""

    def before_batch(self, learn: Learner[Any]) -> None:
        """Called before each training batch; ``learn.batch`` holds it and may be replaced."""

    def after_batch(self, learn: Learner[Any]) -> None:
        """Called after each training batch, when the weights have moved."""

    def after_epoch(self, learn: Learner[Any]) -> None:
        """Called after validation, when the epoch's row is in ``learn.recorder``."""

    def after_fit(self, learn: Learner[Any]) -> None:
        """Called once at the end, also when training failed."""

"""What may happen around training: each moment says when it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drivetrain.learn.learner import Learner


class Callback:
    """Override the moments that you need; at each of them callbacks run by rising ``order``.

    A training calls them in this order::

        before_fit
            before_epoch
                before_batch, after_loss, after_backward, after_step, after_batch   (each batch)
                before_validate, after_validate
            after_epoch                                                             (each epoch)
        after_fit

    ``after_step`` is left out where a callback put off the step with ``learn.skip_step``. What
    one of them raises ends the training, after ``after_fit``.

    Frozen training learns from embeddings: a batch then holds embeddings, an epoch goes through
    them ``learn.head_passes`` times, and validation asks the head alone. A callback that changes
    pictures says ``needs_pixels = True``, and the photos of every epoch go through the body.

    Example:
        >>> class StopEarly(Callback):
        ...     def after_epoch(self, learn):
        ...         learn.stop = learn.recorder[-1]["valid_loss"] < 0.1
    """

    order: int = 0
    needs_pixels: bool = False

    def before_fit(self, learn: Learner[Any]) -> None:
        """Once, before the first epoch; ``learn.optimizer`` and ``learn.n_epoch`` are there."""

    def before_epoch(self, learn: Learner[Any]) -> None:
        """Before the first batch of each epoch, whose number from 0 is ``learn.epoch``."""

    def before_batch(self, learn: Learner[Any]) -> None:
        """Before each training batch; ``learn.batch`` holds it and may be replaced."""

    def after_loss(self, learn: Learner[Any]) -> None:
        """When ``learn.loss`` holds the batch's loss, which may be replaced by another tensor."""

    def after_backward(self, learn: Learner[Any]) -> None:
        """When the gradients are there; ``learn.skip_step = True`` keeps them for a later step."""

    def after_step(self, learn: Learner[Any]) -> None:
        """When the weights have moved."""

    def after_batch(self, learn: Learner[Any]) -> None:
        """At the end of each training batch; ``learn.stop = True`` goes on to validation."""

    def before_validate(self, learn: Learner[Any]) -> None:
        """Before an epoch's validation, with the weights that it will judge."""

    def after_validate(self, learn: Learner[Any]) -> None:
        """After an epoch's validation, before its row is written."""

    def after_epoch(self, learn: Learner[Any]) -> None:
        """When the epoch's row is in ``learn.recorder``; ``learn.stop = True`` ends training."""

    def after_fit(self, learn: Learner[Any]) -> None:
        """Once at the end, also when training failed."""

    def state(self) -> dict[str, Any]:
        """What an exact resume needs to know: tensors, and values that JSON can hold, by name."""
        return {}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from what :meth:`state` gave in a training that was cut off."""

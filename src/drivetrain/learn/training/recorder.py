"""What a training came to, epoch by epoch and batch by batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drivetrain.errors import ConfigError
from drivetrain.progress import Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Recorder(list[Row]):
    """The rows of a learner's epochs, and the loss and the learning rate of every batch.

    A row holds ``train_loss``, ``valid_loss``, each metric and ``seconds``.

    Example:
        >>> recorder = Recorder([{"train_loss": 0.7, "valid_loss": 0.6, "seconds": 2.0}])
        >>> recorder[-1]["valid_loss"]
        0.6
    """

    def __init__(self, rows: list[Row] | None = None) -> None:
        super().__init__(rows or [])
        self.losses: list[float] = []
        self.lrs: list[float] = []
        self.ends: list[int] = []
        """How many batches had been trained on at the end of each epoch."""

    @property
    def values(self) -> list[list[float]]:
        """The rows as plain lists, without their seconds."""
        return [[value for name, value in row.items() if name != "seconds"] for row in self]

    @property
    def best(self) -> Row:
        """The row with the smallest validation loss."""
        return min(self, key=lambda row: row["valid_loss"])

    def end_epoch(self, row: Row) -> None:
        """Keep an epoch's row."""
        self.append(row)
        self.ends.append(len(self.losses))

    def state(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return {"rows": list(self), "losses": self.losses, "lrs": self.lrs, "ends": self.ends}

    def load_state(self, state: dict[str, Any]) -> None:
        """Hold what :meth:`state` gave, and nothing else."""
        self[:] = state["rows"]
        self.losses, self.lrs, self.ends = state["losses"], state["lrs"], state["ends"]

    def plot_loss(self, skip_start: int = 5, *, with_valid: bool = True) -> Figure:
        """Draw the loss of every batch, smoothed, and of every validation.

        Arguments:
            skip_start: Batches to leave out at the start, where the loss is high.
            with_valid: Whether to draw the validations.

        Raises:
            ConfigError: Nothing was trained yet.
        """
        from drivetrain.interpret.curves import draw_losses

        self._check_trained()
        valid = [row["valid_loss"] for row in self] if with_valid else []
        return draw_losses(self.losses, valid, self.ends, skip_start=skip_start)

    def plot_sched(self) -> Figure:
        """Draw the learning rate of every batch.

        Raises:
            ConfigError: Nothing was trained yet.
        """
        from drivetrain.interpret.curves import draw_rates

        self._check_trained()
        return draw_rates(self.lrs)

    def _check_trained(self) -> None:
        if not self.losses:
            raise ConfigError("Nothing was trained yet.", hint="Call fine_tune or fit_one_cycle.")

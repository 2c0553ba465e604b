"""What a training was asked for, as a checkpoint holds it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drivetrain.learn.training.equipment import Equipment
from drivetrain.learn.training.schedule import OneCycle, Schedule
from drivetrain.learn.training.state import Plan


def plan_of(
    learn: Equipment[Any], n_epoch: int, schedule: Schedule, lrs: list[float], wd: float
) -> Plan:
    """What a resumed training has to have in common with the one that was cut off."""
    return {
        "epochs": n_epoch,
        "schedule": type(schedule).__name__,
        **_settings(schedule),
        "learning rates": lrs,
        "weight decay": wd,
        "optimizer": getattr(learn.opt_func, "__name__", str(learn.opt_func)),
        "frozen": [not parameter.requires_grad for parameter in learn.model.parameters()],
        "head_passes": learn.head_passes if learn.frozen else None,
        "loss": _described(learn.loss_func),
        "augmentation": [
            _described(each)
            for each in (learn.dls.train.item_transform, *learn.dls.train.batch_transforms)
        ],
        "callbacks": [type(callback).__name__ for callback in learn.cbs],
    }


def _described(part: Any) -> str:
    """What a part was made with, where it says so, or what it is called."""
    words = repr(part)
    if " at 0x" not in words:
        return words
    return str(getattr(part, "__qualname__", type(part).__qualname__))


def _settings(schedule: Schedule) -> dict[str, Any]:
    """What a schedule was made with, as JSON holds it."""
    if not isinstance(schedule, OneCycle):
        return {}
    return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(schedule).items()}

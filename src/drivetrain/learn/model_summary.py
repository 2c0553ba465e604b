"""A model layer by layer: what comes out of each, its parameters, and whether they train."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from drivetrain.errors import ConfigError
from drivetrain.learn.loaders import DataLoaders
from drivetrain.learn.training.seeds import own_random_numbers

PICTURES = 2
"""Items of the batch that goes through the model; shapes say N for them."""

LONGEST_NAME, LONGEST_KIND, LONGEST_SHAPE = 34, 20, 20
MEGABYTE = 10**6
BYTES_A_PARAMETER = 4
HEAD = ("layer", "kind", "output", "parameters", "trains")


class Table(str):
    """Text that a notebook and a console show as it is printed."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


@dataclass
class _Layer:
    """A module with parameters of its own, or without further modules inside."""

    name: str
    module: nn.Module
    parameters: int
    trained: int
    output: str = "not called"

    def cells(self) -> tuple[str, ...]:
        """As a row of the table."""
        trains = "yes" if self.trained else "no" if self.parameters else ""
        if 0 < self.trained < self.parameters:
            trains = "partly"
        return (
            _cut(self.name or "(model)", LONGEST_NAME),
            _cut(type(self.module).__name__, LONGEST_KIND),
            _cut(self.output, LONGEST_SHAPE),
            f"{self.parameters:,}" if self.parameters else "",
            trains,
        )


def summarize(model: nn.Module, dls: DataLoaders) -> Table:
    """The layers of a model as a table, with the totals under it.

    A batch of zeros goes through the model, which stays as it is. A parameter that several
    layers share counts once, for the first. Modules that do nothing are left out.

    Arguments:
        model: The model.
        dls: Whose inputs it takes.

    Raises:
        ConfigError: The model does not take them.
    """
    layers = _layers(model)
    shapes = [(PICTURES, *given.shape(training=False)) for given in dls.valid.inputs]
    batch = [torch.zeros(shape, device=dls.valid.device) for shape in shapes]
    with _noting_outputs(layers), _answering(model):
        try:
            model(*batch)
        except (RuntimeError, TypeError, ValueError, IndexError) as problem:
            taken = " and ".join(_shape(x) for x in batch)
            raise ConfigError(
                f"The model does not take the data's inputs, {taken}: {problem}",
                hint="Its first layer has to fit them: float32 [N, 3, H, W], one for each input.",
            ) from problem
    total = sum(layer.parameters for layer in layers)
    trained = sum(layer.trained for layer in layers)
    lines = [
        f"{type(model).__name__} of {' and '.join(_shape(x) for x in batch)}",
        "",
        *_aligned([HEAD, *(layer.cells() for layer in layers)]),
        "",
        f"{total:,} parameters, {trained:,} of them train; "
        f"{total * BYTES_A_PARAMETER / MEGABYTE:,.1f} MB as float32",
    ]
    return Table("\n".join(lines))


def _layers(model: nn.Module) -> list[_Layer]:
    layers, counted = [], set[int]()
    for name, module in model.named_modules():
        own = [each for each in module.parameters(recurse=False) if id(each) not in counted]
        counted.update(id(each) for each in own)
        is_leaf = not any(True for _ in module.children())
        if own or (is_leaf and not isinstance(module, nn.Identity)):
            trained = sum(each.numel() for each in own if each.requires_grad)
            layers.append(_Layer(name, module, sum(each.numel() for each in own), trained))
    return layers


@contextmanager
def _noting_outputs(layers: Sequence[_Layer]) -> Iterator[None]:
    """Inside, every layer that is called says the shape of what comes out of it."""

    def noting(layer: _Layer) -> Any:
        def hook(module: nn.Module, given: Any, output: Any) -> None:  # noqa: ARG001
            layer.output = _shape(output)

        return hook

    hooks = [layer.module.register_forward_hook(noting(layer)) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def _answering(model: nn.Module) -> Iterator[None]:
    """Inside, the model answers and does not train; each module's mode comes back."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.inference_mode(), own_random_numbers(0):
            yield
    finally:
        for module, training in modes:
            module.training = training


def _shape(output: Any) -> str:
    """A shape in which N stands for the items of a batch, also where an axis folds them in."""
    if isinstance(output, list | tuple) and output:
        more = f" and {len(output) - 1} more" if len(output) > 1 else ""
        return f"{_shape(output[0])}{more}"
    if not isinstance(output, Tensor):
        return type(output).__name__
    if not output.ndim:
        return "[]"
    first, *others = output.shape
    folded, rest = divmod(first, PICTURES)
    items = str(first) if rest or not folded else f"{folded}N" if folded > 1 else "N"
    return f"[{', '.join([items, *map(str, others)])}]"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows with columns under each other; numbers stand to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if name == "parameters" else cell.ljust(width)
            for name, cell, width in zip(HEAD, row, widths, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return [lines[0], "─" * max(map(len, lines)), *lines[1:]]


def _cut(text: str, longest: int) -> str:
    """The end of a long text: it tells layers apart."""
    return text if len(text) <= longest else f"…{text[1 - longest :]}"

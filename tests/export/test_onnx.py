"""A program answers as its module does, at any batch size, and tells nothing of this machine."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import timm
import torch
from conftest import REPOSITORY, tiny_classifier
from torch import Tensor, nn

from drivetrain.engine import onnxruntime
from drivetrain.export import onnx as exporting
from drivetrain.export.onnx import to_onnx
from drivetrain.learn.padding import PaddedConv2d

pytestmark = pytest.mark.usefixtures("one_torch_thread")

SIDE = 32
Exporter = Callable[..., bytes | None]


class Both(nn.Module):
    """A user's own network with two outputs, one of which the other follows from."""

    def __init__(self) -> None:
        super().__init__()
        self.see = nn.Sequential(PaddedConv2d(3, 8, 3, stride=2), nn.BatchNorm2d(8), nn.SiLU())
        self.decide = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        embedding = self.see(x.permute(0, 3, 1, 2).float().div(255)).mean(dim=(2, 3))
        return self.decide(embedding), embedding


def trained(module: nn.Module) -> nn.Module:
    """Batch statistics as training leaves them, which is never zero and one."""
    random = torch.Generator().manual_seed(1)
    for name, buffer in module.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            buffer.copy_(torch.rand(buffer.shape, generator=random) + 0.5)
    return module.eval()


def example(module: nn.Module, count: int, seed: int = 0) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    if isinstance(module, Both):
        return torch.randint(0, 256, (count, 20, 21, 3), dtype=torch.uint8, generator=random)
    return torch.rand(count, 3, SIDE, SIDE, generator=random)


def made(name: str) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        if name == "own":
            return trained(Both())
        if name == "tiny":
            return trained(tiny_classifier())
        settings: dict[str, Any] = {"img_size": SIDE} if "vit" in name else {}
        return trained(timm.create_model(name, num_classes=3, **settings))


def names_of(module: nn.Module) -> list[str]:
    return ["logits", "embedding"] if isinstance(module, Both) else ["logits"]


def answers(program: bytes, x: Tensor) -> list[np.ndarray[Any, Any]]:
    session = onnxruntime.InferenceSession(program, providers=["CPUExecutionProvider"])
    assert [given.name for given in session.get_inputs()] == ["x"]
    found: list[np.ndarray[Any, Any]] = session.run(None, {"x": x.numpy()})
    return found


def in_torch(module: nn.Module, x: Tensor) -> list[np.ndarray[Any, Any]]:
    with torch.inference_mode():
        found = module(x)
    return [tensor.numpy() for tensor in (found if isinstance(found, tuple) else (found,))]


def assert_answers_alike(program: bytes, module: nn.Module) -> None:
    for count in (1, 2, 5):
        x = example(module, count, seed=count)
        for found, expected in zip(answers(program, x), in_torch(module, x), strict=True):
            # Two engines add in another order: some units in the last place of float32.
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("exporter", [exporting._traced, exporting._followed])
@pytest.mark.filterwarnings("ignore")  # exporters warn their own authors; to_onnx hides it
def test_both_exporters_give_the_module_s_answers_at_any_batch_size(exporter: Exporter) -> None:
    module = made("own")
    program = exporter(module, example(module, 2), ["x"], names_of(module))
    assert program is not None
    assert_answers_alike(program, module)


@pytest.mark.parametrize(
    "name", ["tiny", "own", "test_resnet", "test_efficientnet", "test_convnext", "test_vit"]
)
def test_networks_of_different_families_are_traced_and_answer_as_in_torch(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "_followed", lambda *_: pytest.fail("was not traced"))
    module = made(name)
    program = to_onnx(module, example(module, 2), inputs=["x"], outputs=names_of(module))
    assert_answers_alike(program, module)


class MemorisesBatch(nn.Module):
    """A trace holds the size of the example's batch as a number."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=(1, 2, 3))[:, None] * torch.ones(len(x), 1)


class MemorisesContent(nn.Module):
    """A trace holds what the example's pictures, which are black, decided."""

    def forward(self, x: Tensor) -> Tensor:
        means = x.mean(dim=(1, 2, 3))
        return means + 1 if bool(x.max() > 0) else means


class AddsLogarithms(nn.Module):
    """The older exporter does not know the operation, the newer one does."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.logaddexp(x, 2 * x).mean(dim=(1, 2, 3))[:, None]


class PoolsUnevenly(nn.Module):
    """The older exporter knows the operation, but not from 8 pixels to 3."""

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.adaptive_max_pool2d(x, 3).mean(dim=(1, 2, 3))[:, None]


@pytest.mark.parametrize(
    "module", [MemorisesBatch(), MemorisesContent(), AddsLogarithms(), PoolsUnevenly()]
)
@pytest.mark.filterwarnings("ignore")
def test_a_trace_that_fails_or_answers_otherwise_is_not_taken(
    module: nn.Module, capfd: pytest.CaptureFixture[str]
) -> None:
    assert exporting._traced(module.eval(), torch.zeros(2, 3, 8, 8), ["x"], ["y"]) is None
    assert capfd.readouterr() == ("", "")


def test_where_the_older_exporter_does_not_know_an_operation_the_newer_one_is_taken() -> None:
    module = AddsLogarithms()
    program = to_onnx(module, torch.zeros(2, 3, 8, 8), inputs=["x"], outputs=["y"])
    x = torch.rand(5, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    np.testing.assert_allclose(answers(program, x)[0], in_torch(module, x)[0], rtol=1e-5)


def test_where_torch_has_no_older_exporter_the_newer_one_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    newer = torch.onnx.export

    def export(*arguments: Any, dynamo: bool, **settings: Any) -> Any:
        if not dynamo:
            raise TypeError("dynamo=False is gone")
        return newer(*arguments, dynamo=True, **settings)

    monkeypatch.setattr(torch.onnx, "export", export)
    module = made("tiny")
    program = to_onnx(module, example(module, 2), inputs=["x"], outputs=["logits"])
    assert_answers_alike(program, module)


def test_a_normalisation_and_its_padding_become_part_of_the_convolution(tmp_path: Path) -> None:
    module = made("own")
    program = to_onnx(module, example(module, 2), inputs=["x"], outputs=names_of(module))
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    options.log_severity_level = 4
    onnxruntime.InferenceSession(program, options, providers=["CPUExecutionProvider"])
    kinds = [node.op_type for node in onnx.load(tmp_path / "optimised.onnx").graph.node]
    assert kinds.count("Conv") == 1
    assert not {"Pad", "BatchNormalization"} & set(kinds)


def test_a_program_holds_no_path_and_no_note_of_this_machine() -> None:
    module = made("own")
    program = to_onnx(module, example(module, 2), inputs=["x"], outputs=names_of(module))
    for folder in (REPOSITORY, Path(torch.__file__).parent, Path.home()):
        assert str(folder).encode() not in program
    nodes = onnx.load_from_string(program).graph.node
    assert len(nodes)
    assert not any(node.doc_string or node.metadata_props for node in nodes)


def test_an_export_says_nothing_and_draws_no_random_numbers(
    capfd: pytest.CaptureFixture[str],
) -> None:
    module = made("own")
    before = torch.random.get_rng_state()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        to_onnx(module, example(module, 2), inputs=["x"], outputs=names_of(module))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert capfd.readouterr() == ("", "")

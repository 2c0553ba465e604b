"""What makes training fast changes no number."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from typing import Any

import pytest
import torch
from torch import nn

from drivetrain.learn.training import speed
from drivetrain.learn.training.speed import fast_memory, laid_out, lay_out

pytestmark = pytest.mark.usefixtures("one_torch_thread")

CPU = torch.device("cpu")


def test_pictures_are_laid_out_channels_last_and_keep_their_values() -> None:
    x = torch.rand(2, 3, 4, 5)
    out = laid_out(x)
    assert torch.equal(out, x)
    assert out.is_contiguous(memory_format=torch.channels_last)
    assert not out.is_contiguous()


@pytest.mark.parametrize("shape", [(4, 8), (4,), (2, 3, 4, 5, 6)])
def test_what_is_no_batch_of_pictures_stays_as_it_is(shape: tuple[int, ...]) -> None:
    x = torch.rand(shape)
    assert laid_out(x) is x


def test_weights_are_laid_out_alike_and_answer_the_same() -> None:
    model: Any = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)).eval()
    weight = model[0].weight.detach().clone()
    x = torch.rand(2, 3, 9, 9)
    expected = model(x)
    parameters = [id(parameter) for parameter in model.parameters()]
    lay_out(model, CPU)
    assert torch.equal(model[0].weight, weight)
    assert model[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert [id(parameter) for parameter in model.parameters()] == parameters
    torch.testing.assert_close(model(laid_out(x)), expected, atol=1e-6, rtol=1e-5)


def test_mps_keeps_its_own_layout() -> None:
    model = nn.Conv2d(3, 8, 3)
    lay_out(model, torch.device("mps"))
    assert model.weight.is_contiguous()


class Library:
    """What glibc is asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, ...]] = []

    def mallopt(self, setting: int, value: int) -> None:
        self.asked.append((setting, value))

    def malloc_trim(self, pad: int) -> None:
        self.asked.append((pad,))


def test_memory_is_kept_inside_and_given_back_also_after_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = Library()
    monkeypatch.setattr(speed, "_glibc", lambda: library)
    with suppress(KeyError), fast_memory(CPU):
        inside = len(library.asked)
        raise KeyError
    assert inside == 2
    assert {value for _, value in library.asked[:2]} == {speed.KEEP_ALL}
    assert library.asked[2:] == [
        (speed.MMAP_THRESHOLD, speed.MMAP_LARGEST),
        (speed.TRIM_THRESHOLD, speed.TRIM_LARGEST),
        (0,),
    ]


def test_other_devices_and_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library()
    monkeypatch.setattr(speed, "_glibc", lambda: library)
    with fast_memory(torch.device("cuda")):
        pass
    assert library.asked == []
    monkeypatch.setattr(speed, "_glibc", lambda: None)
    with fast_memory(CPU):
        pass


def test_glibc_is_found_on_linux_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    speed._glibc.cache_clear()
    found = speed._glibc()
    assert found is None or isinstance(found, ctypes.CDLL)
    speed._glibc.cache_clear()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert speed._glibc() is None
    speed._glibc.cache_clear()

"""The fastest device is measured where there are several, and one that fails is out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from drivetrain.errors import ConfigError
from drivetrain.learn import devices
from drivetrain.learn.devices import (
    SECONDS_TO_MEASURE,
    chosen_device,
    default_device,
    devices_at_hand,
    fastest,
    steps_a_second,
)

pytestmark = pytest.mark.usefixtures("one_torch_thread")

CUDA, MPS, CPU = torch.device("cuda"), torch.device("mps"), torch.device("cpu")


@pytest.fixture(autouse=True)
def measured_anew() -> Iterator[None]:
    default_device.cache_clear()
    yield
    default_device.cache_clear()


@pytest.mark.parametrize(
    ("speeds", "expected"),
    [
        ({CUDA: 90.0, CPU: 4.0}, CUDA),
        ({CUDA: 3.0, CPU: 4.0}, CPU),
        ({MPS: 5.0, CPU: 4.0}, MPS),
        ({CUDA: 1.0, MPS: 2.0, CPU: 3.0}, CPU),
    ],
)
def test_the_device_with_the_most_steps_a_second_is_taken(
    speeds: dict[torch.device, float], expected: torch.device
) -> None:
    assert fastest(list(speeds), lambda device, _: speeds[device]) == expected


@pytest.mark.parametrize(
    "problem", [RuntimeError("no kernel image"), NotImplementedError("conv"), MemoryError()]
)
def test_a_device_that_fails_is_out(problem: Exception) -> None:
    def measure(device: torch.device, _: float) -> float:
        if device == CUDA:
            raise problem
        return 0.001

    assert fastest([CUDA, CPU], measure) == CPU


def test_the_devices_share_the_time() -> None:
    given: list[float] = []

    def measure(_: torch.device, seconds: float) -> float:
        given.append(seconds)
        return 1.0

    fastest([CUDA, MPS, CPU], measure)
    assert sum(given) == pytest.approx(SECONDS_TO_MEASURE)


def test_a_single_device_is_not_measured() -> None:
    assert fastest([CPU], lambda *_: pytest.fail("measured")) == CPU


def test_the_default_is_measured_once_among_those_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[torch.device] = []

    def measure(device: torch.device, _: float) -> float:
        measured.append(device)
        return 9.0 if device == CUDA else 1.0

    monkeypatch.setattr(devices, "devices_at_hand", lambda: [CUDA, CPU])
    monkeypatch.setattr(devices, "steps_a_second", measure)
    assert chosen_device(None) == chosen_device(None) == CUDA
    assert measured == [CUDA, CPU]


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [(True, False, [CUDA, CPU]), (False, True, [MPS, CPU]), (False, False, [CPU])],
)
def test_what_this_machine_can_train_on(
    cuda: bool, mps: bool, expected: list[torch.device], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert devices_at_hand() == expected


def test_steps_on_the_cpu_are_counted_and_end_in_time() -> None:
    """Whatever the time, at least one step counts, and three are enough."""
    before = torch.get_rng_state()
    assert 0 < steps_a_second(CPU, 0.0) < 1e6
    assert 0 < steps_a_second(CPU, 60.0) < 1e6
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", ["cpu", "cpu:0", CPU])
def test_a_device_that_is_named_is_taken_unmeasured(
    name: str | torch.device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "steps_a_second", lambda *_: pytest.fail("measured"))
    assert chosen_device(name).type == "cpu"


@pytest.mark.parametrize("name", ["cuda:99", "gpu", "", "cpu:x"])
def test_a_device_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="none of this machine's") as refused:
        chosen_device(name)
    assert "Leave it out for cpu" in str(refused.value.hint)

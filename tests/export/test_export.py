"""Exporting: what disagrees with the learner is never written."""

from __future__ import annotations

import copy
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import TinyBody, tiny_learner
from safetensors.torch import load
from torch import Tensor

from drivetrain.bundle import Bundle
from drivetrain.bundle.reader import WEIGHTS
from drivetrain.errors import BundleCorruptError, ConfigError, DataError, OutputError, ParityError
from drivetrain.export import export_bundle
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoaders


class Moody(TinyBody):
    """Sees otherwise in torch than in an exported program: as an unfaithful export would."""

    def forward(self, x: Tensor) -> Tensor:
        tracing = torch._C._get_tracing_state() is not None
        mood = 0.0 if tracing or torch.compiler.is_exporting() else 1.0
        return super().forward(x) + mood


def test_what_disagrees_with_the_learner_is_not_written(colours: Path, tmp_path: Path) -> None:
    learn = tiny_learner(colours)
    learn.model.body = Moody()
    target = tmp_path / "model.bundle"
    target.write_bytes(b"before")
    with pytest.raises(
        ParityError, match=r"The learner and the bundle disagree on .*\.jpg.*Nothing was"
    ):
        learn.export(target)
    assert target.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["model.bundle"]


def test_the_manifest_tells_what_was_measured(bundle: Path, trained: Learner[DataLoaders]) -> None:
    manifest = Bundle.open(bundle).manifest
    row = trained.validate()
    assert manifest.training.metrics["error_rate"] == pytest.approx(row["error_rate"])
    assert manifest.training.valid_items == len(trained.dls.valid.items) == 9
    assert sum(map(sum, manifest.training.confusion)) == 9
    assert {parity.items for parity in manifest.parity} == {8, 9}
    assert {parity.same_labels for parity in manifest.parity} == {1.0}
    assert manifest.target.vocab == ("blue", "green", "red")
    assert manifest.network.arch == "tiny"
    assert manifest.preparation["size"] == [32, 32]


def test_the_weights_are_those_of_the_model(bundle: Path, trained: Learner[DataLoaders]) -> None:
    weights = load(Bundle.open(bundle).members[WEIGHTS])
    state = trained.model.state_dict()
    assert weights.keys() == state.keys()
    assert all(torch.equal(weights[name], tensor) for name, tensor in state.items())


def test_samples_can_stay_at_home(trained: Learner[DataLoaders], tmp_path: Path) -> None:
    file = export_bundle(trained, tmp_path / "private.bundle", samples=0)
    opened = Bundle.open(file)
    assert opened.manifest.samples == ()
    assert not [name for name in opened.members if name.startswith("samples")]


def test_a_bad_file_in_validation_does_not_shift_the_answers(colours: Path, tmp_path: Path) -> None:
    folder = tmp_path / "colours"
    shutil.copytree(colours, folder)
    learn = tiny_learner(folder)
    broken = learn.dls.valid.items[2]
    Path(broken).write_bytes(b"no picture")
    with pytest.warns(UserWarning, match="Left out"):
        file = learn.export(tmp_path / "model.bundle")
    assert Bundle.open(file).manifest.training.valid_items == 8


def test_a_model_without_body_and_head_says_so(colours: Path, tmp_path: Path) -> None:
    dls = tiny_learner(colours).dls
    flat = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 32 * 32, 3))
    with pytest.raises(ConfigError, match="gives no embedding"):
        Learner(dls, flat).export(tmp_path / "model.bundle")


def test_a_folder_that_is_missing_is_told_by_its_path(
    trained: Learner[DataLoaders], tmp_path: Path
) -> None:
    with pytest.raises(OutputError, match="nowhere"):
        trained.export(tmp_path / "nowhere" / "model.bundle")


def test_large_originals_are_stored_small(trained: Learner[DataLoaders], tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (900, 1200, 3), np.uint8)
    learn = copy.copy(trained)
    valid = trained.dls.valid
    photos = replace(valid.inputs[0], items=[noise, *valid.items[1:]])
    learn.dls = replace(trained.dls, valid=replace(valid, inputs=(photos,)))
    opened = Bundle.open(export_bundle(learn, tmp_path / "model.bundle", samples=1))
    assert 10_000 < len(opened.members["samples/0"]) < 256 * 1024


def test_a_class_of_which_nothing_could_be_read_is_refused(colours: Path, tmp_path: Path) -> None:
    folder = tmp_path / "colours"
    shutil.copytree(colours, folder)
    for photo in (folder / "red").iterdir():
        photo.write_bytes(b"no picture")
    learn = tiny_learner(folder)
    with pytest.warns(UserWarning, match="Left out"):
        learn.fit_one_cycle(1)
    with pytest.raises(DataError, match="Not one training item of red"):
        learn.export(tmp_path / "model.bundle")


def test_a_photo_that_is_mended_meanwhile_stays_left_out(colours: Path, tmp_path: Path) -> None:
    folder = tmp_path / "colours"
    shutil.copytree(colours, folder)
    learn = tiny_learner(folder)
    broken = Path(learn.dls.valid.items[0])
    content = broken.read_bytes()
    broken.write_bytes(b"no picture")
    with pytest.warns(UserWarning, match="Left out"):
        learn.validate()
    broken.write_bytes(content)
    opened = Bundle.open(learn.export(tmp_path / "model.bundle"))
    assert opened.manifest.training.valid_items == 8
    assert opened.manifest.training.train_items == 27
    assert sum(opened.manifest.training.class_counts.values()) == 35


def test_a_network_that_answers_no_numbers_is_not_written(colours: Path, tmp_path: Path) -> None:
    learn = tiny_learner(colours)
    learn.model.head[-1].weight.data.fill_(float("nan"))  # type: ignore[index, union-attr]
    with pytest.raises((ParityError, BundleCorruptError)):
        learn.export(tmp_path / "model.bundle")
    assert list(tmp_path.iterdir()) == []

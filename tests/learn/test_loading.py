"""Loading: a bundle becomes a learner again, which answers as before and trains on."""

from __future__ import annotations

import json
import pickle
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import colour_block, write_colours

from drivetrain.bundle import Bundle
from drivetrain.bundle.archive import pack, sha256
from drivetrain.bundle.reader import MANIFEST, MODEL, WEIGHTS
from drivetrain.data import GrandparentSplitter, RandomSplitter, get_image_files, parent_label
from drivetrain.errors import BundleCorruptError, BundleError, ConfigError
from drivetrain.judge.calibration import softmax
from drivetrain.learn.block import DataBlock
from drivetrain.learn.blocks import CategoryBlock, ImageBlock, MultiCategoryBlock
from drivetrain.learn.further_data import OtherPreparationWarning
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoaders
from drivetrain.learn.loading import load_learner
from drivetrain.learn.normalize import Normalize
from drivetrain.learn.transforms import RandomResizedCrop, Resize
from drivetrain.learn.vision import vision_learner
from drivetrain.metrics import mae
from drivetrain.predictor import Predictor

pytestmark = pytest.mark.usefixtures("one_torch_thread")

ARCH = "test_resnet"  # timm's own smallest, made for tests


@pytest.fixture(scope="module")
def before(colours: Path) -> Learner[DataLoaders]:
    """A trained learner whose network timm knows; do not train it further."""
    dls = colour_block().dataloaders(colours, bs=8, device="cpu")
    learn = vision_learner(dls, ARCH, pretrained=False)
    learn.reporter.quiet = True
    learn.fit_one_cycle(2)
    return learn


@pytest.fixture(scope="module")
def file(before: Learner[DataLoaders], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of it."""
    return before.export(tmp_path_factory.mktemp("loading") / "colours.bundle")


@pytest.fixture(scope="module")
def photos(colours: Path) -> list[Path]:
    return get_image_files(colours)[::5]


def loaders(folder: Path, target: object = CategoryBlock, item_tfms: object = None) -> DataLoaders:
    """Data of a folder of colours, as the learner before was given it unless something is said."""
    block = DataBlock(
        blocks=(ImageBlock, target),
        get_items=get_image_files,
        splitter=RandomSplitter(valid_pct=0.25, seed=1),
        get_y=parent_label,
        item_tfms=item_tfms or Resize(32),
    )
    return block.dataloaders(folder, bs=8, device="cpu")


def quiet(learn: Learner[DataLoaders]) -> Learner[DataLoaders]:
    learn.reporter.quiet = True
    return learn


def rewritten(
    file: Path, to: Path, members: dict[str, bytes] | None = None, arch: str = ARCH
) -> Path:
    """A bundle with other members or another architecture, sealed anew."""
    bundle = Bundle.open(file)
    contents = bundle.members | (members or {})
    manifest = json.loads(bundle.manifest.to_json())
    manifest["network"]["arch"] = arch
    for name, content in contents.items():
        manifest["members"][name] = {"size": len(content), "sha256": sha256(content)}
    to.write_bytes(pack({MANIFEST: json.dumps(manifest).encode()} | contents))
    return to


# ---- without data -------------------------------------------------------------------------------


def test_it_answers_as_the_learner_before_and_as_the_bundle_uncalibrated(
    file: Path, before: Learner[DataLoaders], photos: list[Path]
) -> None:
    learn = quiet(load_learner(file))
    found, targets = learn.get_preds(dl=learn.dls.test_dl(photos))
    expected, _ = before.get_preds(dl=before.dls.test_dl(photos))
    predictor = Predictor.open(file)
    logits, _ = predictor.network(np.stack([predictor.preparation(photo) for photo in photos]))
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)
    assert np.abs(found.numpy() - softmax(logits)).max() < 1e-4
    assert targets.tolist() == [-1] * len(photos)
    label, index, probabilities = learn.predict(photos[0])
    assert learn.dls.vocab[index] == label
    torch.testing.assert_close(probabilities, expected[0], atol=1e-5, rtol=0)


def test_it_answers_in_plain_soft_max_where_the_bundle_is_calibrated(
    file: Path, photos: list[Path]
) -> None:
    plain = load_learner(file).predict(photos[0])[2].numpy()
    predictor = Predictor.open(file)
    logits, _ = predictor.network(predictor.preparation(photos[0])[None])
    settings = predictor.bundle.manifest.calibration.settings
    assert plain == pytest.approx(softmax(logits)[0], abs=1e-4)
    assert predictor.predict(photos[0]).probabilities == pytest.approx(
        settings.probabilities(logits)[0], abs=1e-6
    )


def test_its_preparation_is_the_bundles(colours: Path, tmp_path: Path) -> None:
    dls = loaders(colours, item_tfms=RandomResizedCrop((32, 48)))
    learn = quiet(vision_learner(dls, ARCH, pretrained=False))
    loaded = load_learner(learn.export(tmp_path / "wide.bundle", samples=0))
    found = loaded.dls.valid.item_transform.preparation
    assert found == dls.valid.item_transform.preparation
    assert found.size == (32, 48)
    assert found.crop_fraction == 0.875


def test_the_statistics_that_the_network_normalises_by_come_back(
    colours: Path, tmp_path: Path
) -> None:
    dls = loaders(colours)
    dls.normalize = Normalize.from_stats((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    learn = quiet(vision_learner(dls, ARCH, pretrained=False))
    model = load_learner(learn.export(tmp_path / "m.bundle", samples=0)).model
    assert model.mean.flatten().tolist() == pytest.approx([0.1, 0.2, 0.3])  # type: ignore[operator]
    assert model.std.flatten().tolist() == pytest.approx([0.4, 0.5, 0.6])  # type: ignore[operator]


@pytest.mark.parametrize(
    "act",
    [
        lambda learn: learn.fine_tune(1),
        lambda learn: learn.fine_tune(budget="5s"),
        lambda learn: learn.fit_one_cycle(1),
        lambda learn: learn.fit(1),
        lambda learn: learn.lr_find(),
        lambda learn: learn.validate(),
        lambda learn: learn.get_preds(),
        lambda learn: learn.tta(),
        lambda learn: learn.show_results(),
        lambda learn: learn.export("again.bundle"),
        lambda learn: learn.dls.one_batch(),
        lambda learn: learn.dls.show_batch(),
    ],
)  # fmt: skip
def test_what_takes_data_asks_for_it_in_words(
    act: object, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    learn = load_learner(file)
    trainable = [parameter.requires_grad for parameter in learn.model.parameters()]
    with pytest.raises(ConfigError, match=r"has no data yet\. .*learn\.dls = ") as caught:
        act(learn)  # type: ignore[operator]
    assert "learn.predict(INPUT)" in caught.value.hint
    assert [parameter.requires_grad for parameter in learn.model.parameters()] == trainable
    assert list(tmp_path.iterdir()) == []


# ---- with data ----------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["at once", "afterwards"])
def test_it_trains_on_and_the_next_bundle_names_the_first(
    when: str, file: Path, colours: Path, tmp_path: Path
) -> None:
    dls = loaders(colours)
    learn = quiet(load_learner(file, dls if when == "at once" else None))
    if when == "afterwards":
        learn.dls = dls
    kept = learn.model.head[-1].weight.clone()  # type: ignore[index, union-attr]
    learn.fine_tune(1)
    assert not torch.equal(kept, learn.model.head[-1].weight)  # type: ignore[index, union-attr]
    opened = Bundle.open(learn.export(tmp_path / "next.bundle", notes="Trained on."))
    network = opened.manifest.network
    assert network.pretrained_from == f"bundle {Bundle.open(file).short_id}"
    assert network.arch == ARCH
    assert opened.manifest.training.notes == "Trained on."
    assert Predictor(opened).verify() < 1e-3


def test_training_on_begins_where_the_bundle_ended(
    file: Path, before: Learner[DataLoaders], colours: Path
) -> None:
    learn = quiet(load_learner(file, loaders(colours), metrics=[]))
    assert learn.validate()["valid_loss"] == pytest.approx(
        before.validate()["valid_loss"], abs=1e-5
    )
    assert learn.metrics == []


def test_further_data_may_bring_weights_of_its_classes(file: Path, colours: Path) -> None:
    dls = loaders(colours)
    dls.class_weights = torch.tensor([100.0, 1.0, 1.0])
    plain, weighted = (
        quiet(load_learner(file, each)).validate()["valid_loss"] for each in (loaders(colours), dls)
    )
    assert abs(plain - weighted) > 1e-4


def test_classes_that_differ_are_named_and_nothing_is_changed(file: Path, tmp_path: Path) -> None:
    folder = write_colours(tmp_path / "colours", photos_a_class=8)
    (folder / "red").rename(folder / "rouge")
    learn = load_learner(file)
    empty = learn.dls
    with pytest.raises(ConfigError, match=r"'rouge' new in the data; 'red' missing") as caught:
        learn.dls = loaders(folder)
    assert str(file) in caught.value.message
    assert "train a new model" in caught.value.hint
    assert learn.dls is empty


def test_a_class_that_is_missing_is_to_be_added(file: Path, tmp_path: Path) -> None:
    folder = write_colours(tmp_path / "colours", photos_a_class=8)
    shutil.rmtree(folder / "red")
    with pytest.raises(ConfigError, match="'red' missing from it") as caught:
        load_learner(file, loaders(folder))
    assert caught.value.hint.startswith("Add items of red")


def test_classes_in_another_order_are_brought_into_it(
    file: Path, before: Learner[DataLoaders], colours: Path, photos: list[Path]
) -> None:
    learn = quiet(load_learner(file, loaders(colours, CategoryBlock(["red", "blue", "green"]))))
    found, _ = learn.get_preds(dl=learn.dls.test_dl(photos))
    expected, _ = before.get_preds(dl=before.dls.test_dl(photos))
    torch.testing.assert_close(found, expected[:, [2, 0, 1]], atol=1e-6, rtol=0)
    assert learn.validate()["error_rate"] == pytest.approx(1 - accuracy_of(before), abs=1e-6)
    learn.dls = loaders(colours)
    found, _ = learn.get_preds(dl=learn.dls.test_dl(photos))
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)


def accuracy_of(learn: Learner[DataLoaders]) -> float:
    answers, targets = learn.get_preds()
    return float((answers.argmax(1) == targets).float().mean())


def test_data_of_another_kind_is_refused(file: Path, colours: Path) -> None:
    block = DataBlock(
        blocks=(ImageBlock, MultiCategoryBlock),
        get_items=get_image_files,
        splitter=RandomSplitter(seed=1),
        get_y=lambda photo: [parent_label(photo)],
        item_tfms=Resize(32),
    )
    dls = block.dataloaders(colours, bs=8, device="cpu")
    with pytest.raises(ConfigError, match="any number of classes at once") as caught:
        load_learner(file, dls)
    assert "blocks that the bundle was trained with" in caught.value.hint


@pytest.mark.parametrize(
    ("item_tfms", "said"),
    [
        (Resize(48), "size is 48 × 48 in place of 32 × 32"),
        (Resize(32, "squish"), "method is squish in place of crop"),
        (RandomResizedCrop(32), r"crop_fraction is 0\.875 in place of 1\.0"),
    ],
)
def test_another_preparation_is_told(
    item_tfms: object, said: str, file: Path, colours: Path
) -> None:
    with pytest.warns(OtherPreparationWarning, match=said) as told:
        load_learner(file, loaders(colours, item_tfms=item_tfms))
    assert "pad_mode" not in str(told[0].message)


def test_other_statistics_are_told_and_the_same_ones_are_not(file: Path, colours: Path) -> None:
    dls = loaders(colours)
    model = load_learner(file).model
    own = [getattr(model, name).flatten().tolist() for name in ("mean", "std")]
    dls.normalize = Normalize.from_stats(*own)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_learner(file, dls)
    dls.normalize = Normalize.from_stats((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    with pytest.warns(OtherPreparationWarning, match="keeps the statistics it learned with"):
        load_learner(file, dls)


def test_a_split_by_folders_can_be_trained_on(file: Path, tmp_path: Path) -> None:
    for side, count in (("train", 8), ("valid", 3)):
        write_colours(tmp_path / "data" / side, photos_a_class=count)
    block = DataBlock(
        blocks=(ImageBlock, CategoryBlock),
        get_items=get_image_files,
        splitter=GrandparentSplitter(),
        get_y=parent_label,
        item_tfms=Resize(32),
    )
    learn = quiet(load_learner(file, block.dataloaders(tmp_path / "data", bs=8, device="cpu")))
    learn.fit_one_cycle(1)
    assert learn.recorder[-1].keys() >= {"error_rate", "accuracy"}


# ---- what cannot be loaded ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["torch.save", "torch.save of old", "pickle"])
def test_a_pickle_is_refused_with_the_reason_and_nothing_in_it_runs(
    kind: str, tmp_path: Path
) -> None:
    target = tmp_path / "export.pkl"
    planted = Planted(str(tmp_path / "ran"))
    if kind == "pickle":
        target.write_bytes(pickle.dumps(planted))
    else:
        torch.save(planted, target, _use_new_zipfile_serialization=kind == "torch.save")
    with pytest.raises(BundleError, match="runs whatever code is in it") as caught:
        load_learner(target)
    assert str(target) in caught.value.message
    assert "drivetrain train" in caught.value.hint
    assert not (tmp_path / "ran").exists()


class Planted:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        import os

        return os.mkdir, (self.path,)


def test_a_bundle_may_be_called_pkl(file: Path, tmp_path: Path) -> None:
    shutil.copy(file, tmp_path / "export.pkl")
    assert load_learner(tmp_path / "export.pkl").dls.vocab.classes == ("blue", "green", "red")


def test_what_is_no_bundle_is_refused_as_ever(file: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="does not exist"):
        load_learner(tmp_path / "nowhere.bundle")
    whole = file.read_bytes()
    (tmp_path / "cut.bundle").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BundleCorruptError, match="cut short"):
        load_learner(tmp_path / "cut.bundle")
    (tmp_path / "text.bundle").write_bytes(b"text")
    with pytest.raises(BundleCorruptError, match="not a bundle"):
        load_learner(tmp_path / "text.bundle")


def test_a_body_of_ones_own_is_told(bundle: Path) -> None:
    with pytest.raises(ConfigError, match="architecture 'tiny', which timm") as caught:
        load_learner(bundle)
    assert "Predictor.open" in caught.value.hint


@pytest.mark.parametrize("arch", ["hf-hub:timm/resnet18.a1_in1k", "local-dir:/tmp", ""])
def test_an_architecture_is_never_fetched_from_elsewhere(
    arch: str, file: Path, tmp_path: Path
) -> None:
    other = rewritten(file, tmp_path / "m.bundle", arch=arch)
    with pytest.raises(ConfigError, match="which timm"):
        load_learner(other)


def test_weights_that_do_not_fit_the_architecture_are_told(
    file: Path, bundle: Path, tmp_path: Path
) -> None:
    foreign = {WEIGHTS: Bundle.open(bundle).members[WEIGHTS]}
    with pytest.raises(BundleError, match=f"weights that do not fit {ARCH} of timm") as caught:
        load_learner(rewritten(file, tmp_path / "m.bundle", foreign))
    assert "written with timm" in caught.value.hint


def test_the_onnx_program_is_not_needed_to_train_on(file: Path, tmp_path: Path) -> None:
    load_learner(rewritten(file, tmp_path / "m.bundle", {MODEL: b"no program"}))


def test_fastais_arguments_are_answered_in_words(file: Path) -> None:
    with pytest.raises(ConfigError, match="takes no pickle_module"):
        load_learner(file, pickle_module=pickle)
    with pytest.raises(ConfigError, match="dls is True") as caught:
        load_learner(file, True)  # type: ignore[arg-type]
    assert "cpu=True" in caught.value.hint
    with pytest.raises(ConfigError, match="data loaders are expected"):
        load_learner(file, "bears")  # type: ignore[arg-type]
    assert load_learner(file, cpu=False).dls.train.device.type in ("cpu", "cuda", "mps")


def test_a_metric_that_needs_numbers_is_refused_as_in_any_learner(file: Path) -> None:
    with pytest.raises(ConfigError):
        load_learner(file, metrics=mae)

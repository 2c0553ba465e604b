"""The public names: changing this list is a change for users, with a line in CHANGELOG.md."""

from __future__ import annotations

import inspect

import drivetrain
import drivetrain.errors
import drivetrain.vision.all as vision

PUBLIC = {
    "BlockSplitter", "Bundle", "Callback", "CategoryBlock", "ClassificationInterpretation",
    "DataBlock", "DataLoader", "DataLoaders", "DrivetrainError", "ImageBlock", "IndexSplitter",
    "Learner", "PadMode", "Prediction", "Predictor", "RandomResizedCrop", "RandomSplitter",
    "Resize", "ResizeMethod", "Vocab", "accuracy", "aug_transforms", "error_rate",
    "get_image_files", "parent_label", "vision_learner",
}  # fmt: skip


def test_the_public_names_are_these_and_each_is_there_and_documented() -> None:
    assert set(drivetrain.__all__) == PUBLIC
    assert list(drivetrain.__all__) == sorted(drivetrain.__all__)
    for name in PUBLIC:
        documented = inspect.getdoc(getattr(drivetrain, name))
        assert documented, name
        assert len(documented.splitlines()) <= 40, name


def test_the_star_import_has_the_lessons_names() -> None:
    lesson = {
        "DataBlock", "ImageBlock", "CategoryBlock", "get_image_files", "parent_label",
        "RandomSplitter", "Resize", "ResizeMethod", "PadMode", "RandomResizedCrop",
        "aug_transforms", "vision_learner", "error_rate", "accuracy",
        "ClassificationInterpretation", "Path", "DataLoaders",
    }  # fmt: skip
    assert lesson <= set(vision.__all__)
    assert all(hasattr(vision, name) for name in vision.__all__)


def test_the_version_is_the_installed_one() -> None:
    from importlib.metadata import version

    assert drivetrain.__version__ == version("drivetrain")


def test_every_error_is_drawn_in_the_tree_and_has_a_code_of_its_own() -> None:
    errors = [
        kind
        for _, kind in inspect.getmembers(drivetrain.errors, inspect.isclass)
        if issubclass(kind, drivetrain.errors.DrivetrainError)
    ]
    tree = drivetrain.errors.__doc__ or ""
    for kind in errors:
        assert kind.__name__ in tree
    codes = [kind.code for kind in errors]
    assert len(set(codes)) == len(codes)

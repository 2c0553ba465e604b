"""The public names: changing this list is a change for users, with a line in CHANGELOG.md."""

from __future__ import annotations

import inspect

import drivetrain
import drivetrain.errors
import drivetrain.tabular.all as tabular
import drivetrain.vision.all as vision

PUBLIC = {
    "APScoreMulti", "BCEWithLogitsLossFlat", "BalancedAccuracy", "BlockSplitter", "Bundle",
    "CSVLogger", "Callback", "CategoryBlock", "ClassificationInterpretation", "CohenKappa",
    "ColReader", "ColSplitter", "CrossEntropyLossFlat", "CutMix", "DataBlock", "DataLoader",
    "DataLoaders", "DrivetrainError", "EMACallback", "EarlyStoppingCallback", "EndSplitter",
    "F1Score", "F1ScoreMulti", "FileSplitter", "FocalLoss", "FuncSplitter", "GradientAccumulation",
    "GradientClip", "GrandparentSplitter", "GroupSplitter", "ImageBlock", "ImageDataLoaders",
    "IndexSplitter", "L1LossFlat", "LabelSmoothingCrossEntropy", "Learner", "MSELossFlat",
    "MaskSplitter", "MatthewsCorrCoef", "MixUp", "MixedPrecision", "MultiCategoryBlock",
    "Normalize", "OtherPreparationWarning", "PadMode", "PerClass", "Precision", "PrecisionMulti",
    "Prediction", "Predictor",
    "Quarantine", "R2Score", "RandomErasing", "RandomResizedCrop", "RandomSplitter", "Recall",
    "RecallMulti", "ReduceLROnPlateau", "RegexLabeller", "RegressionBlock", "Resize",
    "ResizeMethod", "RocAuc", "RocAucBinary", "RocAucMulti", "SaveModelCallback",
    "TensorBoardCallback", "SuggestedLRs", "TopKAccuracy", "TrainTestSplitter", "Vocab", "accuracy",
    "accuracy_multi", "aug_transforms", "download_images", "download_url", "error_rate",
    "frames_from_video", "get_files", "get_image_files", "imagenet_stats", "load_learner", "mae",
    "minimum", "mse",
    "parent_label", "resize_images", "rmse", "search_images", "search_images_ddg", "slide", "steep",
    "top_k_accuracy", "using_attr", "valley", "verify_images", "vision_learner",
    "Categorify", "FillMissing", "Predictions", "TabularDataLoaders", "TabularInterpretation",
    "TabularModel", "TabularPandas", "add_datepart", "cont_cat_split", "look_at_table",
    "tabular_learner",
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
        "aug_transforms", "vision_learner", "load_learner", "error_rate", "accuracy",
        "ClassificationInterpretation", "Path", "DataLoaders", "ImageDataLoaders", "Normalize",
        "imagenet_stats", "download_images", "download_url", "verify_images", "resize_images",
        "search_images_ddg", "MultiCategoryBlock", "RegressionBlock", "ColReader",
        "RegexLabeller", "using_attr", "get_files", "GrandparentSplitter", "IndexSplitter",
        "FuncSplitter", "ColSplitter", "TrainTestSplitter", "RandomErasing", "MixUp", "CutMix",
    }  # fmt: skip
    assert lesson <= set(vision.__all__)
    assert all(hasattr(vision, name) for name in vision.__all__)


def test_the_star_import_for_tables_has_the_lessons_names() -> None:
    lesson = {
        "TabularPandas", "TabularDataLoaders", "Categorify", "FillMissing", "Normalize",
        "tabular_learner", "TabularModel", "add_datepart", "cont_cat_split", "RandomSplitter",
        "CategoryBlock", "RegressionBlock", "MultiCategoryBlock", "accuracy", "rmse", "Path", "pd",
        "load_learner", "MSELossFlat", "RocAucBinary", "TabularInterpretation",
    }  # fmt: skip
    assert lesson <= set(tabular.__all__)
    assert all(hasattr(tabular, name) for name in tabular.__all__)


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

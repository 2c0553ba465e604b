"""From a bundle of rows back to a learner."""

from __future__ import annotations

from typing import Any

import pandas as pd
import torch
from pydantic import ValidationError
from torch import nn

from drivetrain.bundle.reader import Bundle
from drivetrain.errors import ConfigError, DataError
from drivetrain.learn.columns import Target
from drivetrain.learn.further_data import check_same_classes
from drivetrain.learn.loaders import DataLoaders
from drivetrain.learn.loading import check_there_is_data, target_of, with_weights
from drivetrain.learn.tabular.building import ModelSettings, build, layout_of
from drivetrain.learn.tabular.dataloaders import TabularDataLoaders
from drivetrain.learn.tabular.frames import as_frame
from drivetrain.learn.tabular.rows import RowInput, RowLoader
from drivetrain.prepare.table import TablePreparation


class Tables:
    """Bundles whose model sees rows."""

    def empty(self, bundle: Bundle, device: torch.device) -> DataLoaders:
        """Loaders without rows."""
        preparation, kind = _preparation(bundle), target_of(bundle)
        none = pd.DataFrame({column.name: [] for column in preparation.columns})
        given = RowInput.of(none, preparation)
        label = Target(kind.unknown(0), kind)
        train, valid = (
            EmptyRowLoader((given,), (label,), training=training, device=device)
            for training in (True, False)
        )
        return TabularDataLoaders(train, valid, recipe=_Further(preparation, label))

    def model(self, bundle: Bundle) -> nn.Module:
        """The model, by the settings that the bundle keeps.

        Raises:
            BundleError: Its settings or its weights are those of another.
        """
        settings = bundle.manifest.network.settings
        wrote = bundle.manifest.written_by.get("drivetrain", "unknown")
        hint = f"It was written with Drivetrain {wrote}: install that version."
        try:
            built = ModelSettings.model_validate(settings)
            model = build(layout_of(_preparation(bundle)), len(bundle.outputs), built)
        except (ValidationError, ConfigError, ValueError) as problem:
            raise ConfigError(
                f"{bundle.name} holds a network of the architecture "
                f"{bundle.manifest.network.arch!r} with settings that it cannot be built with: "
                f"{problem}.",
                hint=hint,
            ) from None
        return with_weights(model, bundle, "its own settings", hint=hint)

    def fitted(
        self,
        dls: DataLoaders,
        known: DataLoaders,
        model: nn.Module,  # noqa: ARG002
        bundle: Bundle,
    ) -> DataLoaders:
        """Further rows, prepared as the bundle prepares them: its words keep their codes.

        Raises:
            ConfigError: The data has other targets.
            DataError: It lacks a column, or a row cannot be prepared.
        """
        if not isinstance(dls, TabularDataLoaders):
            raise ConfigError(
                f"{bundle.name} takes rows of a table, and this data is none.",
                hint="Make the loaders with TabularPandas or TabularDataLoaders.",
            )
        if dls.kind.vocab is not None:
            check_same_classes(known.vocab, dls.vocab, bundle.name)
        if dls.kind.outputs != known.kind.outputs:
            raise ConfigError(
                f"The data has the targets {list(dls.kind.outputs)}, and {bundle.name} answers "
                f"with {list(known.kind.outputs)}.",
                hint="Name them alike, and in that order.",
            )
        preparation = _preparation(bundle)
        for side in (dls.train, dls.valid):
            side.inputs = (RowInput.of(side.inputs[0].frame, preparation),)
        dls.recipe = _Further(preparation, dls.train.labels[0])
        return dls


MAKER = Tables()


class EmptyRowLoader(RowLoader):
    """A side without rows, which knows how new ones are prepared."""

    def batches(self, *args: Any, **settings: Any) -> Any:
        """The batches of the rows that ``test_dl`` gave it."""
        check_there_is_data(self)
        return super().batches(*args, **settings)


class _Further:
    """Prepares further rows as a bundle does."""

    def __init__(self, preparation: TablePreparation, label: Target) -> None:
        self._preparation, self._label = preparation, label

    def columns(
        self, items: Any, *, with_labels: bool
    ) -> tuple[tuple[RowInput, ...], tuple[Target, ...]]:
        """The inputs of further rows; their labels are not known here."""
        if with_labels:
            raise DataError(
                "A learner out of a bundle does not know the column of the target.",
                hint="Give it data first: learn.dls = dls.",
            )
        frame, kind = as_frame(items), self._label.kind
        return (RowInput.of(frame, self._preparation),), (Target(kind.unknown(len(frame)), kind),)


def _preparation(bundle: Bundle) -> TablePreparation:
    assert isinstance(bundle.preparation, TablePreparation)
    return bundle.preparation

"""Rows of a table: from a data frame, a dictionary, JSON or CSV to float32 [F], fitted once.

The array of a row holds its category codes, then its numbers, then the flags of their gaps, then
what an encoder makes of its texts. Fitting belongs to ``drivetrain.learn.tabular``; what is fitted
is JSON, and the code here is the same in training, in export and in serving.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from drivetrain.errors import BundleCorruptError, ConfigError, InputError
from drivetrain.prepare.asked import as_row, checked, columns_of, count_of, refusal, without_missing
from drivetrain.prepare.columns import (
    UNSEEN,
    CategoryColumn,
    NumberColumn,
    Problems,
    TextColumn,
    Values,
    scaled,
)
from drivetrain.prepare.dates import DateColumn
from drivetrain.prepare.group import Group, Remarks, Unpacked
from drivetrain.prepare.rows import MEDIA_TYPES, unpack_rows
from drivetrain.prepare.values import MISSING, BadValueError, plain

if TYPE_CHECKING:
    from drivetrain.prepare.text import TextEncoder

Column = Annotated[
    CategoryColumn | NumberColumn | DateColumn | TextColumn, Field(discriminator="kind")
]

RowArrays = NDArray[np.float32]
"""float32 [N, F]: codes, numbers, flags and text features of each row."""

AT_ONCE = 4096
"""Rows that are prepared together."""


NO_PROBLEMS: Mapping[int, InputError] = {}


class TablePreparation(BaseModel):
    """The deterministic way of every row into a model.

    Every fitted column has to be there, also where it holds nothing; others are passed over. What
    a column takes, and what it makes of a gap or of a word that training never saw, its class in
    ``drivetrain.prepare.columns`` says.

    Example:
        >>> prepare = TablePreparation(columns=(CategoryColumn(name="sex", vocab=("f", "m")),))
        >>> prepare({"sex": "m", "id": 7}).tolist()
        [3.0]

    Arguments:
        columns: The fitted columns, in the order of their arrays.

    Raises:
        UnreadableInputError: A row lacks a column or has a value that a column does not take; the
            message names the column, what it takes and what was received.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    media_types: ClassVar[tuple[str, ...]] = MEDIA_TYPES
    array_type: ClassVar[np.dtype[Any]] = np.dtype(np.float32)
    noun: ClassVar[tuple[str, str]] = ("row", "rows")
    at_once: ClassVar[int] = AT_ONCE

    kind: Literal["table"] = "table"
    columns: tuple[Column, ...] = Field(min_length=1)
    _encoders: dict[str, Any] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _each_once(self) -> TablePreparation:
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names):
            raise ValueError("a column is listed twice")
        return self

    def with_encoders(self, encoders: Mapping[str, TextEncoder]) -> TablePreparation:
        """The same with the encoders of its texts, by the encoders' names."""
        made = self.model_copy()
        made._encoders = dict(encoders)
        return made

    def with_members(self, members: Mapping[str, bytes]) -> TablePreparation:
        """The same with what a bundle holds for it beside the settings.

        Raises:
            BundleCorruptError: A member is missing, or is not what it has to be.
        """
        if not self._texts:
            return self
        from drivetrain.prepare.text import encoder_from

        names = {column.encoder for column in self._texts}
        encoders = {name: encoder_from(name, members) for name in names}
        wrong = [column for column in self._texts if encoders[column.encoder].size != column.size]
        if wrong:
            raise BundleCorruptError(
                f"The texts of {wrong[0].name} take {wrong[0].size} numbers, and their encoder "
                f"{wrong[0].encoder} gives {encoders[wrong[0].encoder].size}.",
                hint="Take a fresh copy of the bundle, or export it again.",
            )
        return self.with_encoders(encoders)

    @property
    def members(self) -> dict[str, bytes]:
        """What a bundle has to hold for it beside the settings."""
        return {
            name: content
            for encoder in self._encoders.values()
            for name, content in encoder.members().items()
        }

    @property
    def array_shape(self) -> tuple[int]:
        """The length of one prepared row."""
        return (self.texts_from + sum(column.size for column in self._texts),)

    @cached_property
    def code_rows(self) -> tuple[int, ...]:
        """For each code of a row, how many different ones there are."""
        return tuple(rows for column in self.columns for rows in column.code_rows)

    @cached_property
    def number_names(self) -> tuple[str, ...]:
        """What each number of a row is called."""
        return tuple(part.name for part in self._number_parts)

    @cached_property
    def flag_names(self) -> tuple[str, ...]:
        """The number columns whose gaps have a flag."""
        return tuple(part.name for part in self._number_parts if part.flags)

    @cached_property
    def code_names(self) -> tuple[str, ...]:
        """What each code of a row is called."""
        names: list[str] = []
        for column in self.columns:
            if isinstance(column, CategoryColumn):
                names.append(column.name)
            elif isinstance(column, DateColumn):
                names += [part.name for part in column.parts if part.code_rows]
        return tuple(names)

    @property
    def texts_from(self) -> int:
        """Where the text features of a row begin."""
        return len(self.code_rows) + len(self.number_names) + len(self.flag_names)

    @property
    def fields(self) -> list[dict[str, Any]]:
        """What a form asks for: for each column its name, its kind, and what it may hold."""
        return [_field(column) for column in self.columns]

    def __call__(self, source: Any) -> RowArrays:
        """Prepare one row, float32 [F]: a dictionary, a named tuple, a pandas row, or JSON."""
        group = self._prepared([source])
        if group.problems:
            raise group.problems[0]
        array: RowArrays = group.arrays[0]
        return array

    def remarks(self, source: Any) -> Remarks:
        """What is worth knowing of a row that was taken: what training never saw."""
        row = as_row(source)
        said = (column.remark(row[column.name]) for column in self.columns)
        return tuple(words for words in said if words)

    def groups(self, inputs: Any, *, threads: int = 1) -> Iterator[Group]:  # noqa: ARG002
        """Many rows, some thousands at a time.

        Arguments:
            inputs: A data frame, a mapping of columns, or rows as :meth:`__call__` takes them.
            threads: Not needed: nothing is waited for.
        """
        columns = columns_of(inputs)
        if columns is not None:
            count = count_of(columns)
            for start in range(0, count, AT_ONCE):
                part = {name: each[start : start + AT_ONCE] for name, each in columns.items()}
                yield self._group(part, min(AT_ONCE, count - start), others=list(columns))
            return
        source = iter(inputs)
        while rows := list(islice(source, AT_ONCE)):
            yield self._prepared(rows)

    def packed(self, source: Any) -> bytes:
        """A row's own columns as JSON."""
        row = as_row(source)
        kept = {column.name: plain(row[column.name]) for column in self.columns}
        return json.dumps(kept, ensure_ascii=False).encode()

    def unpack(self, content: bytes, media_type: str, *, most: int | None = None) -> Unpacked:
        """The rows that were sent together: a JSON object, a list of them, or CSV with a header.

        Raises:
            UnreadableInputError: It is none of those.
        """
        return unpack_rows(content, media_type, most=most)

    # ---- inner works -------------------------------------------------------------------------

    @cached_property
    def _number_parts(self) -> tuple[NumberColumn, ...]:
        parts: list[NumberColumn] = []
        for column in self.columns:
            if isinstance(column, NumberColumn):
                parts.append(column)
            elif isinstance(column, DateColumn):
                parts += [part for part in column.parts if isinstance(part, NumberColumn)]
        return tuple(parts)

    @cached_property
    def _flagged(self) -> list[int]:
        """Which numbers have a flag."""
        return [place for place, part in enumerate(self._number_parts) if part.flags]

    @cached_property
    def _texts(self) -> tuple[TextColumn, ...]:
        return tuple(column for column in self.columns if isinstance(column, TextColumn))

    def _prepared(self, sources: Sequence[Any]) -> Group:
        lost: dict[int, InputError] = {}
        rows: list[Mapping[str, Any]] = []
        for place, source in enumerate(sources):
            try:
                rows.append(checked(as_row(source)))
            except InputError as problem:
                lost[place] = problem
                rows.append({})
        columns = {
            column.name: [row.get(column.name, MISSING) for row in rows] for column in self.columns
        }
        others = {name for row in rows for name in row if name not in self._names}
        return self._group(columns, len(rows), others=sorted(map(str, others)), lost=lost)

    def _group(
        self,
        columns: Mapping[str, Values],
        count: int,
        *,
        others: Sequence[str],
        lost: Mapping[int, InputError] = NO_PROBLEMS,
    ) -> Group:
        """The arrays of some rows, given column by column.

        Arguments:
            columns: The values of each column.
            count: The number of rows.
            others: The names of what else there is, one of which may be a column's misspelt.
            lost: The places that hold no row at all, with the reason.
        """
        arrays = np.empty((count, *self.array_shape), np.float32)
        read = np.empty((count, len(self._number_parts)))
        told: dict[int, list[BadValueError]] = {}
        code, number, text = 0, 0, self.texts_from
        for column in self.columns:
            found: Problems = {}
            values = columns.get(column.name)
            if values is None:
                values = [MISSING] * count
            values = without_missing(values, column.name, found, others)
            if isinstance(column, CategoryColumn):
                arrays[:, code] = column.codes(values, found)
                code += 1
            elif isinstance(column, NumberColumn):
                read[:, number] = column.read(values, found)
                number += 1
            elif isinstance(column, DateColumn):
                for part, each in zip(column.parts, column.read(values, found), strict=True):
                    if isinstance(part, CategoryColumn):
                        arrays[:, code] = part.codes(each, found)
                        code += 1
                    else:
                        read[:, number] = each
                        number += 1
            else:
                arrays[:, text : text + column.size] = self._encoded(column, values, found)
                text += column.size
            for place, problem in found.items():
                told.setdefault(place, []).append(problem.in_column(column.name))
        unusual = self._unusual(arrays[:, :code], read)
        flags = code + number
        arrays[:, code:flags] = scaled(read, self._number_parts)
        arrays[:, flags : self.texts_from] = np.isnan(read[:, self._flagged])
        problems = {place: refusal(several) for place, several in told.items()} | dict(lost)
        taken = np.array([place not in problems for place in range(count)], bool)
        remarks: dict[int, Remarks] = {}
        for place in np.flatnonzero(unusual & taken).tolist():
            row = {column.name: columns[column.name][place] for column in self.columns}
            if said := self.remarks(row):
                remarks[place] = said
        return Group(count, arrays if taken.all() else arrays[taken], problems, remarks)

    def _unusual(self, codes: RowArrays, numbers: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which rows may hold what training never saw, bool [N]."""
        parts = self._number_parts
        outside = np.isnan(numbers) & np.array([part.gaps == 0 for part in parts], bool)
        outside |= numbers < np.array([part.low for part in parts])
        outside |= numbers > np.array([part.high for part in parts])
        unusual: NDArray[np.bool_] = outside.any(axis=1) | (codes == UNSEEN).any(axis=1)
        return unusual

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(column.name for column in self.columns)

    def _encoded(self, column: TextColumn, values: Values, problems: Problems) -> RowArrays:
        encoder = self._encoders.get(column.encoder)
        if encoder is None:
            raise ConfigError(
                f"The texts of {column.name} need the encoder {column.encoder!r}, and this "
                "preparation was made without it.",
                hint="Give it: preparation.with_encoders({NAME: ENCODER}).",
            )
        encoded: RowArrays = encoder(column.read(values, problems))
        return encoded


def _field(column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {"name": column.name, "kind": column.kind}
    if isinstance(column, CategoryColumn):
        field |= {"choices": list(column.vocab), "of": column.of, "gaps": column.gaps}
    elif isinstance(column, NumberColumn):
        field |= {"typical": column.median, "low": column.low, "high": column.high}
        field |= {"whole": column.whole, "gaps": column.gaps}
    elif isinstance(column, DateColumn):
        field |= {"timed": any(part.name.endswith(".Hour") for part in column.parts)}
    return field

"""Opening a bundle: everything is checked before anything is used, and nothing can run."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from drivetrain.bundle.archive import ASK_AGAIN, LARGEST_BUNDLE, sha256, unpack
from drivetrain.bundle.judging import Evidence, evidence_of, judgement_of
from drivetrain.bundle.manifest import Manifest, Target
from drivetrain.bundle.tensors import is_safetensors
from drivetrain.errors import BundleCorruptError, BundleError, DataError
from drivetrain.judge import Judgement
from drivetrain.prepare import Preparation, preparation_from
from drivetrain.schema import Vocab

MANIFEST = "manifest.json"
MODEL = "model.onnx"
WEIGHTS = "weights.safetensors"
EXTERNAL_DATA_KEY = b"location"
"""The key under which an ONNX program names a file outside itself; nothing else is called so."""


@dataclass(frozen=True)
class Bundle:
    """A bundle in memory whose seal, manifest and members were found in order.

    Arguments:
        name: The path it was opened from, for messages.
        seal: SHA-256 of the file in hexadecimal: the model's identity in every record.
        manifest: What it says about itself.
        members: Its other files by name.
    """

    name: str
    seal: str
    manifest: Manifest
    members: dict[str, bytes]

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Bundle:
        """Open a bundle file.

        Raises:
            BundleCorruptError: Not a bundle, cut short, altered, or with foreign members.
            BundleVersionError: A newer format or a kind of data that is unknown here.
        """
        name = os.fspath(path)
        return cls.from_bytes(_read(Path(path)), name=str(name))

    @classmethod
    def from_bytes(cls, content: bytes, *, name: str = "the bundle") -> Bundle:
        """Open a bundle that is in memory already; see :meth:`open`."""
        members, seal = unpack(content, name=name)
        text = members.pop(MANIFEST, None)
        if text is None:
            raise BundleCorruptError(f"{name} has no {MANIFEST}.", hint=ASK_AGAIN)
        manifest = Manifest.from_json(text, name=name)
        _check_members(members, manifest, name)
        _check_structure(members, manifest, name)
        bundle = cls(name, seal, manifest, members)
        _ = bundle.preparation  # a kind or a setting that is unknown here is told now
        _ = bundle.judgement
        _ = bundle.evidence
        return bundle

    @property
    def short_id(self) -> str:
        """The first twelve digits of the seal: how answers name the model."""
        return self.seal[:12]

    @property
    def model(self) -> bytes:
        """The ONNX program."""
        return self.members[MODEL]

    @cached_property
    def preparation(self) -> Preparation:
        """What turns an input into the array that the model takes."""
        return preparation_from(self.manifest.preparation, self.members)

    @property
    def outputs(self) -> tuple[str, ...]:
        """What the model's outputs are called: its classes, or its numbers."""
        return self.manifest.target.vocab

    @property
    def vocab(self) -> Vocab:
        """The classes in the order of the model's outputs.

        Raises:
            DataError: The model predicts numbers, which have none.
        """
        if self.manifest.target.kind == "numbers":
            raise DataError(f"{self.name} predicts numbers, which have no classes.")
        return Vocab(self.outputs)

    @cached_property
    def judgement(self) -> Judgement:
        """What turns the network's numbers into predictions."""
        return judgement_of(self.manifest, self.members, self.name)

    @cached_property
    def evidence(self) -> Evidence | None:
        """What the network said of validation items, with their truth; None when not kept."""
        return evidence_of(self.manifest, self.members, self.name)


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if path.is_file() and size <= LARGEST_BUNDLE:
            return path.read_bytes()
    except FileNotFoundError:
        raise BundleError(f"{path} does not exist.", hint="Check the path.") from None
    except OSError as problem:
        raise BundleError(f"{path} cannot be read: {problem.strerror}.") from None
    what = "is a folder" if path.is_dir() else f"is {size:,} bytes large"
    raise BundleError(f"{path} {what}, and a bundle file is expected.", hint="Check the path.")


def _check_members(members: dict[str, bytes], manifest: Manifest, name: str) -> None:
    listed = manifest.members
    for missing in sorted(listed.keys() - members.keys()):
        raise BundleCorruptError(f"{name} lacks its member {missing}.", hint=ASK_AGAIN)
    for foreign in sorted(members.keys() - listed.keys()):
        raise BundleCorruptError(
            f"{name} holds {foreign}, which its manifest does not list.", hint=ASK_AGAIN
        )
    for member, content in members.items():
        described = listed[member]
        if (len(content), sha256(content)) != (described.size, described.sha256):
            raise BundleCorruptError(
                f"{name} holds another {member} than its manifest describes.", hint=ASK_AGAIN
            )
    told = (manifest.evidence, manifest.domain and manifest.domain.member)
    samples = (sample.member for sample in manifest.samples)
    for needed in (MODEL, WEIGHTS, *filter(None, told), *samples):
        if needed not in members:
            raise BundleCorruptError(f"{name} has no {needed}.", hint=ASK_AGAIN)


def _check_target(target: Target, name: str) -> None:
    try:
        if target.kind != "numbers":
            Vocab(target.vocab)
        "".join(target.vocab).encode()
    except (DataError, UnicodeEncodeError) as problem:
        raise BundleCorruptError(
            f"{name} has classes that cannot be: {problem}", hint=ASK_AGAIN
        ) from None


def _check_structure(members: dict[str, bytes], manifest: Manifest, name: str) -> None:
    """Whether the members are what their names say; none of them is executed to find out."""
    if EXTERNAL_DATA_KEY in members[MODEL]:
        raise BundleCorruptError(
            f"{name} holds a {MODEL} that refers to files outside the bundle.",
            hint="Do not use it; ask for it where it comes from.",
        )
    if not is_safetensors(members[WEIGHTS]):
        raise BundleCorruptError(f"{name} holds a {WEIGHTS} that is none.", hint=ASK_AGAIN)
    _check_target(manifest.target, name)
    for sample in manifest.samples:
        if len(sample.answer) != len(manifest.target.vocab):
            raise BundleCorruptError(
                f"{name} stores {len(sample.answer)} numbers as the answer to {sample.member}, "
                f"and its model gives {len(manifest.target.vocab)}.",
                hint=ASK_AGAIN,
            )

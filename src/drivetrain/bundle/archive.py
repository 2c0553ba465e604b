"""The bundle's container: a stored zip, sealed by a hash over the whole file.

The zip's comment is ``drivetrain:sha256:`` and the SHA-256 of every byte before the comment, so
that a cut or one flipped bit anywhere shows when the file is opened. Nothing is ever unpacked
to disk.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from drivetrain.errors import BundleCorruptError, OutputError

SEAL_PREFIX = b"drivetrain:sha256:"
SEAL_SIZE = len(SEAL_PREFIX) + 64
MEMBER_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)?")
FIXED_DATE = (1980, 1, 1, 0, 0, 0)
LARGEST_BUNDLE = 4 * 2**30
MOST_MEMBERS = 2000
ASK_AGAIN = "Take a fresh copy, or export the bundle again."


def sha256(content: bytes | memoryview) -> str:
    """The SHA-256 of some bytes in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def pack(members: Mapping[str, bytes]) -> bytes:
    """A sealed zip of some members: the same members give the same bytes.

    Example:
        >>> members, seal = unpack(pack({"a.txt": b"hello"}), name="demo")
        >>> members
        {'a.txt': b'hello'}
    """
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, FIXED_DATE), content)
        archive.comment = SEAL_PREFIX + b"0" * 64
    body = file.getvalue()[:-SEAL_SIZE]
    return body + SEAL_PREFIX + sha256(body).encode()


def unpack(content: bytes, *, name: str) -> tuple[dict[str, bytes], str]:
    """The members of a sealed zip and its seal.

    Arguments:
        content: The whole file.
        name: What to call it in a message.

    Raises:
        BundleCorruptError: Not a bundle, cut short, altered, or with members that no bundle has.
    """
    body, comment = memoryview(content)[:-SEAL_SIZE], content[-SEAL_SIZE:]
    if not content.startswith(b"PK\x03\x04"):
        raise BundleCorruptError(
            f"{name} is not a bundle.", hint="Give a file that learn.export or train wrote."
        )
    if not comment.startswith(SEAL_PREFIX):
        raise BundleCorruptError(
            f"{name} is cut short or not a bundle: its seal is missing.", hint=ASK_AGAIN
        )
    seal = sha256(body)
    if comment != SEAL_PREFIX + seal.encode():
        raise BundleCorruptError(
            f"{name} was altered after it was written: its seal does not match{_where(content)}.",
            hint=ASK_AGAIN,
        )
    return _members(content, name), seal


@contextmanager
def writing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A path beside the final one, which takes its place when all went well.

    Raises:
        OutputError: The folder cannot be written to; what was there before is unharmed.
    """
    final = Path(path).resolve()
    if final.exists() and not final.is_file():
        raise OutputError(f"{path} is there and is no file.", hint="Give the name of a file.")
    beside = final.with_name(f".{secrets.token_hex(8)}.part")
    try:
        beside.touch(exist_ok=False)
    except OSError as problem:
        raise cannot_write(Path(path), problem) from None
    try:
        yield beside
        if final.exists():
            shutil.copymode(final, beside)
        os.replace(beside, final)
    except OSError as problem:
        if isinstance(problem, OutputError):
            raise
        raise cannot_write(Path(path), problem) from None
    finally:
        beside.unlink(missing_ok=True)


def cannot_write(path: Path, problem: OSError) -> OutputError:
    """The error for a path that cannot be written, with the system's own reason."""
    return OutputError(
        f"{path} cannot be written: {problem.strerror or problem}.",
        hint="Choose a folder that exists and that you may write to.",
    )


def _members(content: bytes, name: str) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_MEMBERS:
                raise _foreign(name, f"it has {len(entries):,} members")
            for entry in entries:
                _check_entry(entry, name)
            if len({entry.filename for entry in entries}) != len(entries):
                raise _foreign(name, "a member is there twice")
            return {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as problem:
        raise _foreign(name, str(problem)) from None


def _check_entry(entry: zipfile.ZipInfo, name: str) -> None:
    if not MEMBER_NAME.fullmatch(entry.filename):
        raise _foreign(name, f"the member name {entry.filename!r} is not allowed")
    if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
        raise _foreign(name, f"the member {entry.filename} is compressed")
    if entry.flag_bits & 0x1:
        raise _foreign(name, f"the member {entry.filename} is encrypted")


def _foreign(name: str, reason: str) -> BundleCorruptError:
    return BundleCorruptError(
        f"{name} is not a bundle that Drivetrain wrote: {reason}.",
        hint="Do not use it; ask for it where it comes from.",
    )


def _where(content: bytes) -> str:
    """The member whose checksum is off, when the zip can still be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            broken = archive.testzip()
    except Exception:  # a zip may be damaged in any way; its seal said enough
        return ""
    return f" (in {broken})" if broken else ""

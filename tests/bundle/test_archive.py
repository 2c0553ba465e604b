"""The sealed zip: any change shows, nothing foreign gets in, and writing is all or nothing."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivetrain.bundle.archive import SEAL_PREFIX, pack, sha256, unpack, writing
from drivetrain.errors import BundleCorruptError, OutputError

MEMBERS = {"manifest.json": b'{"a": 1}', "model.onnx": bytes(range(256)) * 4}
PACKED = pack(MEMBERS)


def sealed(archive: bytes) -> bytes:
    """A zip of anyone's, with a seal that fits: as one would forge it."""
    file = io.BytesIO(archive)
    with zipfile.ZipFile(file, "a") as zipped:
        zipped.comment = SEAL_PREFIX + b"0" * 64
    body = file.getvalue()[: -len(SEAL_PREFIX) - 64]
    return body + SEAL_PREFIX + sha256(body).encode()


def zipped(*members: tuple[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """A sealed zip with the given members, without asking whether they are allowed."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=compression)
    return sealed(file.getvalue())


def test_what_is_packed_is_unpacked_and_the_bytes_are_the_same_every_time() -> None:
    members, seal = unpack(PACKED, name="it")
    assert members == MEMBERS
    assert pack(MEMBERS) == PACKED
    assert PACKED.endswith(seal.encode())


def test_ordinary_tools_read_it_as_a_zip() -> None:
    with zipfile.ZipFile(io.BytesIO(PACKED)) as archive:
        assert archive.read("model.onnx") == MEMBERS["model.onnx"]


@settings(deadline=None, max_examples=300)
@given(position=st.integers(0, len(PACKED) - 1), change=st.integers(1, 255))
def test_one_changed_byte_anywhere_is_refused(position: int, change: int) -> None:
    altered = bytearray(PACKED)
    altered[position] ^= change
    with pytest.raises(BundleCorruptError, match="it "):
        unpack(bytes(altered), name="it")


@settings(deadline=None, max_examples=100)
@given(length=st.integers(0, len(PACKED) - 1))
def test_a_cut_anywhere_is_refused(length: int) -> None:
    with pytest.raises(BundleCorruptError, match="it is "):
        unpack(PACKED[:length], name="it")


def test_the_damaged_member_is_named() -> None:
    altered = PACKED.replace(bytes(range(200, 256)), bytes(range(199, 255)), 1)
    with pytest.raises(BundleCorruptError, match=r"in model\.onnx"):
        unpack(altered, name="it")


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt",
        "/etc/passwd",
        "a/../../evil",
        "a\\..\\evil",
        "C:/evil",
        "samples/../../x",
        ".x",
    ],
)
def test_a_member_that_climbs_out_of_its_folder_is_refused(name: str) -> None:
    with pytest.raises(BundleCorruptError, match="is not allowed"):
        unpack(zipped((name, b"evil")), name="it")


def test_compressed_and_doubled_members_are_refused() -> None:
    with pytest.raises(BundleCorruptError, match="is compressed"):
        unpack(zipped(("a", b"x" * 999), compression=zipfile.ZIP_DEFLATED), name="it")
    with pytest.warns(UserWarning, match="Duplicate"):
        doubled = zipped(("a", b"1"), ("a", b"2"))
    with pytest.raises(BundleCorruptError, match="is there twice"):
        unpack(doubled, name="it")


def test_a_failed_write_leaves_what_was_there_and_nothing_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "model.bundle"
    target.write_bytes(b"before")

    def fail_half_way() -> None:
        with writing(target) as beside:
            beside.write_bytes(b"half")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail_half_way()
    assert target.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["model.bundle"]


def test_who_reads_the_old_file_goes_on_reading_it_whole(tmp_path: Path) -> None:
    target = tmp_path / "model.bundle"
    target.write_bytes(b"before")
    with target.open("rb") as reader:
        with writing(target) as beside:
            beside.write_bytes(b"after")
        assert reader.read() == b"before"
    assert target.read_bytes() == b"after"


def test_a_killed_write_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "model.bundle"
    target.write_bytes(b"before")
    program = (
        "import os, signal, sys\n"
        "from drivetrain.bundle.archive import writing\n"
        "with writing(sys.argv[1]) as beside:\n"
        "    beside.write_bytes(b'half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(target)], check=False)
    assert ended.returncode == -9
    assert target.read_bytes() == b"before"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    target = tmp_path / "missing" / "model.bundle"
    with (
        pytest.raises(OutputError, match=r"missing/model\.bundle cannot be written"),
        writing(target),
    ):
        pass


def test_a_link_is_followed_and_its_target_keeps_its_mode(tmp_path: Path) -> None:
    target, link = tmp_path / "target.bundle", tmp_path / "link.bundle"
    target.write_bytes(b"before")
    target.chmod(0o600)
    link.symlink_to(target)
    with writing(link) as beside:
        beside.write_bytes(b"after")
    assert link.is_symlink()
    assert target.read_bytes() == b"after"
    assert target.stat().st_mode & 0o777 == 0o600


def test_what_is_no_file_is_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OutputError, match="pipe is there and is no file"), writing(pipe):
        pass
    assert pipe.is_fifo()

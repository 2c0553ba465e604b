"""The quarantine: nothing is deleted, all of it comes back, and kill -9 loses nothing."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from drivetrain.data import quarantine as room
from drivetrain.data.quarantine import Quarantine
from drivetrain.errors import ConfigError, OutputError

ROUNDS, FILES = 12, 60

MOVE_ALL = """
    import sys
    from pathlib import Path
    from drivetrain.data.quarantine import Quarantine
    quarantine = Quarantine(sys.argv[1])
    while True:
        for turn in range(2):
            files = [file for file in Path(sys.argv[1]).rglob("*") if file.is_file()]
            quarantine.put(files[turn::2], f"turn {turn}")
        quarantine.undo(last=True)
        quarantine.undo()
"""

DIE_BETWEEN = """
    import os, signal, sys
    from drivetrain.data import quarantine
    act, place = sys.argv[2:]
    def die(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(os, place, die)
    if place == "fsync" or act == "copy":
        from errno import EXDEV
        def other_disk(*_, **__):
            raise OSError(EXDEV, "Invalid cross-device link")
        real, os.link = os.link, lambda s, t, **k: (
            real(s, t, **k) if str(s).endswith(".part") else other_disk()
        )
    box = quarantine.Quarantine(sys.argv[1])
    box.undo() if act == "undo" else box.put([box.root / "a/0.jpg"], "why")
"""

needs_kill = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 here")


def write(root: Path, files: int = 3) -> Path:
    (root / "a").mkdir(parents=True)
    for number in range(files):
        (root / "a" / f"{number}.jpg").write_bytes(f"content {number}".encode() * 50)
    return root


def contents(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and file.name != room.JOURNAL
    }


def start(code: str, *arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_files_move_beside_the_data_with_their_place_and_come_back(tmp_path: Path) -> None:
    root = write(tmp_path / "pile")
    before = contents(root)
    quarantine = Quarantine(root)
    moved = quarantine.put([root / "a" / "1.jpg", root / "a" / "2.jpg"], "because")
    assert (moved.files, moved.left) == (["a/1.jpg", "a/2.jpg"], {})
    assert set(contents(root)) == {"a/0.jpg"}
    assert set(contents(tmp_path / "pile.quarantine")) == {"a/1.jpg", "a/2.jpg"}
    assert [(e.file, e.stored, e.reason) for e in quarantine.entries()] == [
        ("a/1.jpg", "a/1.jpg", "because"), ("a/2.jpg", "a/2.jpg", "because"),
    ]  # fmt: skip
    assert Quarantine(root).undo().files == ["a/1.jpg", "a/2.jpg"]
    assert contents(root) == before
    assert quarantine.entries() == []
    assert os.listdir(quarantine.folder) == [room.JOURNAL]


def test_the_last_call_can_be_undone_alone(tmp_path: Path) -> None:
    root = write(tmp_path / "pile")
    quarantine = Quarantine(root)
    quarantine.put([root / "a" / "0.jpg"], "first")
    quarantine.put_each({str(root / "a" / "1.jpg"): "x", str(root / "a" / "2.jpg"): "y"})
    assert quarantine.undo(last=True).files == ["a/1.jpg", "a/2.jpg"]
    assert [entry.file for entry in quarantine.entries()] == ["a/0.jpg"]
    assert quarantine.undo(last=True).files == ["a/0.jpg"]
    assert quarantine.undo().files == []


def test_a_file_that_has_since_appeared_is_kept_and_told(tmp_path: Path) -> None:
    root = write(tmp_path / "pile")
    quarantine = Quarantine(root)
    quarantine.put([root / "a" / "0.jpg", root / "a" / "1.jpg"], "why")
    (root / "a" / "0.jpg").write_bytes(b"new")
    restored = quarantine.undo()
    assert restored.files == ["a/1.jpg"]
    assert list(restored.left) == ["a/0.jpg"]
    assert "has since appeared" in restored.left["a/0.jpg"]
    assert (root / "a" / "0.jpg").read_bytes() == b"new"
    assert [entry.file for entry in quarantine.entries()] == ["a/0.jpg"]
    (root / "a" / "0.jpg").unlink()
    assert quarantine.undo().files == ["a/0.jpg"]
    assert (root / "a" / "0.jpg").read_bytes().startswith(b"content 0")


def test_a_name_that_is_taken_in_quarantine_gets_a_number(tmp_path: Path) -> None:
    root = write(tmp_path / "pile")
    quarantine = Quarantine(root)
    for content in (b"one", b"two", b"three"):
        (root / "a" / "0.jpg").write_bytes(content)
        quarantine.put([root / "a" / "0.jpg"], "again")
    stored = [(entry.file, entry.stored) for entry in quarantine.entries()]
    assert stored == [("a/0.jpg", "a/0.jpg"), ("a/0.jpg", "a/0~2.jpg"), ("a/0.jpg", "a/0~3.jpg")]
    kept = contents(quarantine.folder)
    assert sorted(kept.values()) == [b"one", b"three", b"two"]
    assert quarantine.undo(last=True).files == ["a/0.jpg"]
    assert (root / "a" / "0.jpg").read_bytes() == b"three"


def test_one_file_that_cannot_be_moved_does_not_stop_the_others(tmp_path: Path) -> None:
    root = write(tmp_path / "pile")
    (tmp_path / "elsewhere.jpg").write_bytes(b"x")
    moved = Quarantine(root).put(
        [root / "gone.jpg", tmp_path / "elsewhere.jpg", root / "a" / "0.jpg"], "why"
    )
    assert moved.files == ["a/0.jpg"]
    assert moved.left["gone.jpg"] == "It is no longer there."
    assert "does not lie in pile" in moved.left[str(tmp_path / "elsewhere.jpg")]
    assert [entry.file for entry in Quarantine(root).entries()] == ["a/0.jpg"]


def test_what_will_happen_stands_in_the_journal_before_it_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write(tmp_path / "pile")
    seen: list[list[str]] = []
    journal = tmp_path / "pile.quarantine" / room.JOURNAL

    def look_first(*_: Path) -> str:
        lines = [json.loads(line) for line in journal.read_text().splitlines()]
        seen.append([line["file"] for line in lines if line["event"] == "move"])
        return ""

    monkeypatch.setattr(room, "_try_move", look_first)
    Quarantine(root).put([root / "a" / "0.jpg", root / "a" / "1.jpg"], "why")
    assert seen == [["a/0.jpg", "a/1.jpg"]] * 2


def test_a_journal_that_was_cut_short_is_read_and_written_on(tmp_path: Path) -> None:
    root = write(tmp_path / "pile")
    quarantine = Quarantine(root)
    quarantine.put([root / "a" / "0.jpg"], "why")
    with (quarantine.folder / room.JOURNAL).open("a") as journal:
        journal.write('{"event": "move", "file": "a/1.j')
    quarantine.put([root / "a" / "2.jpg"], "why")
    assert [entry.file for entry in quarantine.entries()] == ["a/0.jpg", "a/2.jpg"]
    assert len(quarantine.undo().files) == 2


def test_a_link_moves_as_a_link(tmp_path: Path) -> None:
    root = write(tmp_path / "pile")
    try:
        (root / "link.jpg").symlink_to("a/0.jpg")
    except OSError:
        pytest.skip("no links here")
    quarantine = Quarantine(root)
    assert quarantine.put([root / "link.jpg"], "why").files == ["link.jpg"]
    assert (root / "a" / "0.jpg").exists()
    assert quarantine.undo().files == ["link.jpg"]
    assert os.readlink(root / "link.jpg") == "a/0.jpg"


@pytest.mark.parametrize("refusal", [errno.EXDEV, errno.EPERM])
def test_across_disks_and_without_hard_links_files_move_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: int
) -> None:
    root = write(tmp_path / "pile")
    before, link = contents(root), os.link

    def refuse(source: Path, target: Path, **options: bool) -> None:
        if refusal == errno.EPERM or not str(source).endswith(".part"):
            raise OSError(refusal, os.strerror(refusal))
        link(source, target, **options)

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(os, "supports_follow_symlinks", {refuse})
    quarantine = Quarantine(root)
    assert len(quarantine.put([root / "a" / "0.jpg", root / "a" / "1.jpg"], "why").files) == 2
    assert contents(quarantine.folder) == {name: before[name] for name in ("a/0.jpg", "a/1.jpg")}
    (root / "a" / "0.jpg").write_bytes(b"new")
    assert quarantine.undo().files == ["a/1.jpg"]
    assert (root / "a" / "0.jpg").read_bytes() == b"new"


def test_a_place_that_cannot_be_written_is_one_error_and_nothing_moves(tmp_path: Path) -> None:
    root = write(tmp_path / "pile")
    (tmp_path / "pile.quarantine").write_text("a file")
    with pytest.raises(OutputError, match=r"pile\.quarantine"):
        Quarantine(root).put([root / "a" / "0.jpg"], "why")
    assert len(contents(root)) == 3
    with pytest.raises(ConfigError, match="top of its disk"):
        Quarantine("/")


def kill_after(process: subprocess.Popen[str], journal: Path, size: int) -> None:
    """Kill a process once it has written about so many bytes into its journal."""
    begun = journal.stat().st_size if journal.exists() else 0
    try:
        while not (journal.exists() and journal.stat().st_size >= begun + size):
            assert process.poll() is None
    finally:
        process.kill()
        process.communicate()


@needs_kill
def test_killed_at_random_moments_it_loses_nothing_and_undo_restores_all(tmp_path: Path) -> None:
    root = write(tmp_path / "pile", FILES)
    before, chance, caught = contents(root), random.Random(7), 0
    folder = Quarantine(root).folder
    for _ in range(ROUNDS):
        lines = chance.randrange(1, 4 * FILES)
        kill_after(start(MOVE_ALL, root), folder / room.JOURNAL, 60 * lines)
        everywhere = contents(root) | contents(folder)
        assert set(map(bytes, before.values())) <= set(everywhere.values())
        caught += contents(root) != before
        assert Quarantine(root).undo().left == {}
        assert contents(root) == before
        assert contents(folder) == {}
    assert caught > 0  # it was killed while files were away


@needs_kill
@pytest.mark.parametrize(
    ("act", "place"),
    [
        ("put", "link"),  # the journal says so, and nothing has moved
        ("put", "unlink"),  # both places have the file
        ("copy", "unlink"),  # both have it, and the copy has a name of its own too
        ("copy", "utime"),  # the copy is not whole
    ],
)
def test_killed_between_two_steps_of_one_move(tmp_path: Path, act: str, place: str) -> None:
    root = write(tmp_path / "pile")
    before = contents(root)
    ended = start(DIE_BETWEEN, root, act, place)
    ended.communicate()
    assert ended.returncode == -signal.SIGKILL
    assert contents(root) == before
    assert Quarantine(root).undo().left == {}
    assert contents(root) == before
    assert Quarantine(root).entries() == []
    assert Quarantine(root).put([root / "a" / "0.jpg"], "again").files == ["a/0.jpg"]
    assert Quarantine(root).undo().files == ["a/0.jpg"]
    assert contents(root) == before


@needs_kill
def test_killed_while_a_file_is_brought_back(tmp_path: Path) -> None:
    root = write(tmp_path / "pile")
    before = contents(root)
    Quarantine(root).put([root / "a" / "0.jpg"], "why")
    ended = start(DIE_BETWEEN, root, "undo", "unlink")
    ended.communicate()
    assert ended.returncode == -signal.SIGKILL
    assert contents(root) == before
    assert Quarantine(root).undo().files == ["a/0.jpg"]
    assert contents(root) == before
    assert contents(Quarantine(root).folder) == {}

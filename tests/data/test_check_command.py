"""``drivetrain check`` as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Run
from piles import write_faults, write_picture, write_pile

WITHOUT_TORCH = """
import sys
sys.modules["torch"] = sys.modules["pandas"] = sys.modules["matplotlib"] = None
from drivetrain.cli import main
main()
"""


@pytest.fixture
def pile(tmp_path: Path) -> Path:
    return write_faults(tmp_path / "pile")


NOT_TESTED = (
    "warning: The split was not tested: that takes two classes of ten photos, and fifty in all.\n"
)


def one_line(ended: subprocess.CompletedProcess[str], *said: str) -> None:
    assert ended.returncode == 1, ended
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    for part in ("error: ", *said):
        assert part in ended.stderr


def files(folder: Path) -> set[str]:
    return {f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.is_file()}


def test_it_prints_a_table_and_findings_are_no_error(pile: Path, run: Run) -> None:
    ended = run("check", "pile")
    assert (ended.returncode, ended.stderr) == (0, NOT_TESTED)
    assert "\x1b" not in ended.stdout
    assert max(map(len, ended.stdout.splitlines())) <= 80
    assert "2 files cannot be read" in ended.stdout
    assert ended.stdout.endswith("drivetrain check pile --quarantine\n")
    assert len(files(pile)) == 38


def test_json_is_one_object_and_nothing_else(pile: Path, run: Run) -> None:
    ended = run("check", "pile", "--json", "--html", "r.html", "--seed", "3")
    assert (ended.returncode, ended.stderr) == (0, NOT_TESTED)
    assert ended.stdout.count("\n") == 1
    report = json.loads(ended.stdout)
    assert report["page"] == "r.html"
    assert report["moved"] is None
    assert report["classes"] == {"a": 14, "b": 19, "pile": 1}
    assert "seed=3" in report["leakage"]["split"]
    assert (pile.parent / "r.html").exists()


@pytest.mark.usefixtures("pile")
def test_the_second_time_it_says_the_same(run: Run) -> None:
    first, second = run("check", "pile", "--json"), run("check", "pile", "--json")
    assert first.stdout == second.stdout
    assert json.loads(first.stdout)["files"] == 36


def test_the_page_is_written_and_named(pile: Path, run: Run) -> None:
    ended = run("check", "pile", "--html", "r.html")
    assert ended.stdout.endswith("The page is r.html.\n")
    assert "data:image/jpeg" in (pile.parent / "r.html").read_text()


def test_quarantine_takes_what_needs_no_decision_and_undo_brings_it_back(
    pile: Path, run: Run
) -> None:
    before = files(pile)
    ended = run("check", "pile", "--quarantine")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.endswith("Undo: drivetrain check pile --undo\n")
    assert "3 files moved to " in ended.stdout
    assert before - files(pile) == {"a/copy.jpg", "a/cut.jpg", "b/text.png"}
    again = json.loads(run("check", "pile", "--json", "--quarantine").stdout)
    assert again["moved"] == {"files": [], "left": {}}
    assert again["unreadable"] == []
    restored = run("check", "pile", "--undo")
    assert (restored.returncode, restored.stdout) == (0, "3 files brought back to pile.\n")
    assert files(pile) == before
    nothing = json.loads(run("check", "pile", "--undo", "--json").stdout)
    assert nothing == {"restored": [], "left": {}}


def test_undo_keeps_what_has_since_appeared_and_says_so(pile: Path, run: Run) -> None:
    run("check", "pile", "--quarantine")
    (pile / "b" / "text.png").write_text("a new one")
    ended = run("check", "pile", "--undo")
    assert ended.returncode == 1
    assert ended.stdout == "2 files brought back to pile.\n"
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.startswith("warning: b/text.png stays where it is.")
    assert (pile / "b" / "text.png").read_text() == "a new one"


def test_a_pile_without_labels_and_with_few_photos(tmp_path: Path, run: Run) -> None:
    write_picture(tmp_path / "one photo" / "1.png", 1)
    ended = run("check", "one photo")
    assert ended.returncode == 0
    assert "Nothing to complain about." not in ended.stdout
    assert "The photos lie in no class folders" in ended.stdout
    assert "drivetrain check 'one photo' --html" in ended.stdout


def test_mistakes_are_one_line(tmp_path: Path, run: Run) -> None:
    (tmp_path / "empty").mkdir()
    write_pile(tmp_path / "pile", photos=1)
    one_line(run("check", "nowhere"), "nowhere does not exist")
    one_line(run("check", "empty"), "empty holds no photos")
    one_line(run("check", "nowhere", "--undo"), "nowhere does not exist")
    one_line(run("check", "pile", "--html", "no/where.html"), "where.html cannot be written")
    one_line(run("check", "pile/a/00.jpg"), "is a file")
    both = run("check", "pile", "--undo", "--quarantine")
    assert both.returncode == 2
    assert "Traceback" not in both.stderr


def test_it_needs_no_torch(pile: Path, tmp_path: Path) -> None:
    (tmp_path / "lean.py").write_text(WITHOUT_TORCH)
    ended = subprocess.run(
        [sys.executable, "lean.py", "check", "pile", "--json", "--html", "r.html"],
        cwd=pile.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["files"] == 36

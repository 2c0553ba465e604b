"""``drivetrain check FILE.csv`` as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Run

WITHOUT_PANDAS = """
import sys
sys.modules["pandas"] = None
from drivetrain.cli import main
main()
"""
TELLS_OF_TORCH = """
import sys
from drivetrain.cli import main
try:
    main()
finally:
    print("torch" in sys.modules)
"""


@pytest.fixture
def people(tmp_path: Path) -> Path:
    file = tmp_path / "people.csv"
    rows = [f"{row},{20 + row * row % 50},{'fm'[row % 2]},{'MF'[row % 2]}" for row in range(60)]
    file.write_text("\n".join([",age,sex,title", *rows]) + "\n")
    return file


def test_it_prints_the_columns_and_findings_are_no_error(people: Path, run: Run) -> None:
    ended = run("check", people.name, "--target", "sex")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "\x1b" not in ended.stdout
    assert "60 rows, 2 columns to learn from" in ended.stdout
    assert "title alone tells sex almost perfectly" in ended.stdout
    assert ended.stdout.endswith("drivetrain check people.csv --target sex --html report.html\n")


def test_without_a_target_the_columns_alone_are_looked_at(people: Path, run: Run) -> None:
    ended = run("check", str(people))
    assert ended.returncode == 0
    assert "3 columns to learn from" in ended.stdout
    assert "alone tells" not in ended.stdout


def test_json_is_one_object_and_the_page_is_written(people: Path, run: Run) -> None:
    ended = run("check", "people.csv", "--json", "--html", "r.html", "--target", "sex",
                "--target", "age")  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.count("\n") == 1
    report = json.loads(ended.stdout)
    assert (report["file"], report["page"], report["rows"]) == ("people.csv", "r.html", 60)
    assert report["tasks"] == {"sex": "category", "age": "numbers"}
    assert "column 1 numbers the rows" in (people.parent / "r.html").read_text()
    assert "The page is r.html" in run("check", "people.csv", "--html", "r.html").stdout


@pytest.mark.parametrize(
    "options",
    [["--quarantine"], ["--undo"], ["--no-split-test"], ["--split-test"], ["--seed", "3"]],
)
def test_options_of_photos_are_refused_for_a_table(
    people: Path, run: Run, options: list[str]
) -> None:
    ended = run("check", people.name, *options)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert options[0].replace("--no-", "--") in ended.stderr
    assert "not for a table" in " ".join(ended.stderr.split())


def test_a_target_is_refused_for_a_folder_of_photos(tmp_path: Path, run: Run) -> None:
    (tmp_path / "pile.csv").mkdir()
    ended = run("check", "pile.csv", "--target", "sex")
    assert ended.returncode == 2
    assert "--target is for a table" in " ".join(ended.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.csv"], "none.csv cannot be read: No such file or directory."),
        (["people.csv", "--target", "sexx"], "no column 'sexx'. Did you mean 'sex'?"),
        (["broken.csv"], "line 2 has 1"),
        (["people.csv", "--html", "none/r.html"], "none/r.html cannot be written"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    people: Path, run: Run, arguments: list[str], said: str
) -> None:
    (people.parent / "broken.csv").write_text("a,b\n1\n")
    ended = run("check", *arguments)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    assert ended.stderr.startswith("error: ")
    assert said in ended.stderr


def lean(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "lean.py").write_text(script)
    command = [sys.executable, "lean.py", "check", "people.csv", "--target", "sex"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_it_needs_no_torch_and_says_that_it_needs_pandas(people: Path) -> None:
    ended = lean(TELLS_OF_TORCH, people.parent)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.endswith("\nFalse\n")
    ended = lean(WITHOUT_PANDAS, people.parent)
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: pandas is needed to look at a table")
    assert 'pip install "drivetrain[train]"' in ended.stderr

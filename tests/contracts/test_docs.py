"""Every code block in README.md and docs/ runs, every link leads somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from conftest import REPOSITORY, write_colours
from tables import small_frame

from drivetrain.project import Project

PAGES = [
    REPOSITORY / "README.md",
    REPOSITORY / "CONTRIBUTING.md",
    *(REPOSITORY / "docs").glob("*.md"),
]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#]+)\)")
NAMES = {"blue": "black", "green": "grizzly", "red": "teddy"}


def blocks(language: str) -> list[tuple[str, str]]:
    return [
        (page.name, code)
        for page in PAGES
        for found, code in BLOCK.findall(page.read_text())
        if found == language
    ]


@pytest.fixture(scope="module")
def bears(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the documentation speaks of, with drawn photos."""
    folder = tmp_path_factory.mktemp("docs")
    write_colours(folder / "bears")
    small_frame().to_csv(folder / "customers.csv", index=False)
    for colour, name in NAMES.items():
        (folder / "bears" / colour).rename(folder / "bears" / name)
    return folder


def test_every_python_block_runs_and_prints_what_it_should(
    bears: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(bears)
    pages = [page for page, _ in blocks("python")]
    assert set(pages) == {"README.md", "data.md", "judgement.md", "tables.md", "training.md"}
    names: dict[str, dict[str, object]] = {page: {} for page in pages}
    printed = dict.fromkeys(pages, "")
    for page, code in blocks("python"):
        exec(compile(code, page, "exec"), names[page])
        printed[page] += capsys.readouterr().out
    plt.close("all")
    assert printed["README.md"] == "teddy known\n"
    assert printed["tables.md"].splitlines()[-1].startswith("city: 'Atlantis' was not among")
    assert printed["data.md"].rstrip().endswith("All steps work.")


def test_every_console_line_runs(bears: Path) -> None:
    lines = [line for _, code in blocks("console") for line in code.splitlines()]
    commands = [shlex.split(line.removeprefix("$ ")) for line in lines if line.startswith("$ ")]
    assert {command[1] for command in commands} == {
        "check",
        "train",
        "predict",
        "inspect",
        "verify",
    }
    for program, *arguments in commands:
        assert program == "drivetrain"
        ended = subprocess.run(
            [sys.executable, "-m", "drivetrain.cli", *arguments],
            cwd=bears,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr


def test_only_blocks_that_are_tried_are_there() -> None:
    languages = {found for page in PAGES for found, _ in BLOCK.findall(page.read_text())}
    assert languages <= {"python", "console", "toml"}


def test_every_project_file_is_one() -> None:
    assert blocks("toml")
    for _, text in blocks("toml"):
        rule = Project.from_toml(text).decision_rule(list(NAMES.values()))
        assert rule is not None


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    command = re.compile(r"(?:^    |`)make ([a-z-]+)", re.MULTILINE)
    named = {target for page in PAGES for target in command.findall(page.read_text())}
    assert named >= {"demo", "test", "setup", "bench"}
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_the_picture_is_small() -> None:
    assert (REPOSITORY / "docs" / "images" / "page.png").stat().st_size < 300_000


def test_the_map_names_every_room() -> None:
    house = (REPOSITORY / "docs" / "house.md").read_text()
    for room in (REPOSITORY / "src" / "drivetrain").iterdir():
        if room.is_dir() and room.name != "__pycache__":
            assert f"`{room.name}/`" in house, room.name

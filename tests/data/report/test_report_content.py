"""The ingest report finds what was planted, names it, and says what to do."""

from __future__ import annotations

import json
import os
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import json_lines
from piles import picture, write_faults, write_picture, write_pile

from drivetrain.data.looks.look import Look
from drivetrain.data.quarantine import Quarantine
from drivetrain.data.report.finding import SEVERITIES
from drivetrain.data.report.ingest import IngestReport, inspect_folder, inspect_items
from drivetrain.data.report.leakage import DuplicatePair
from drivetrain.data.report.tally import Tally
from drivetrain.errors import DataError

BYTES_A_FILE = 400


@pytest.fixture(scope="module")
def faults(tmp_path_factory: pytest.TempPathFactory) -> IngestReport:
    return inspect_folder(write_faults(tmp_path_factory.mktemp("report") / "pile"))


def named(pairs: tuple[DuplicatePair, ...]) -> set[tuple[str, str]]:
    return {(pair.first, pair.second) for pair in pairs}


def kinds(report: IngestReport) -> dict[str, str]:
    return {finding.kind: finding.severity for finding in report.findings}


def test_all_that_was_planted_is_found_and_nothing_else(faults: IngestReport) -> None:
    assert (faults.files, faults.readable) == (36, 34)
    assert faults.classes == {"a": 14, "b": 19, "pile": 1}
    assert [item.file for item in faults.unreadable] == ["a/cut.jpg", "b/text.png"]
    assert [(lie.file, lie.format) for lie in faults.suffix_lies] == [("b/lies.jpg", "WEBP")]
    assert [(p.file, p.orientation) for p in faults.turned] == [("b/turned.jpg", 6)]
    assert faults.odd_modes == {
        "CMYK": ("b/print.jpg",),
        "grey among colour": ("b/grey.png",),
        "transparency": ("b/glass.png",),
    }
    assert named(faults.exact) == {("a/00.jpg", "a/copy.jpg"), ("a/01.jpg", "b/wrong.jpg")}
    assert named(faults.near) == {("a/02.jpg", "a/again.jpg")}
    assert named(faults.two_labels) == {("a/01.jpg", "b/wrong.jpg")}
    assert faults.sizes is not None
    assert faults.sizes.tiny == ("b/tiny.png",)
    assert faults.sizes.smallest[0].file == "b/tiny.png"
    assert (faults.sizes.width.median, faults.sizes.height.median) == (120, 90)
    assert faults.sizes.height.largest == 120  # the one that is turned


def test_a_reason_goes_on_after_the_name_of_its_file(faults: IngestReport) -> None:
    for item in faults.unreadable:
        assert item.reason.startswith("is ")
        assert Path(item.file).name not in item.reason


def test_what_may_be_moved_away_is_unreadable_or_one_of_two_equal_files(
    faults: IngestReport,
) -> None:
    assert faults.surplus == ("a/copy.jpg",)
    assert set(faults.to_set_aside) == {"a/cut.jpg", "b/text.png", "a/copy.jpg"}


def test_findings_come_by_importance_and_say_how_many(faults: IngestReport) -> None:
    found = kinds(faults)
    assert found["two_labels"] == found["unreadable"] == "problem"
    assert found["near_copies"] == found["beside"] == found["empty_folders"] == "warning"
    assert found["suffix"] == found["turned"] == found["hidden"] == found["foreign"] == "note"
    ranks = [SEVERITIES.index(finding.severity) for finding in faults.findings]
    assert ranks == sorted(ranks)
    assert faults.findings[0].kind == "two_labels"
    unreadable = next(f for f in faults.findings if f.kind == "unreadable")
    assert unreadable.count == 2
    assert unreadable.what == "2 files cannot be read: a/cut.jpg, b/text.png."
    assert "--quarantine" in unreadable.advice
    for finding in faults.findings:
        assert finding.what[-1] == "."
        assert finding.count > 0


def test_as_json_it_is_the_same_again_and_names_no_place_on_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_faults(tmp_path / "pile")
    monkeypatch.chdir(tmp_path)
    content = inspect_folder("pile").as_dict()
    text = json.dumps(content)
    assert json.loads(text) == content
    assert str(tmp_path) not in text
    assert content["root"] == "pile"
    assert content["imbalance"] == 19.0
    assert [pair["second"] for pair in content["duplicates"]["exact"]] == [
        "a/copy.jpg", "b/wrong.jpg",
    ]  # fmt: skip
    assert content["findings"][0].keys() == {"severity", "kind", "count", "what", "advice"}
    assert content["leakage"].keys() >= {"train", "valid", "torn", "left", "pairs"}
    assert content["split_test"] is None
    assert json_lines(text)[0] == content


def test_nothing_is_said_about_a_pile_in_which_nothing_is_wrong(tmp_path: Path) -> None:
    report = inspect_folder(write_pile(tmp_path / "pile"))
    assert report.findings == []
    assert report.surplus == ()
    assert report.imbalance == 1.0


def test_a_pile_without_class_folders_has_no_labels(tmp_path: Path) -> None:
    for number in range(4):
        write_picture(tmp_path / "pile" / f"{number}.png", number)
    write_picture(tmp_path / "pile" / "copy.png", 0)
    report = inspect_folder(tmp_path / "pile")
    assert report.classes == {}
    assert report.imbalance is None
    assert report.two_labels == ()
    assert report.surplus == ("copy.png",)
    assert report.leftovers is not None
    assert report.leftovers.beside == ()
    assert {finding.kind for finding in report.findings} <= {
        "exact_copies", "kept_together", "no_classes",
    }  # fmt: skip


def test_the_file_stays_and_links_to_it_are_surplus(tmp_path: Path) -> None:
    real = write_picture(tmp_path / "pile" / "z.png", 0)
    write_picture(tmp_path / "pile" / "other.png", 1)
    try:
        (tmp_path / "pile" / "a.png").symlink_to(real)
    except OSError:
        pytest.skip("no links here")
    assert inspect_folder(tmp_path / "pile").surplus == ("a.png",)


def test_three_copies_of_which_one_has_another_label_are_all_left_to_a_person(
    tmp_path: Path,
) -> None:
    for place in ("a/1.png", "a/2.png", "b/3.png"):
        write_picture(tmp_path / "pile" / place, 0)
    report = inspect_folder(tmp_path / "pile")
    assert report.surplus == ()
    assert named(report.two_labels) == {("a/2.png", "b/3.png")}  # copies are a chain of pairs


def test_items_may_lie_in_memory_and_have_several_labels_or_measures() -> None:
    items = [np.asarray(picture(seed)) for seed in (0, 1, 0)]
    report = inspect_items(items, [["sun", "sea"], ["sea"], ["sea"]])
    assert report.classes == {"sea": 3, "sun": 1}
    assert [(p.first, p.second, p.first_label) for p in report.two_labels] == [
        ("item 0", "item 2", "sea + sun")
    ]
    assert report.surplus == ()
    assert report.as_dict()["root"] == ""
    measured = inspect_items(items, [0.5, (1.0, 2.0), np.float32(3)])
    assert measured.classes == {}
    assert inspect_items(items, [1, 2, 1]).classes == {"1": 2, "2": 1}


def test_labels_that_do_not_match_the_items_are_refused() -> None:
    with pytest.raises(DataError, match="1 items and 2 labels"):
        inspect_items([b"x"], ["a", "b"])


def test_files_that_are_gone_are_unreadable(tmp_path: Path) -> None:
    report = inspect_items([tmp_path / "gone.jpg"], root=tmp_path)
    assert [(item.file, item.reason) for item in report.unreadable] == [
        ("gone.jpg", "does not exist.")
    ]
    assert report.sizes is None


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("notes.txt", b"x", "(.txt)"),
        ("download", b"\xff\xd8\xff\xe0", "download is a picture"),
        (".hidden.jpg", b"x", "hidden"),
    ],
)
def test_a_folder_without_photos_is_refused_with_what_is_in_it(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match="holds no photos") as refused:
        inspect_folder(tmp_path)
    assert said in str(refused.value)


def test_the_split_test_is_a_finding_when_it_warns(faults: IngestReport) -> None:
    test = {"random": 0.85, "blocked": [{"by": "file order", "accuracy": 0.6}], "warning": ""}
    assert "flattery" not in kinds(replace(faults, split_test=test))
    warned = replace(faults, split_test=test | {"warning": "Random promises too much."})
    assert kinds(warned)["flattery"] == "problem"
    assert warned.as_dict()["split_test"]["random"] == 0.85


def test_classes_are_judged_by_size_and_name(tmp_path: Path) -> None:
    root = write_pile(tmp_path / "pile", classes=1, photos=12)
    write_picture(root / "Polar Bear" / "1.png", 500)
    write_picture(root / "polar_bear" / "1.png", 501)
    report = inspect_folder(root)
    found = {finding.kind: finding for finding in report.findings}
    assert found["imbalance"].severity == "warning"
    assert "(a, 12) is 12 times" in found["imbalance"].what
    assert found["small_classes"].severity == "problem"
    assert "Polar Bear has 1, polar_bear has 1" in found["small_classes"].what
    assert "'Polar Bear' and 'polar_bear'" in found["names_alike"].what


def test_the_quarantine_of_a_class_folder_is_not_taken_for_a_class(tmp_path: Path) -> None:
    root = write_pile(tmp_path / "pile")
    before = inspect_folder(root)
    Quarantine(root / "a").put([root / "a" / "00.jpg"], "checked alone")
    after = inspect_folder(root)
    assert set(after.classes) == set(before.classes)
    assert after.files == before.files - 1


def test_counting_keeps_less_than_some_hundred_bytes_a_file() -> None:
    files, size = 4000, {"width": 500, "height": 400, "signature": bytes(2000)}
    items = [Path(f"pile/a/{number}.jpg") for number in range(files)]
    labels = ["a"] * files
    tracemalloc.start()
    tally = Tally(items, labels, Path("pile"))
    for number, _ in enumerate(tally.noting(_looks(files, size))):
        if number == 0:
            before = tracemalloc.get_traced_memory()[0]
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown / files < BYTES_A_FILE
    assert len(tally.results()["turned"]) == files  # the costly case: each photo is noted


def _looks(count: int, size: dict[str, object]) -> Iterator[Look]:
    for number in range(count):
        yield Look(content=f"{number:032x}", format="JPEG", mode="RGB", orientation=6, **size)  # type: ignore[arg-type]


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_name_that_is_no_text_is_named_and_as_json_it_can_be_sent(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path / "pile")
    os.mkdir(folder)
    for number, name in enumerate((b"\xff\xfe.png", b"ok.png")):
        write_picture(tmp_path / "x.png", number)
        try:
            os.rename(tmp_path / "x.png", folder + b"/" + name)
        except OSError:
            pytest.skip("this disk takes names that are text only")
    report = inspect_folder(tmp_path / "pile")
    assert report.readable == 2
    assert json.dumps(report.as_dict(), ensure_ascii=True).isascii()


def test_a_file_that_is_listed_twice_is_no_copy_of_itself(tmp_path: Path) -> None:
    root = write_pile(tmp_path / "pile")
    files = sorted(root.rglob("*.jpg"))[:4]
    report = inspect_items([*files, *files], ["a"] * 8, root=root)
    assert report.exact == ()
    assert report.to_set_aside == {}
    assert len(report.listed_twice) == len(files)
    assert kinds(report)["listed_twice"] == "warning"
    copy = root / "a" / "copy.jpg"
    copy.write_bytes(files[0].read_bytes())
    report = inspect_items([*files, *files, copy], ["a"] * 9, root=root)
    assert len(report.to_set_aside) == 1


def test_folders_of_one_name_and_no_folders_are_told(tmp_path: Path) -> None:
    root = tmp_path / "pile"
    for place in ("north/wet", "north/dry", "south/wet"):
        write_pile(root / place)
    found = {finding.kind: finding for finding in inspect_folder(root).findings}
    assert "a" in inspect_folder(root).merged_folders
    assert "count as one class" in found["merged_folders"].what
    flat = tmp_path / "flat"
    flat.mkdir()
    for number in range(3):
        write_picture(flat / f"{number}.jpg", number)
    assert kinds(inspect_folder(flat))["no_classes"] == "note"

"""The command line as a user runs it: what it prints and returns, and one line for an error."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from conftest import COLOURS, RealTraining, Run, json_lines, write_colours
from PIL import Image

from drivetrain.bundle import Bundle
from drivetrain.export import export_bundle
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoaders
from drivetrain.predictor import Predictor
from drivetrain.project import Project


def one_line(ended: subprocess.CompletedProcess[str], *said: str) -> None:
    """A user's mistake: exit code 1, nothing on standard output, one line that says it all."""
    assert ended.returncode == 1, ended
    assert ended.stdout == ""
    lines = ended.stderr.splitlines()
    assert len(lines) == 1, ended.stderr
    assert lines[0].startswith("error: ")
    for part in said:
        assert part in lines[0]


def test_train_ends_with_one_line_of_json_and_a_bundle_that_answers(
    real_training: RealTraining,
) -> None:
    bundle, report, _ = real_training
    assert report["bundle"] == "m.bundle"
    valid = report["valid"]
    assert valid["n"] == 9
    assert valid["error_rate"] == 0.0
    predictor = Predictor.open(bundle)
    assert predictor.verify() < 1e-3
    assert list(predictor.vocab) == sorted(COLOURS)


def test_train_leaves_a_broken_photo_out_and_names_it_once(
    real_training: RealTraining,
) -> None:
    _, report, progress = real_training
    warnings = [line for line in progress.splitlines() if line.startswith("warning: ")]
    assert len(warnings) == 1
    assert "red/broken.jpg is a broken picture" in warnings[0]
    assert [Path(name).name for name in report["skipped"]] == ["broken.jpg"]
    assert "Traceback" not in progress


def test_predict_prints_an_answer_a_line_and_json_has_the_fields_of_the_http_answer(
    bundle: Path, colours: Path, run: Run
) -> None:
    photos = [colours / colour / "00.jpg" for colour in COLOURS]
    plain = run("predict", bundle, *photos)
    assert [line.split(": ")[1].split()[0] for line in plain.stdout.splitlines()] == list(COLOURS)
    answers = json_lines(run("predict", bundle, *photos, "--json").stdout)
    assert [answer["label"] for answer in answers] == list(COLOURS)
    for answer, photo in zip(answers, photos, strict=True):
        assert answer.keys() == {
            "input", "id", "label", "probabilities", "in_domain", "domain_score", "decision",
            "values", "intervals", "remarks", "model",
        }  # fmt: skip
        assert answer["input"] == str(photo)


def test_predict_answers_the_others_when_one_input_is_bad(
    bundle: Path, photo: Path, tmp_path: Path, run: Run
) -> None:
    (tmp_path / "bad.jpg").write_text("text")
    ended = run("predict", bundle, photo, "bad.jpg", photo, "--json")
    assert ended.returncode == 1
    first, bad, last = json_lines(ended.stdout)
    assert first["label"] == last["label"] == "red"
    assert bad["input"] == "bad.jpg"
    assert bad["error"].keys() == {"code", "message", "hint"}  # type: ignore[attr-defined]
    assert ended.stderr.count("\n") == 1
    assert "bad.jpg" in ended.stderr


def test_a_name_with_spaces_quotes_and_emoji_is_a_name(
    bundle: Path, photo: Path, tmp_path: Path, run: Run
) -> None:
    name = 'my "best" photo\'s 🧸 $HOME.jpg'
    shutil.copy(photo, tmp_path / name)
    ended = run("predict", bundle, name, "--json")
    assert ended.returncode == 0, ended.stderr
    assert json_lines(ended.stdout)[0]["input"] == name
    (tmp_path / name).write_text("text")
    one_line(run("predict", bundle, name), name)


def test_verify_and_inspect_print_one_object(bundle: Path, run: Run) -> None:
    verified = json_lines(run("verify", bundle, "--json").stdout)
    assert len(verified) == 1
    assert verified[0]["ok"] is True
    assert verified[0]["samples"] == 4
    inspected = json_lines(run("inspect", bundle, "--json").stdout)
    assert inspected[0]["vocab"] == ["blue", "green", "red"]
    assert inspected[0]["sha256"] == verified[0]["sha256"]
    card = run("inspect", bundle).stdout
    assert "validated on 9" in card
    assert "crop to 32 × 32" in card


ACTIONS = """
[objective]
purpose = "Sort the colours."
[costs]
ask_a_person = 2
touch = {blue = 0, green = 0, red = 100}
leave = {blue = 9, green = 9, red = 0}
"""


def test_predict_tells_what_is_foreign_and_what_to_do(
    trained: Learner[DataLoaders], photo: Path, tmp_path: Path, run: Run
) -> None:
    project = Project.from_toml(ACTIONS)
    export_bundle(trained, tmp_path / "m.bundle", project=project)
    Image.fromarray(np.tile(np.array([[0], [255]], np.uint8), (20, 40))).save(
        tmp_path / "foreign.png"
    )
    ended = run("predict", "m.bundle", photo, "foreign.png")
    known, foreign = ended.stdout.splitlines()
    answers = Predictor.open(tmp_path / "m.bundle").predict([photo, tmp_path / "foreign.png"])
    assert [answer.in_domain for answer in answers] == [True, False]
    assert known == f"{photo}: red ({answers[0].confidence:.1%}); decision: {answers[0].decision}"
    assert foreign == (
        f"foreign.png: {answers[1].label} ({answers[1].confidence:.1%}); not like the training "
        "photos (far beyond the border); decision: ask a person"
    )


def test_init_writes_a_file_that_explains_itself_and_train_takes_it(
    colours: Path, tmp_path: Path, run: Run
) -> None:
    ended = run("init", colours)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("drivetrain.toml: every section explained")
    assert "--project drivetrain.toml" in ended.stdout
    text = (tmp_path / "drivetrain.toml").read_text()
    assert Project.open(tmp_path / "drivetrain.toml") == Project()
    assert "#green = 500" in text.splitlines()
    one_line(run("init", colours), "drivetrain.toml is there already", "--force")
    assert (tmp_path / "drivetrain.toml").read_text() == text
    assert run("init", "--force", "--out", "drivetrain.toml").returncode == 0
    assert "teddy" in (tmp_path / "drivetrain.toml").read_text()
    one_line(run("init", "nowhere", "--out", "x.toml"), "nowhere does not exist")


def test_a_project_of_the_current_folder_is_used_and_told(
    colours: Path, tmp_path: Path, run: Run
) -> None:
    (tmp_path / "drivetrain.toml").write_text(ACTIONS)
    small = ("--size", "32", "--false-reject", "0.1", "--int8", "--json")
    ended = run("train", colours, "--out", "m.bundle", *small)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.splitlines()[0] == "using drivetrain.toml of this folder"
    assert len(json_lines(ended.stdout)) == 1
    manifest = Bundle.open(tmp_path / "m.bundle").manifest
    assert manifest.project.objective.purpose == "Sort the colours."
    assert manifest.project.judgement.false_reject == 0.1
    assert manifest.network.precision == "int8" or manifest.network.precision_note


def test_costs_that_do_not_fit_the_classes_stop_before_training(
    colours: Path, tmp_path: Path, run: Run
) -> None:
    (tmp_path / "drivetrain.toml").write_text("no toml")
    (tmp_path / "mine.toml").write_text(ACTIONS.replace("green", "gren"))
    ended = run("train", colours, "--out", "m.bundle", "--project", "mine.toml")
    one_line(ended, "mine.toml cannot be used", "costs.touch.gren", "did you mean 'green'?")
    one_line(run("train", colours, "--out", "m.bundle", "--project", "x.toml"), "x.toml does not")
    (tmp_path / "mine.toml").write_text("[costs]\ntouch = 5")
    one_line(run("train", colours, "--out", "m.bundle", "--project", "mine.toml"), "costs.touch")
    assert not (tmp_path / "m.bundle").exists()


def test_a_share_that_cannot_be_is_one_line(colours: Path, run: Run) -> None:
    ended = run("train", colours, "--out", "m.bundle", "--false-reject", "0.7")
    one_line(ended, "false_reject is 0.7", "between 0 and 0.5")


# ---- bad input: each one line, a non-zero exit, and nothing harmed ------------------------------


def test_an_empty_folder(tmp_path: Path, run: Run) -> None:
    (tmp_path / "empty").mkdir()
    one_line(run("train", "empty", "--out", "m.bundle"), "empty holds no photos", ".jpg")
    assert os.listdir(tmp_path) == ["empty"]


def test_a_folder_that_is_not_there(run: Run) -> None:
    one_line(run("train", "nowhere", "--out", "m.bundle"), "nowhere does not exist")


def test_one_class_only(tmp_path: Path, run: Run) -> None:
    data = write_colours(tmp_path / "colours", photos_a_class=5)
    shutil.rmtree(data / "red")
    shutil.rmtree(data / "blue")
    one_line(run("train", data, "--out", "m.bundle"), "only the class 'green'", "folder")


def test_a_folder_of_text_files(tmp_path: Path, run: Run) -> None:
    for name in ("a", "b"):
        (tmp_path / "texts" / name).mkdir(parents=True)
        (tmp_path / "texts" / name / "x.txt").write_text("text")
    one_line(run("train", "texts", "--out", "m.bundle"), "texts holds no photos")


def test_a_folder_of_text_files_that_are_named_as_photos(tmp_path: Path, run: Run) -> None:
    for name in ("a", "b"):
        (tmp_path / "texts" / name).mkdir(parents=True)
        for number in range(3):
            (tmp_path / "texts" / name / f"{number}.jpg").write_text("text")
    ended = run("train", "texts", "--out", "m.bundle", "--size", "64")
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    summary, *warnings, error = ended.stderr.splitlines()
    assert summary == "6 photos in 2 classes (a 3, b 3): 5 to train on, 1 to validate on"
    assert error.startswith("error: None of the 5 items could be read.")
    assert len(warnings) == 5
    assert all(line.startswith("warning: Left out: ") for line in warnings)
    assert not (tmp_path / "m.bundle").exists()


@pytest.mark.parametrize("cut", [0.3, 0.9])
def test_a_truncated_jpeg(bundle: Path, photo: Path, tmp_path: Path, run: Run, cut: float) -> None:
    whole = photo.read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: int(len(whole) * cut)])
    one_line(run("predict", bundle, "cut.jpg"), "cut.jpg is a broken picture", "leave it out")


def test_a_one_pixel_image(bundle: Path, tmp_path: Path, run: Run) -> None:
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")
    one_line(run("predict", bundle, "dot.png"), "dot.png is 1 × 1 pixels", "larger")


def test_a_decompression_bomb(bundle: Path, tmp_path: Path, run: Run) -> None:
    Image.new("1", (30_000, 30_000)).save(tmp_path / "bomb.png")
    one_line(run("predict", bundle, "bomb.png"), "bomb.png is", "100 megapixels", "Shrink")


@pytest.mark.parametrize("command", ["predict", "verify", "inspect", "serve"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "missing", "folder", "photo"])
def test_a_bundle_that_cannot_be_used(
    command: str, damage: str, bundle: Path, photo: Path, tmp_path: Path, run: Run
) -> None:
    whole = bundle.read_bytes()
    target = tmp_path / "m.bundle"
    if damage == "cut":
        target.write_bytes(whole[: len(whole) // 2])
    elif damage == "flipped":
        middle = len(whole) // 2
        target.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    elif damage == "folder":
        target.mkdir()
    elif damage == "photo":
        shutil.copy(photo, target)
    arguments: dict[str, list[str | Path]] = {"predict": [photo], "serve": ["--port", "0"]}
    more = arguments.get(command, [])
    one_line(run(command, target, *more), "m.bundle")


def test_a_bundle_whose_entries_climb_out_of_their_folder(
    tmp_path: Path, photo: Path, run: Run
) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "m.bundle", "w") as archive:
        archive.writestr("../../climbed.txt", "out")
    one_line(run("predict", "m.bundle", photo), "m.bundle")
    assert not (tmp_path.parent.parent / "climbed.txt").exists()


def test_a_read_only_folder(colours: Path, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir()
    (locked / "m.bundle").write_bytes(b"before")
    locked.chmod(0o555)
    command = [sys.executable, "-m", "drivetrain.cli", "train", str(colours)]
    if os.geteuid() == 0:  # root may write anywhere unless it gives that right up
        if shutil.which("setpriv") is None:
            pytest.skip("run as root without setpriv: no folder is read-only")
        command = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override", *command]
    ended = subprocess.run(
        [*command, "--out", str(locked / "m.bundle")], capture_output=True, text=True, check=False
    )
    one_line(ended, "locked/m.bundle cannot be written", "folder")
    assert (locked / "m.bundle").read_bytes() == b"before"


def test_a_typing_error_is_a_usage_error(bundle: Path, run: Run) -> None:
    for arguments in (
        ["predikt"],
        ["predict", bundle],
        ["train", "x"],
        ["train", "x", "--size", "big"],
    ):
        ended = run(*arguments)
        assert ended.returncode == 2
        assert "Traceback" not in ended.stderr


def test_an_architecture_with_a_typing_error_is_guessed(colours: Path, run: Run) -> None:
    ended = run("train", colours, "--out", "m.bundle", "--arch", "tf_efficientnet_lite00")
    one_line(ended, "tf_efficientnet_lite00", "Did you mean tf_efficientnet_lite0")


def test_a_closed_pipe_is_no_traceback(bundle: Path) -> None:
    command = f"{sys.executable} -m drivetrain.cli inspect {bundle} | true"
    ended = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert "Traceback" not in ended.stderr
    assert "Exception" not in ended.stderr


def test_the_version_is_printed(run: Run) -> None:
    ended = run("--version")
    assert ended.returncode == 0
    assert ended.stdout.strip() == version("drivetrain")


@pytest.mark.parametrize("arguments", [["--port", "70000"], ["--port", "-1"]])
def test_a_port_that_is_none_is_a_usage_error(bundle: Path, run: Run, arguments: list[str]) -> None:
    assert run("serve", bundle, *arguments).returncode == 2


def test_an_address_that_is_none_is_told(bundle: Path, run: Run) -> None:
    one_line(run("serve", bundle, "--port", "0", "--host", "a" * 300), "is no address")


def test_a_full_disk_is_told(bundle: Path) -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "drivetrain.cli", "inspect", str(bundle)]
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr

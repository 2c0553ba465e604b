"""What an exported bundle knows beyond its network."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import colour_photo, tiny_learner

from drivetrain.bundle import Bundle
from drivetrain.errors import ConfigError
from drivetrain.export import export_bundle, exported
from drivetrain.export.answers import Answers, as_validated
from drivetrain.export.quantize import why_not
from drivetrain.judge import ASK, ClassJudgement
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoader, DataLoaders
from drivetrain.predictor import Predictor
from drivetrain.project import Project

COSTS = """
[objective]
purpose = "Sort the balls."
[levers]
keep = "Put it into the box."
throw = "Throw it away."
[costs]
ask_a_person = 1
keep = {blue = 0, green = 0, red = 50}
throw = {blue = 10, green = 10, red = 0}
[judgement]
false_reject = 0.1
"""


def test_every_answer_is_judged(bundle: Path) -> None:
    predictor = Predictor.open(bundle)
    answer = predictor.predict(colour_photo("red", seed=500))
    assert (answer.label, answer.in_domain, answer.decision) == ("red", True, None)
    assert answer.domain_score is not None
    assert 0 < answer.domain_score <= 1
    stripes = np.zeros((40, 48, 3), np.uint8)
    stripes[:, ::2] = (255, 255, 0)
    foreign = predictor.predict(stripes)
    assert foreign.in_domain is False
    assert foreign.domain_score is not None
    assert foreign.domain_score > 1


def test_the_costs_travel_with_the_bundle(trained: Learner[DataLoaders], tmp_path: Path) -> None:
    toml = tmp_path / "drivetrain.toml"
    toml.write_text(COSTS)
    opened = Bundle.open(export_bundle(trained, tmp_path / "judged.bundle", project=toml))
    assert opened.manifest.project == Project.open(toml)
    assert opened.manifest.domain is not None
    assert opened.manifest.domain.false_reject == 0.1
    predictor = Predictor(opened)
    assert predictor.predict(colour_photo("red", seed=500)).decision == "throw"
    assert predictor.predict(colour_photo("blue", seed=500)).decision == "keep"
    foreign = np.random.default_rng(0).integers(0, 255, (40, 48, 3), np.uint8)
    assert predictor.predict(foreign).decision == ASK


def test_what_is_said_here_counts_more_than_the_file(
    trained: Learner[DataLoaders], tmp_path: Path
) -> None:
    project = Project.from_toml(COSTS)
    file = export_bundle(trained, tmp_path / "it.bundle", project=project, false_reject=0.2)
    record = Bundle.open(file).manifest.domain
    assert record is not None
    assert record.false_reject == 0.2
    with pytest.raises(ConfigError, match=r"false_reject is 0\.7"):
        export_bundle(trained, tmp_path / "it.bundle", false_reject=0.7)


def test_costs_of_other_classes_are_refused_before_anything_is_done(
    colours: Path, tmp_path: Path
) -> None:
    learn = tiny_learner(colours)
    learn.model = torch.nn.Identity()  # nothing may be asked of it
    other = Project.from_toml("[costs]\nkeep = {blue = 0, gren = 0, red = 1}")
    with pytest.raises(ConfigError, match=r"did you mean 'green'.*missing for green"):
        export_bundle(learn, tmp_path / "it.bundle", project=other)


def test_the_evidence_is_what_the_network_said_of_validation(
    bundle: Path, trained: Learner[DataLoaders]
) -> None:
    opened = Bundle.open(bundle)
    evidence = opened.evidence
    assert evidence is not None
    expected, truth = trained.get_preds()
    np.testing.assert_array_equal(evidence.targets, truth.numpy())
    assert isinstance(opened.judgement, ClassJudgement)
    given = opened.judgement.calibration.probabilities(evidence.outputs)
    np.testing.assert_allclose(given, expected.numpy(), atol=1e-4)
    answers = Predictor(opened).predict(list(trained.dls.valid.items))
    scores = [answer.domain_score for answer in answers]
    assert evidence.domain_scores is not None
    assert evidence.domain_scores.tolist() == pytest.approx(scores, rel=1e-3)


def test_the_fingerprint_is_that_of_the_data(
    trained: Learner[DataLoaders], colours: Path, tmp_path: Path
) -> None:
    first = Bundle.open(export_bundle(trained, tmp_path / "a.bundle", samples=0))
    again = Bundle.open(export_bundle(tiny_learner(colours), tmp_path / "b.bundle", samples=0))
    assert len(first.manifest.training.data_fingerprint) == 64
    fingerprint = first.manifest.training.data_fingerprint
    assert again.manifest.training.data_fingerprint == fingerprint
    valid = trained.dls.valid
    fewer = replace(
        valid, inputs=(valid.inputs[0].take(range(8)),), labels=(valid.labels[0].take(range(8)),)
    )
    trained_on_fewer = tiny_learner(colours)
    trained_on_fewer.dls = replace(trained.dls, valid=fewer)
    other = Bundle.open(export_bundle(trained_on_fewer, tmp_path / "c.bundle", samples=0))
    assert other.manifest.training.data_fingerprint != fingerprint


def test_in_8_bits_it_is_smaller_and_answers_alike(
    trained: Learner[DataLoaders], bundle: Path, tmp_path: Path
) -> None:
    small = Bundle.open(export_bundle(trained, tmp_path / "small.bundle", int8=True))
    large = Bundle.open(bundle)
    assert small.manifest.network.precision == "int8"
    assert len(small.model) < len(large.model)
    compared = {parity.of: parity.same_labels for parity in small.manifest.parity}
    assert compared.pop("32 bits and 8") >= 0.99
    assert set(compared.values()) == {1.0}
    assert Predictor(small).predict(colour_photo("green", seed=400)).label == "green"
    assert Predictor(small).verify() < 1e-3


def test_where_8_bits_lose_it_stays_in_32_and_says_why(
    trained: Learner[DataLoaders], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exported, "why_not", lambda *_: "In 8 bits it lost everything.")
    opened = Bundle.open(export_bundle(trained, tmp_path / "it.bundle", int8=True))
    network = opened.manifest.network
    assert (network.precision, network.precision_note) == (
        "float32",
        "In 8 bits it lost everything.",
    )
    assert [parity.of for parity in opened.manifest.parity].count("32 bits and 8") == 0


def test_the_gate_for_8_bits() -> None:
    truth = np.arange(1000) % 2
    right = np.eye(2, dtype=np.float32)[truth]

    def said(*wrong: int) -> Answers:
        logits = right.copy()
        logits[list(wrong)] = 1 - logits[list(wrong)]
        return Answers(logits, np.zeros((1000, 4), np.float32), truth, tuple(range(1000)))

    alike = said(), said()
    assert why_not(said(), said(*range(5)), alike) == ""
    assert "lost 0.6%" in why_not(said(), said(*range(6)), alike)
    traded = said(*range(30)), said(*range(15, 45))
    assert "1.5% of 2000 labels changed" in why_not(*traded, alike)
    on_training = said(), said(*range(25))
    assert "1.2% of 2000 labels changed" in why_not(*alike, on_training)


def test_no_path_of_the_machine_that_wrote_it_is_in_it(
    trained: Learner[DataLoaders], colours: Path, tmp_path: Path
) -> None:
    """What holds no path cannot break on a system that writes them otherwise."""
    opened = Bundle.open(export_bundle(trained, tmp_path / "it.bundle", int8=True))
    told = opened.manifest.to_json()
    for secret in (str(colours), str(tmp_path), str(Path.home()), "PosixPath", "WindowsPath"):
        assert secret.encode() not in told
        for name, content in opened.members.items():
            assert secret.encode() not in content, name
    assert all("\\" not in name for name in opened.members)


def test_a_file_is_answered_alike_under_every_way_to_name_it(bundle: Path, colours: Path) -> None:
    predictor = Predictor.open(bundle)
    file = next(colours.rglob("*.jpg"))
    ways = [file, str(file), file.read_bytes()]
    first, *others = predictor.predict(ways)
    for other in others:
        np.testing.assert_array_equal(other.probabilities, first.probabilities)
        assert other.domain_score == first.domain_score


def test_a_rare_class_stays_in_the_reference(
    trained: Learner[DataLoaders],
) -> None:
    train = trained.dls.train
    targets = np.array([2] + [0, 1] * ((len(train.targets) - 1) // 2), np.int64)
    learn = copy.copy(trained)
    rare = replace(train, labels=(replace(train.labels[0], values=targets),))
    rare = replace(rare, inputs=(rare.inputs[0].take(range(len(targets))),))
    chosen = as_validated(replace_train(learn, rare), 21)
    assert set(chosen.targets.tolist()) == {0, 1, 2}
    assert len(chosen.items) <= 22


def replace_train(learn: Learner[DataLoaders], train: DataLoader) -> Learner[DataLoaders]:
    learn.dls = replace(learn.dls, train=train)
    return learn


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"samples": -3}, "samples is -3"),
        ({"samples": 10_000}, "samples is 10000"),
        ({"false_reject": "a"}, "false_reject is a"),
        ({"project": {"costs": {}}}, "project is a dict"),
    ],
)
def test_settings_that_cannot_be_are_told(
    trained: Learner[DataLoaders], tmp_path: Path, settings: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ConfigError, match=reason):
        export_bundle(trained, tmp_path / "it.bundle", **settings)
    assert list(tmp_path.iterdir()) == []

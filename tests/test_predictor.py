"""The predictor: one or many, in order, alike from every thread, and one bad input hurts none."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import COLOURS, colour_photo
from PIL import Image

from drivetrain.bundle import Bundle
from drivetrain.bundle.archive import pack, unpack
from drivetrain.bundle.reader import MANIFEST
from drivetrain.data import get_image_files
from drivetrain.errors import InputError, SampleMismatchError
from drivetrain.judge.calibration import softmax
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoaders
from drivetrain.predictor import Predictor
from drivetrain.schema import Prediction


@pytest.fixture(scope="module")
def predictor(bundle: Path) -> Predictor:
    return Predictor.open(bundle)


def test_a_path_bytes_a_picture_and_an_array_get_the_same_answer(
    predictor: Predictor, photo: Path
) -> None:
    picture = Image.open(photo)
    sources: list[Any] = [photo, str(photo), photo.read_bytes(), picture, np.asarray(picture)]
    answers = np.stack([predictor.predict(source).probabilities for source in sources])
    assert predictor.predict(photo).label == "red"
    # A decoded picture has lost the JPEG decoder's own way to a smaller scale.
    assert np.abs(answers - answers[0]).max() < 0.02
    assert (answers[:3] == answers[0]).all()


def test_many_are_answered_in_order(predictor: Predictor, colours: Path) -> None:
    files = get_image_files(colours)
    answers = predictor.predict(list(files))
    single = [predictor.predict(file) for file in files]
    assert [a.label for a in answers] == [s.label for s in single]
    for answer, alone in zip(answers, single, strict=True):
        np.testing.assert_allclose(answer.probabilities, alone.probabilities, atol=1e-6)


def test_a_bad_input_is_told_in_its_place_and_the_others_are_answered(
    predictor: Predictor, photo: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(photo.read_bytes()[:200])
    outcomes = list(predictor.predict_each([photo, broken, b"text", photo] * 6))
    kinds = [Prediction, InputError, InputError, Prediction] * 6
    assert len(outcomes) == 24
    assert all(isinstance(o, kind) for o, kind in zip(outcomes, kinds, strict=True))
    with pytest.raises(InputError, match=r"broken\.jpg"):
        predictor.predict([photo, broken])


def test_sixty_four_threads_give_the_serial_answers(predictor: Predictor) -> None:
    def answer_one(photo: Image.Image) -> Prediction:
        return predictor.predict(photo)

    photos = [colour_photo(colour, seed) for seed in range(8) for colour in COLOURS]
    serial = [answer_one(photo).probabilities for photo in photos]
    with ThreadPoolExecutor(64) as pool:
        threaded = list(pool.map(answer_one, photos * 8))
    for number, answer in enumerate(threaded):
        assert (answer.probabilities == serial[number % len(photos)]).all()


def test_probabilities_are_those_of_the_learner(
    predictor: Predictor, trained: Learner[DataLoaders]
) -> None:
    expected, _ = trained.get_preds()
    answers = predictor.predict(list(trained.dls.valid.items))
    given = np.stack([answer.probabilities for answer in answers])
    assert np.abs(given - expected.numpy()).max() < 1e-4
    np.testing.assert_allclose(given.sum(axis=1), 1, atol=1e-6)


def test_verify_refuses_a_bundle_whose_answers_this_machine_does_not_give(bundle: Path) -> None:
    members, _ = unpack(bundle.read_bytes(), name="it")
    manifest = json.loads(members.pop(MANIFEST))
    first = manifest["samples"][0]["answer"]
    manifest["samples"][0]["answer"] = [first[1], first[2], first[0]]
    altered = pack({MANIFEST: json.dumps(manifest).encode()} | members)
    with pytest.raises(SampleMismatchError, match=r"samples/0 .*differ by .*onnxruntime"):
        Predictor(Bundle.from_bytes(altered, name="it")).verify()


def test_softmax_bears_large_numbers() -> None:
    shares = softmax(np.array([[1000.0, 0.0], [-1000.0, -1000.0]], np.float32))
    assert shares.tolist() == [[1, 0], [0.5, 0.5]]

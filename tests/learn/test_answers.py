"""What a learner answers: of one photo or many, in several threads, with input, loss and views."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import pytest
import torch
from conftest import tiny_classifier, tiny_learner, write_colours
from PIL import Image
from torch import Tensor, nn

from drivetrain.errors import ConfigError, InputError, OutputError, WeightsError
from drivetrain.learn.augment import aug_transforms
from drivetrain.learn.learner import AT_ONCE, Learner

pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.fixture
def learn(colours: Path, tmp_path: Path) -> Learner[Any]:
    learn = Learner(tiny_learner(colours).dls, tiny_classifier(seed=3), path=tmp_path)
    learn.reporter.quiet = True
    return learn


def files(learn: Learner[Any]) -> list[Path]:
    return [Path(item) for item in learn.dls.valid.items]


def weights(learn: Learner[Any]) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in learn.model.state_dict().items()}


# ---- predict ----------------------------------------------------------------------------------


def test_many_photos_are_answered_as_one_by_one_and_in_their_order(learn: Learner[Any]) -> None:
    items = (files(learn) * 5)[: AT_ONCE + 7]
    several = learn.predict(items)
    assert len(several) == AT_ONCE + 7
    for answer, item in zip(several, items, strict=True):
        label, position, probabilities = learn.predict(item)
        assert (answer[0], answer[1]) == (label, position)
        # A batch is added up in another order than one photo.
        torch.testing.assert_close(answer[2], probabilities, atol=1e-6, rtol=1e-5)
        assert learn.dls.vocab[int(position)] == label
        assert float(probabilities.sum()) == pytest.approx(1.0, abs=1e-6)


def test_a_list_of_one_is_a_list_and_of_none_is_empty(learn: Learner[Any]) -> None:
    assert len(learn.predict(files(learn)[:1])) == 1
    assert learn.predict([]) == []


def test_paths_texts_bytes_pictures_and_arrays_are_answered_alike(learn: Learner[Any]) -> None:
    file = files(learn)[0]
    with Image.open(file) as opened:
        picture = opened.convert("RGB")
    forms = [file, str(file), file.read_bytes(), picture, np.asarray(picture)]
    answers = [learn.predict(form)[2] for form in forms]
    assert all(torch.equal(answer, answers[0]) for answer in answers)


def test_threads_side_by_side_get_exactly_the_serial_answers(learn: Learner[Any]) -> None:
    items = [*files(learn)[:8], files(learn)[8:], *files(learn)[:7]]
    serial = [learn.predict(item) for item in items]
    for _ in range(5):
        learn.model.train()  # as it is after training; the first to come sets it to answer
        barrier = Barrier(len(items))

        def ask(item: Any, barrier: Barrier = barrier) -> Any:
            barrier.wait()
            return learn.predict(item)

        with ThreadPoolExecutor(len(items)) as pool:
            found = list(pool.map(ask, items))
        for one, expected in zip(found, serial, strict=True):
            several = [x if isinstance(x, list) else [x] for x in (one, expected)]
            for answer, right in zip(*several, strict=True):
                assert answer[0] == right[0]
                assert torch.equal(answer[2], right[2])


def test_predict_says_nothing_and_moves_no_weight(
    learn: Learner[Any], capfd: pytest.CaptureFixture[str]
) -> None:
    learn.reporter.quiet = False
    before = weights(learn)
    learn.predict(files(learn))
    assert capfd.readouterr() == ("", "")
    assert all(torch.equal(tensor, before[name]) for name, tensor in weights(learn).items())


def test_answers_may_be_worked_with(learn: Learner[Any]) -> None:
    for answer in (learn.predict(files(learn)[0])[2], learn.get_preds()[0], learn.tta()[0]):
        answer.mul_(2).requires_grad_()
        (answer * answer).sum().backward()
        assert answer.grad is not None


def test_one_of_many_that_cannot_be_read_is_named(learn: Learner[Any], tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no photo")
    with pytest.raises(InputError):
        learn.predict([files(learn)[0], broken])


# ---- get_preds --------------------------------------------------------------------------------


def test_what_is_asked_for_comes_in_its_order(learn: Learner[Any]) -> None:
    inputs, answers, targets, decided, losses = learn.get_preds(
        with_input=True, with_decoded=True, with_loss=True
    )
    assert torch.equal(inputs, torch.cat([batch.x for batch in learn.dls.valid.batches()]))
    assert targets.tolist() == learn.dls.valid.targets.tolist()
    assert torch.equal(decided, answers.argmax(1))
    torch.testing.assert_close(
        losses, nn.functional.nll_loss(answers.log(), targets, reduction="none")
    )
    torch.testing.assert_close(answers.sum(1), torch.ones(len(targets)))


@pytest.mark.parametrize(
    ("asked", "count"),
    [({}, 2), ({"with_input": True}, 3), ({"with_decoded": True}, 3), ({"with_loss": True}, 3)],
)
def test_nothing_else_comes(asked: dict[str, Any], count: int, learn: Learner[Any]) -> None:
    assert len(learn.get_preds(**asked)) == count


def test_items_that_cannot_be_read_are_left_out_of_every_column(tmp_path: Path) -> None:
    folder = write_colours(tmp_path / "photos", 8)
    learn = tiny_learner(folder)
    files(learn)[2].write_bytes(b"no photo")
    with pytest.warns(UserWarning, match="Left out"):
        columns = learn.get_preds(with_input=True, with_decoded=True, with_loss=True)
    assert {len(column) for column in columns} == {len(files(learn)) - 1}
    expected = np.delete(learn.dls.valid.targets, 2).tolist()
    assert columns[2].tolist() == expected
    answers, targets = learn.tta(n=2)
    assert (len(answers), targets.tolist()) == (len(expected), expected)


def test_new_items_are_answered_in_their_order(learn: Learner[Any]) -> None:
    items = files(learn)[::-1]
    answers, _ = learn.get_preds(learn.dls.test_dl(items))
    for answer, item in zip(answers, items, strict=True):
        torch.testing.assert_close(answer, learn.predict(item)[2], atol=1e-6, rtol=1e-5)


# ---- test-time augmentation -------------------------------------------------------------------


def test_views_that_do_not_vary_answer_as_plain_ones(learn: Learner[Any]) -> None:
    answers, targets = learn.tta(n=3)
    expected, expected_targets = learn.get_preds()
    torch.testing.assert_close(answers, expected, atol=1e-6, rtol=1e-5)
    assert torch.equal(targets, expected_targets)


def test_views_are_mixed_with_the_plain_one_by_beta(learn: Learner[Any]) -> None:
    learn.dls.train.batch_transforms = aug_transforms()
    plain, _ = learn.get_preds()
    views, _ = learn.tta(n=3, beta=0.0)
    assert not torch.allclose(views, plain, atol=1e-4)
    torch.testing.assert_close(learn.tta(n=3, beta=1.0)[0], plain)
    torch.testing.assert_close(learn.tta(n=3)[0], 0.75 * views + 0.25 * plain)
    assert torch.equal(learn.tta(n=3)[0], learn.tta(n=3)[0])
    assert not torch.allclose(learn.tta(n=1, beta=0.0)[0], views)


def test_the_largest_answer_of_all_views_is_taken_without_beta(learn: Learner[Any]) -> None:
    learn.dls.train.batch_transforms = aug_transforms()
    plain, _ = learn.get_preds()
    largest, _ = learn.tta(n=2, beta=None)
    mean, _ = learn.tta(n=2, beta=0.0)
    assert bool((largest >= plain).all())
    assert bool((largest >= mean - 1e-6).all())
    assert bool((largest > plain).any())


def test_no_views_are_refused(learn: Learner[Any]) -> None:
    with pytest.raises(ConfigError, match="n is 0"):
        learn.tta(n=0)


# ---- files ------------------------------------------------------------------------------------


def test_weights_come_back_as_they_were_saved(learn: Learner[Any], tmp_path: Path) -> None:
    before = weights(learn)
    file = learn.save("stage-1")
    assert file == tmp_path / "models" / "stage-1.safetensors"
    learn.fit(1, 0.05)
    assert not torch.equal(weights(learn)["head.2.weight"], before["head.2.weight"])
    assert learn.load("stage-1") is learn
    assert all(torch.equal(tensor, before[name]) for name, tensor in weights(learn).items())
    assert sorted(file.parent.iterdir()) == [file]


def test_names_with_dots_are_names_of_their_own(learn: Learner[Any]) -> None:
    names = [learn.save(name).name for name in ("v1.0", "v1.1", "v1.1.safetensors")]
    assert names == ["v1.0.safetensors", "v1.1.safetensors", "v1.1.safetensors"]


def test_a_file_that_is_not_there_is_met_with_those_that_are(learn: Learner[Any]) -> None:
    learn.save("first")
    with pytest.raises(WeightsError, match=r"second\.safetensors does not exist") as refused:
        learn.load("second")
    assert "There is first" in str(refused.value.hint)


@pytest.mark.parametrize("content", [b"", b"no weights", None])
def test_a_file_that_is_not_whole_is_refused_and_the_weights_stay(
    content: bytes | None, learn: Learner[Any]
) -> None:
    file = learn.save("first")
    file.write_bytes(file.read_bytes()[:-9] if content is None else content)
    before = weights(learn)
    with pytest.raises(WeightsError, match="no weights that can be read"):
        learn.load("first")
    assert all(torch.equal(tensor, before[name]) for name, tensor in weights(learn).items())


def test_the_weights_of_another_model_are_refused(learn: Learner[Any], tmp_path: Path) -> None:
    learn.save("three")
    other = Learner(learn.dls, tiny_classifier(4), path=tmp_path)
    with pytest.raises(WeightsError, match="another model"):
        other.load("three")


def test_a_folder_that_cannot_be_written_is_named(learn: Learner[Any], tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    with pytest.raises(OutputError, match=r"first\.safetensors"):
        learn.save("first")


def test_no_bar_says_nothing_inside_also_after_an_error(
    learn: Learner[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    learn.reporter.quiet = False
    with suppress(KeyError), learn.no_bar():
        learn.fit(1)
        raise KeyError
    assert capsys.readouterr().err == ""
    learn.fit(1)
    assert "epoch 1/1" in capsys.readouterr().err

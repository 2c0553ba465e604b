"""Loaders: the order follows from the seed, a bad file costs itself and nothing else."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from conftest import colour_block, write_colours
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from drivetrain.data import get_image_files
from drivetrain.errors import DataError
from drivetrain.learn.augment import aug_transforms
from drivetrain.learn.columns import Input, Target
from drivetrain.learn.loaders import DataLoader, DataLoaders, SkippedItemWarning
from drivetrain.learn.targets import OneOf
from drivetrain.learn.transforms import RandomResizedCrop, Resize
from drivetrain.schema import Vocab

pytestmark = pytest.mark.usefixtures("one_torch_thread")

VOCAB = Vocab(("even", "odd"))
BROKEN = b"not a picture"


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def photo(number: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A photo that says its number in every pixel."""
    return np.full((8, 8, 3), number, np.uint8)


def loader(items: int | list[Any] = 10, *, training: bool = True, **settings: Any) -> DataLoader:
    chosen = [photo(number) for number in range(items)] if isinstance(items, int) else items
    return DataLoader(
        inputs=(Input(chosen, settings.pop("item_transform", Resize(8))),),
        labels=(Target(np.arange(len(chosen)) % 2, OneOf(VOCAB)),),
        training=training,
        **({"bs": 4} | settings),
    )


def order(dl: DataLoader, epoch: int = 0) -> list[int]:
    return [position for batch in dl.batches(epoch) for position in batch.positions]


def reading_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("drivetrain-read")]


def left_behind() -> list[threading.Thread]:
    """Threads that read and stay: those that were told to end get a minute for it."""
    for thread in reading_threads():
        thread.join(60)
    return reading_threads()


# ---- order and content ---------------------------------------------------------------------


def test_validation_keeps_the_order_and_gives_every_item_once() -> None:
    dl = loader(9, training=False)
    assert order(dl) == order(dl, epoch=5) == list(range(9))
    assert [len(batch.y) for batch in dl.batches()] == [4, 4, 1]


def test_a_batch_holds_its_items_beside_their_targets() -> None:
    for training in (False, True):
        for batch in loader(10, training=training).batches(3):
            assert batch.x.dtype == torch.float32
            assert batch.y.dtype == torch.int64
            numbers = (batch.x[:, 0, 0, 0] * 255).round().int().tolist()
            assert numbers == batch.positions
            assert batch.y.tolist() == [number % 2 for number in numbers]


def test_pixels_arrive_as_channels_first_between_0_and_1() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    (batch,) = loader([picture, photo(0)], training=False).batches()
    expected = torch.from_numpy(picture).permute(2, 0, 1).float() / 255
    assert torch.equal(batch.x[0], expected)


@given(st.integers(2, 40), st.integers(0, 2**31), st.integers(0, 5), st.integers(2, 9))
def test_training_shuffles_by_seed_and_epoch_alone(
    count: int, seed: int, epoch: int, bs: int
) -> None:
    items: list[Any] = [photo(0)] * count
    first = loader(items, seed=seed, bs=bs, num_workers=1)
    again = loader(items, seed=seed, bs=bs, num_workers=3)
    assert order(first, epoch) == order(again, epoch)
    assert len(order(first, epoch)) == len(set(order(first, epoch))) >= count - 1


def test_another_seed_or_epoch_is_another_order() -> None:
    orders = [tuple(order(loader(20, seed=seed), epoch)) for seed in (1, 2) for epoch in (0, 1)]
    assert len(set(orders)) == 4


def test_random_crops_and_augmentation_do_not_depend_on_the_number_of_workers(
    colours: Path,
) -> None:
    def batches(num_workers: int | None) -> list[Tensor]:
        block = colour_block().new(RandomResizedCrop(16), aug_transforms())
        dls = block.dataloaders(colours, bs=5, num_workers=num_workers, device="cpu")
        return [batch.x for epoch in (0, 1) for batch in dls.train.batches(epoch)]

    one = batches(1)
    for num_workers in (2, 5, 0, None):
        for expected, found in zip(one, batches(num_workers), strict=True):
            assert torch.equal(expected, found)


def test_augmentation_differs_from_epoch_to_epoch_and_never_touches_validation() -> None:
    def seen(dl: DataLoader, epoch: int) -> Tensor:
        (batch,) = dl.batches(epoch)
        return batch.x[torch.tensor(batch.positions).argsort()]

    def shift(x: Tensor, random: torch.Generator) -> Tensor:
        return x + torch.rand(1, generator=random)

    training = loader(4, batch_transforms=[shift])
    assert not torch.equal(seen(training, 0), seen(training, 1))
    assert torch.equal(seen(training, 1), seen(training, 1))
    validation = loader(4, training=False, batch_transforms=[shift])
    assert torch.equal(seen(validation, 0), seen(loader(4, training=False), 0))


def test_batch_transforms_run_in_their_order() -> None:
    steps = [lambda x, _: x * 0 + 0.25, lambda x, _: x * 2]
    (batch,) = loader(4, batch_transforms=steps).batches()
    assert (batch.x == 0.5).all()


def test_iterating_moves_on_to_the_next_epoch() -> None:
    dl = loader(20)
    first, second = ([y.tolist() for _, y in dl] for _ in range(2))
    assert first == [batch.y.tolist() for batch in dl.batches(0)]
    assert second == [batch.y.tolist() for batch in dl.batches(1)]
    assert first != second


# ---- sizes ---------------------------------------------------------------------------------


@given(st.integers(1, 40), st.integers(1, 9), st.booleans())
def test_the_length_is_the_number_of_batches(count: int, bs: int, training: bool) -> None:
    dl = loader([photo(0)] * count, training=training, bs=bs)
    assert len(dl) == len(list(dl.batches()))


def test_a_lone_last_item_is_left_out_of_training_and_of_nothing_else() -> None:
    assert [len(batch.y) for batch in loader(9).batches()] == [4, 4]
    assert [len(batch.y) for batch in loader(9, training=False).batches()] == [4, 4, 1]
    assert [len(batch.y) for batch in loader(9).batches(keep_lone=True)] == [4, 4, 1]
    assert [len(batch.y) for batch in loader(1).batches()] == [1]


def test_an_item_left_alone_by_broken_neighbours_is_left_out_of_training_too() -> None:
    items = [photo(0), photo(1), photo(2), BROKEN]
    with pytest.warns(SkippedItemWarning):
        batches = [list(loader(items, bs=2).batches(epoch)) for epoch in range(4)]
    assert {len(batch.y) for epoch in batches for batch in epoch} == {2}


def test_one_batch_is_the_first_of_the_next_epoch_and_uses_nothing_up() -> None:
    dl = loader(20)
    x, y = dl.one_batch()
    first = next(dl.batches(0))
    assert torch.equal(x, first.x)
    assert torch.equal(y, first.y)
    assert torch.equal(dl.one_batch()[1], y)


# ---- items that cannot be read -------------------------------------------------------------


def folder_with_a_broken_file(tmp_path: Path) -> tuple[DataLoaders, Path]:
    folder = write_colours(tmp_path / "photos", photos_a_class=4)
    broken = folder / "red" / "it's 🐻 broken.jpg"
    broken.write_bytes(BROKEN)
    return colour_block().dataloaders(folder, bs=4, device="cpu"), broken


def test_a_broken_file_is_left_out_and_warned_of_once_by_name(tmp_path: Path) -> None:
    dls, broken = folder_with_a_broken_file(tmp_path)
    with pytest.warns(SkippedItemWarning) as caught:
        seen = [
            side.items[position]
            for epoch in range(3)
            for side in (dls.train, dls.valid)
            for position in order(side, epoch)
        ]
    assert broken not in seen
    assert len(caught) == 1
    assert str(caught[0].message).startswith(f"Left out: {broken} is not a picture")
    assert list(dls.train.skipped) == [str(broken)]
    assert "is not a picture" in dls.train.skipped[str(broken)]


def test_a_broken_item_that_is_no_file_is_called_by_its_position() -> None:
    items = [photo(0), photo(1), BROKEN, np.zeros((8, 8, 3))]
    dl = loader(items, training=False)
    with pytest.warns(SkippedItemWarning) as caught:
        order(dl)
    told = sorted(str(warning.message) for warning in caught)
    assert told[0].startswith("Left out: item 2: The picture is not a picture")
    assert told[1].startswith("Left out: item 3: The picture is an array of float64")
    assert dl.skipped == {f"item {2 + at}": text[10:] for at, text in enumerate(told)}


def test_a_broken_file_costs_no_other_item() -> None:
    items = [photo(number) for number in range(8)]
    items.insert(5, BROKEN)  # type: ignore[arg-type]
    with pytest.warns(SkippedItemWarning):
        assert order(loader(items, training=False)) == [0, 1, 2, 3, 4, 6, 7, 8]


def test_a_batch_of_broken_files_does_not_end_the_epoch() -> None:
    items = [photo(0), photo(1), BROKEN + b"2", BROKEN + b"3", photo(4), photo(5)]
    with pytest.warns(SkippedItemWarning) as caught:
        assert order(loader(items, bs=2, training=False)) == [0, 1, 4, 5]
    assert len(caught) == 2


def test_where_nothing_can_be_read_the_first_reason_is_told() -> None:
    with (
        pytest.warns(SkippedItemWarning),
        pytest.raises(DataError, match=r"None of the 3 items could be read\. .*not a picture"),
    ):
        list(loader([BROKEN, b"", b"?"]).batches())


def test_one_readable_item_is_too_few_to_train_on() -> None:
    with (
        pytest.warns(SkippedItemWarning),
        pytest.raises(DataError, match=r"Too few of the 3 items could be read\. .*not a picture"),
    ):
        list(loader([BROKEN, b"", photo(0)]).batches())


def test_an_empty_loader_says_that_there_are_none() -> None:
    with pytest.raises(DataError, match=r"None of the 0 items could be read\. There are none"):
        list(loader([], training=False).batches())


def test_errors_that_are_no_fault_of_an_item_are_not_swallowed() -> None:
    class Faulty(Resize):
        def vary(self, base: Any, random: np.random.Generator) -> Any:  # noqa: ARG002
            raise ZeroDivisionError

    with pytest.raises(DataError, match=r"Faulty failed on item \d: ZeroDivisionError") as caught:
        list(loader(4, item_transform=Faulty(8)).batches())
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert left_behind() == []


# ---- threads -------------------------------------------------------------------------------


def test_an_epoch_leaves_no_thread_behind() -> None:
    list(loader(20).batches())
    assert left_behind() == []


def test_closing_early_leaves_no_thread_behind() -> None:
    batches = loader(40, num_workers=3).batches()
    next(batches)
    assert reading_threads() != []
    batches.close()  # type: ignore[attr-defined]
    assert left_behind() == []


def test_leaving_a_loop_early_leaves_no_thread_behind() -> None:
    for _ in loader(40, num_workers=3):
        break
    loader(40, num_workers=3).one_batch()
    assert left_behind() == []


def test_reading_runs_two_batches_ahead_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    submitted: list[Any] = []

    class Watched(ThreadPoolExecutor):
        def submit(self, *args: Any, **settings: Any) -> Future[Any]:
            submitted.append(args)
            return super().submit(*args, **settings)

    monkeypatch.setattr("drivetrain.learn.batches.ThreadPoolExecutor", Watched)
    batches = loader(40, bs=4).batches()
    for taken in (1, 2, 3):
        next(batches)
        assert len(submitted) == taken + 2
    batches.close()  # type: ignore[attr-defined]


# ---- showing -------------------------------------------------------------------------------


def shown(dl: DataLoader | DataLoaders, **settings: Any) -> list[tuple[str, Any]]:
    figure = dl.show_batch(**settings)
    return [
        (axes.get_title(), np.asarray(axes.images[0].get_array()))
        for axes in figure.axes
        if axes.images
    ]


def test_show_batch_draws_items_with_their_own_labels() -> None:
    pictures = shown(loader(20), max_n=5)
    assert len(pictures) == 5
    assert len({int(pixels[0, 0, 0]) for _, pixels in pictures}) == 5
    for title, pixels in pictures:
        assert title == VOCAB[int(pixels[0, 0, 0]) % 2]
        assert (pixels == pixels[0, 0, 0]).all()


def test_show_batch_unique_draws_one_item_as_often_as_asked_each_time_augmented_anew() -> None:
    gradient = np.repeat(np.arange(64, dtype=np.uint8)[None, :, None] * 4, 64, axis=0)
    items: list[Any] = [np.repeat(gradient, 3, axis=2) + shade for shade in range(4)]
    dl = loader(items, item_transform=RandomResizedCrop(8, min_scale=0.2))
    pictures = shown(dl, max_n=4, unique=True)
    assert len(pictures) == 4
    assert len({title for title, _ in pictures}) == 1
    assert len({pixels.tobytes() for _, pixels in pictures}) == 4


def test_show_batch_leaves_out_what_cannot_be_read(tmp_path: Path) -> None:
    dls, broken = folder_with_a_broken_file(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkippedItemWarning)
        pictures = shown(dls, max_n=99) + shown(dls.valid, max_n=99)
    assert len(pictures) == len(get_image_files(broken.parents[1])) - 1


def test_show_batch_of_both_sides_is_that_of_training(colours: Path) -> None:
    dls = colour_block().dataloaders(colours, device="cpu")
    figure = dls.show_batch(max_n=6, nrows=2)
    assert len(figure.axes) == 6
    assert figure.axes[0].get_title() == dls.train.items[order(dls.train)[0]].parent.name


# ---- new items -----------------------------------------------------------------------------


def test_test_dl_prepares_new_items_as_validation_does_in_their_order(colours: Path) -> None:
    dls = colour_block().dataloaders(colours, bs=5, num_workers=2, device="cpu")
    files = get_image_files(colours)[::-1]
    new = dls.test_dl(files)
    assert (new.training, new.bs, new.num_workers) == (False, 5, 2)
    assert new.item_transform is dls.valid.item_transform
    assert order(new) == list(range(len(files)))
    position = files.index(dls.valid.items[0])
    x = torch.cat([batch.x for batch in new.batches()])
    assert torch.equal(x[position], next(dls.valid.batches()).x[0])
    assert {int(target) for batch in new.batches() for target in batch.y} == {-1}


def test_what_a_test_dl_skips_is_not_held_against_the_training_data(colours: Path) -> None:
    dls = colour_block().dataloaders(colours, device="cpu")
    new = dls.test_dl([photo(1), BROKEN])
    with pytest.warns(SkippedItemWarning):
        assert order(new) == [0]
    assert dls.valid.skipped == {}

"""The split test on photos: which of them, what a frozen network sees, and what ties them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Hashable, Sequence
from pathlib import Path

import numpy as np

from drivetrain.data.cache import PhotoCache
from drivetrain.data.looks.look import Look, LookIndex, look_at_all
from drivetrain.data.splits.testable import places_to_test
from drivetrain.learn.columns import Input, Target
from drivetrain.learn.embedder import Embedder
from drivetrain.learn.features import embed_items
from drivetrain.learn.loaders import DataLoader, SkippedItemWarning
from drivetrain.learn.models import image_classifier
from drivetrain.learn.split_check import Embeddings, SplitTest, Targets, split_test
from drivetrain.learn.targets import OneOf
from drivetrain.learn.transforms import Resize
from drivetrain.progress import Reporter
from drivetrain.schema import Vocab

MOST_PHOTOS = 3000
PHOTOS_A_RUN = 25
FEWEST_GROUPS = 3
SHARE_THAT_SAYS = 0.8
"""So many of the photos have to say when, or by which camera, they were taken."""


def check_split(
    files: Sequence[str | os.PathLike[str]],
    labels: Sequence[str],
    *,
    seed: int = 42,
    arch: str = "tf_efficientnet_lite0",
    reporter: Reporter | None = None,
) -> SplitTest | None:
    """Compare a random split of photos with blocked ones, on what a frozen network sees.

    Of more than 3,000 photos, runs of 25 from all over the pile stand for the rest. Photos are
    blocked by the order of their files, and where they say so by the time taken, the camera,
    and folders that are not the label.

    Arguments:
        files: The photos.
        labels: The label of each.
        seed: What the random folds follow from.
        arch: The architecture of the frozen network.
        reporter: Shows the progress.

    Returns:
        None where there is too little to say anything: fewer than 50 photos, or fewer than two
        classes of ten.

    Raises:
        WeightsError: There are no pretrained weights.
    """
    places = places_to_test(labels)
    if not places:
        return None
    vocab = Vocab.of(labels[place] for place in places)
    places = _spread_runs(places)
    chosen = [Path(files[place]) for place in places]
    targets = OneOf(vocab).encode([labels[place] for place in places])
    embeddings, kept = _embed(chosen, targets, vocab, arch, reporter or Reporter(quiet=True))
    chosen, targets = [chosen[place] for place in kept], targets[kept]
    with LookIndex() as index:
        looks = list(look_at_all(chosen, index=index))
    return split_test(
        embeddings,
        targets,
        files=[file.as_posix() for file in chosen],
        classes=len(vocab),
        orders=_times(looks),
        groups=_cameras(looks) | _folders(chosen, targets),
        seed=seed,
    )


def _spread_runs(places: Sequence[int]) -> list[int]:
    """All of them, or as many runs of neighbours as fit, evenly over the whole."""
    if len(places) <= MOST_PHOTOS:
        return list(places)
    starts = np.linspace(0, len(places) - PHOTOS_A_RUN, MOST_PHOTOS // PHOTOS_A_RUN).astype(int)
    return [places[start + offset] for start in starts for offset in range(PHOTOS_A_RUN)]


def _embed(
    files: Sequence[Path], targets: Targets, vocab: Vocab, arch: str, reporter: Reporter
) -> tuple[Embeddings, list[int]]:
    """Embeddings [N, D] of the photos that can be read, and their positions."""
    model, _ = image_classifier(arch, len(vocab))
    loader = DataLoader(
        inputs=(Input(files, Resize(224), cache=PhotoCache.default()),),
        labels=(Target(targets, OneOf(vocab)),),
        training=False,
    )
    batches = reporter.track(loader.batches(), "what a network sees", total=len(loader))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkippedItemWarning)  # the ingest report names them
        embeddings, _ = embed_items(Embedder(model), batches)
    return embeddings.numpy(), np.flatnonzero(loader.readable).tolist()


def _times(looks: Sequence[Look]) -> dict[str, Sequence[str]]:
    times = [look.taken for look in looks]
    return {"time taken": times} if _most_say(times) and len(set(times)) > 1 else {}


def _cameras(looks: Sequence[Look]) -> dict[str, Sequence[Hashable]]:
    cameras = [look.camera for look in looks]
    return {"camera": cameras} if _most_say(cameras) and _tie(cameras) else {}


def _folders(files: Sequence[Path], targets: Targets) -> dict[str, Sequence[Hashable]]:
    """The nearest folders above the photos that are not one folder a class."""
    for level in range(2):
        folders = [file.parents[level].as_posix() for file in files]
        of_one_class = len(set(zip(folders, targets.tolist(), strict=True))) == len(set(folders))
        if _tie(folders) and not of_one_class:
            return {"folder": folders}
    return {}


def _most_say(values: Sequence[str]) -> bool:
    return sum(map(bool, values)) >= SHARE_THAT_SAYS * len(values)


def _tie(keys: Sequence[Hashable]) -> bool:
    """Whether there are enough groups to leave some out, and not one for each photo."""
    return FEWEST_GROUPS <= len(set(keys)) <= len(keys) / 2

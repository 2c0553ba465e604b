"""Bringing a folder of photos to a size on disk."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from PIL import Image

from drivetrain.collect.hush import hushed
from drivetrain.collect.resize_one import ResizeSettings, resize_problem
from drivetrain.data.items import get_image_files
from drivetrain.progress import Reporter

Job = tuple[Path, Path]
"""A photo, and the file that it becomes."""


def resize_images(
    path: str | os.PathLike[str],
    max_workers: int | None = None,
    max_size: int | None = None,
    recurse: bool = False,
    dest: str | os.PathLike[str] = ".",
    n_channels: int = 3,
    ext: str | None = None,
    img_format: str | None = None,
    resample: Image.Resampling = Image.Resampling.BILINEAR,
    resume: bool | None = None,
    *,
    progress: bool = True,
    **save_options: Any,
) -> dict[Path, str]:
    """Bring the photos of a folder to a size, upright, into another folder or in place.

    Nothing is made larger. A photo that has its size, its channels and its format already is
    copied as it is. Others are written anew, with their EXIF (but upright) and colour profile.
    Each file has its name only once it is whole. A broken one stops nothing and stays as it is.

    Arguments:
        path: The folder of photos.
        max_workers: How many threads; 0 for none besides this one, None for one a core.
        max_size: The most pixels that the longer side may have; None for any.
        recurse: Whether to take its folders too; they are kept in ``dest``.
        dest: Where they go: ``path`` itself replaces them; without it the current folder.
        n_channels: 3 for RGB, 1 for grey.
        ext: Another suffix, such as ``.png``; without it, each keeps its own.
        img_format: Pillow's name of the format; without it, what the suffix says.
        resample: Pillow's filter.
        resume: Whether to leave out what is in ``dest`` already.
        progress: Show a bar, if standard error is a terminal.
        save_options: What Pillow's ``save`` takes besides, such as ``quality``.

    Returns:
        The files that could not be brought to size, and why; empty when all could.

    Raises:
        ConfigError: An argument cannot work.
        DataError: ``path`` is no folder.
    """
    how = ResizeSettings(
        max_size=max_size,
        n_channels=n_channels,
        ext=ext,
        img_format=img_format,
        resample=resample,
        resume=bool(resume),
        save_options=save_options,
    )
    jobs, problems = _plan(Path(path), Path(dest), how, recurse=recurse)
    with hushed(), ThreadPoolExecutor(max_workers or os.cpu_count() or 1) as pool:
        spread = map if max_workers == 0 else pool.map
        results = spread(lambda job: resize_problem(job[0], job[1], how), jobs)
        tracked = Reporter(quiet=not progress).track(results, "resize", total=len(jobs))
        for (source, _), problem in zip(jobs, tracked, strict=True):
            if problem:
                problems[source] = f"it {problem}"
    return dict(sorted(problems.items()))


def _plan(
    path: Path, dest: Path, how: ResizeSettings, *, recurse: bool
) -> tuple[list[Job], dict[Path, str]]:
    """What becomes what, and the files whose result would take another one's place."""
    in_place = path.resolve() == dest.resolve()
    results_are_inside = not in_place and dest.resolve().is_relative_to(path.resolve())
    sources = [
        file
        for file in get_image_files(path, recurse=recurse)
        if not (results_are_inside and file.absolute().is_relative_to(dest.absolute()))
    ]
    source_of = {source.resolve(): source for source in sources}
    jobs: list[Job] = []
    problems: dict[Path, str] = {}
    taken: dict[Path, Path] = {}
    for source in sources:
        target = dest / source.relative_to(path)
        if how.ext is not None:
            target = target.with_suffix(how.ext)
        own = in_place and target.resolve() == source.resolve()
        other = taken.get(target) or (None if own else source_of.get(target.resolve()))
        if other is not None:
            problems[source] = f"it would become {target}, and that is the place of {other}"
        elif own or not (how.resume and target.exists()):
            taken[target] = source
            jobs.append((source, target))
    return jobs, problems

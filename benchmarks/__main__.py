"""``python -m benchmarks``: compare, print the tables, write RESULTS.md."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.comparisons import COMPARISONS, SECTIONS
from benchmarks.data import Photos
from benchmarks.environment import REPOSITORY, peer_interpreter
from benchmarks.errors import BenchmarkError
from benchmarks.machine import describe_machine, our_versions
from benchmarks.report import PAGE, Record, Setting
from benchmarks.workshop import Workshop

DATA_VARIABLE = "DRIVETRAIN_BENCH_DATA"
DEFAULT_DATA = REPOSITORY.parent / "shared" / "data"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparisons that were asked for; the exit code says whether all went well."""
    given = _parser().parse_args(arguments)
    try:
        _compare(given)
    except BenchmarkError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _compare(given: argparse.Namespace) -> None:
    photos = Photos.at(given.data)
    peer = peer_interpreter()
    setting = Setting(machine=describe_machine(), ours=our_versions(), peer=peer.versions)
    record = Record(given.out, SECTIONS)
    print("\n".join(setting.lines()))
    with _folder(given.work) as folder:
        workshop = Workshop(
            photos=photos,
            peer=peer,
            folder=folder,
            record=record,
            repeats=given.repeats,
            seeds=given.seeds,
        )
        for name in given.only or COMPARISONS:
            for section in COMPARISONS[name](workshop):
                print(f"\n{section.title}\n\n{section.table()}", flush=True)
                record.keep(section, setting)
    print(f"\nWritten: {PAGE}")


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    """The folder for models: the one that was asked for, or one that is gone afterwards."""
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="drivetrain-bench-") as folder:
        yield Path(folder)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Compare Drivetrain with fastai on this machine and write RESULTS.md. "
        "A comparison that is left out keeps its last results.",
    )
    parser.add_argument(
        "--only", nargs="+", choices=tuple(COMPARISONS), help="these comparisons (default: all)"
    )
    parser.add_argument(
        "--repeats",
        type=_positive,
        default=3,
        help="trainings of each recipe, and passes over the photos (default: 3)",
    )
    parser.add_argument(
        "--seeds",
        type=_positive,
        default=5,
        help="trainings whose errors are compared; fastai's are kept and not run again while "
        "the split and its versions are the same (default: 5)",
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(os.environ.get(DATA_VARIABLE) or DEFAULT_DATA),
        help="the folder with bears/, large-photos/ and the tables (default: ../shared/data "
        f"beside the repository, or {DATA_VARIABLE})",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(__file__).resolve().parent,
        help="where results.json and RESULTS.md are (default: benchmarks/)",
    )
    parser.add_argument(
        "--work", type=Path, help="keep the trained models here, and use those that are there"
    )
    return parser


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{number} is not 1 or more")
    return number


if __name__ == "__main__":
    sys.exit(main())

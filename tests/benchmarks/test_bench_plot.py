from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
from matplotlib.lines import Line2D

from benchmarks.ours import growth_plot

SERIES: dict[str, list[float]] = {
    "photos": [40, 160, 640],
    "seconds": [9.0, 21.0, 69.0],
    "megabytes": [800, 812, 840],
}


def ends(line: Line2D) -> list[float]:
    heights: list[float] = np.asarray(line.get_ydata(), dtype=float).round(6).tolist()
    return heights


def test_the_dashed_line_goes_on_as_the_first_two_sizes_begin() -> None:
    seconds, memory = growth_plot.draw(SERIES).axes

    assert ends(seconds.lines[1]) == [5.0, 69.0]  # from 0 to 640 photos: 0.1 s a photo after 5 s
    assert ends(memory.lines[1]) == [800, 800]


def test_the_same_series_is_drawn_the_same(tmp_path: Path) -> None:
    targets = [tmp_path / "first.svg", tmp_path / "second.svg"]
    for target in targets:
        command = [sys.executable, growth_plot.__file__, json.dumps(SERIES), str(target)]
        subprocess.run(command, check=True)

    assert targets[0].read_bytes() == targets[1].read_bytes()
    assert ET.parse(targets[0]).getroot().tag.endswith("svg")

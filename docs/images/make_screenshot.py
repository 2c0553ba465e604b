"""Draws fruit, trains on them, serves the model and takes the README's picture of the page.

Run from the repository: ``.venv/bin/python docs/images/make_screenshot.py``. The photos are drawn
here, so that the picture carries nobody's licence.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import sync_playwright

FRUIT = {"lime": (126, 176, 38), "orange": (238, 134, 24), "plum": (104, 42, 96)}
SIDE = 480
PICTURE = Path(__file__).parent / "page.png"

Pixels = NDArray[np.float64]


def fruit(kind: str, seed: int) -> Image.Image:
    """A ball with a dimpled skin on a table, lit from the upper left."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    centre_x, centre_y = 0.5 + random.uniform(-0.08, 0.08, 2)
    radius = random.uniform(0.24, 0.34)
    u, v = (x - centre_x) / radius, (y - centre_y) / radius
    inside = u**2 + v**2 < 1
    w = np.sqrt(np.clip(1 - u**2 - v**2, 0, 1))
    bumps = smooth(random.normal(size=(SIDE, SIDE)), 2) * 0.35
    normal = np.stack([u + bumps, v + np.roll(bumps, 3), w], axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    light = np.array([-0.5, -0.6, 0.62])
    lit = np.clip(normal @ light, 0, 1)
    shine = np.clip(normal @ np.array([-0.5, -0.6, 1.62]) / 1.8, 0, 1) ** 40 * 120
    skin = np.array(FRUIT[kind]) + random.normal(0, 10, 3)
    ball = skin * (0.25 + 0.85 * lit[..., None]) + shine[..., None]
    return Image.fromarray(blend(table(x, y, random, centre_x, centre_y, radius), ball, inside))


def table(
    x: Pixels,
    y: Pixels,
    random: np.random.Generator,
    centre_x: float,
    centre_y: float,
    radius: float,
) -> Pixels:
    """A plain table with a soft shadow on it."""
    cloth = np.array([206, 198, 184]) + random.normal(0, 8, 3) - 40 * (y[..., None] - 0.5)
    under = ((x - centre_x - 0.1) / (radius * 1.15)) ** 2 + ((y - centre_y - 0.14) / radius) ** 2
    return cloth * (1 - 0.55 * np.exp(-(under**2))[..., None]) + random.normal(0, 3, (*x.shape, 1))


def blend(behind: Pixels, front: Pixels, mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """One picture over another, with a soft edge."""
    edge = smooth(mask.astype(float), 1)[..., None]
    return np.clip(behind * (1 - edge) + front * edge, 0, 255).astype(np.uint8)


def smooth(values: Pixels, times: int) -> Pixels:
    """Each value with its neighbours."""
    for _ in range(times):
        for axis in (0, 1):
            values = (np.roll(values, 1, axis) + 2 * values + np.roll(values, -1, axis)) / 4
    return values


def take_picture(url: str, photo: Path) -> None:
    """The page as it answers, at the width of a small laptop."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page(viewport={"width": 1000, "height": 760})
        page.goto(url)
        page.set_input_files("#file", photo)
        page.wait_for_selector("#label:not(:empty)")
        page.wait_for_timeout(600)
        page.screenshot(path=PICTURE)
        browser.close()
    Image.open(PICTURE).convert("RGB").quantize(160).save(PICTURE, optimize=True)


def main() -> None:
    """Draw, train, serve, look."""
    drivetrain = [sys.executable, "-m", "drivetrain.cli"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind in FRUIT:
            (folder / "fruit" / kind).mkdir(parents=True)
            for seed in range(40):
                fruit(kind, seed).save(folder / "fruit" / kind / f"{seed}.jpg", quality=90)
        fruit("orange", 999).save(folder / "photo.jpg", quality=95)
        subprocess.run([*drivetrain, "train", "fruit", "--out", "m.bundle"], cwd=folder, check=True)
        server = subprocess.Popen(
            [*drivetrain, "serve", "m.bundle", "--port", "0"],
            cwd=folder,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert server.stdout is not None
        try:
            take_picture(server.stdout.readline().split(" on ")[1].split()[0], folder / "photo.jpg")
        finally:
            server.terminate()
            server.communicate()


if __name__ == "__main__":
    main()

"""Small pictures for a page that holds its own: upright, bounded in size and in number."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from PIL import Image

from drivetrain.data.report.finding import printable
from drivetrain.data.report.leakage import DuplicatePair
from drivetrain.errors import InputError
from drivetrain.prepare.image import rgb, upright_photo

SIDE = 160
QUALITY = 72
MAX_PIXELS = 100_000_000
PICTURES_A_SECTION = 60


def shown(text: str) -> str:
    """A text as HTML.

    Example:
        >>> shown("a<b>.jpg")
        'a&lt;b&gt;.jpg'
    """
    return html.escape(printable(text))


def pair_figures(pairs: Sequence[DuplicatePair], root: str, what: str) -> Iterator[str]:
    """Pairs side by side, with the names and labels of both.

    Arguments:
        pairs: The first ones are shown.
        root: What their names are relative to.
        what: What is left when there are more: "pairs".
    """
    most = PICTURES_A_SECTION // 2
    yield '<div class="pairs">'
    for pair in pairs[:most]:
        first = _figure(pair.first, root, pair.first_label)
        second = _figure(pair.second, root, pair.second_label)
        alike = "the same content" if pair.exact else f"{min(pair.similarity, 0.999):.1%} alike"
        yield f'<div class="pair">{first}{second}<p>{alike}</p></div>\n'
    yield "</div>" + _more(len(pairs) - most, what)


def photo_figures(photos: Iterable[tuple[str, str]], root: str, count: int) -> Iterator[str]:
    """Photos, each with its name and a note.

    Arguments:
        photos: Names and notes; the first ones are shown.
        root: What the names are relative to.
        count: How many there are.
    """
    yield '<div class="photos">'
    for _, (name, note) in zip(range(PICTURES_A_SECTION), photos, strict=False):
        yield _figure(name, root, note) + "\n"
    yield "</div>" + _more(count - PICTURES_A_SECTION, "photos")


def names_list(names: Iterable[tuple[str, str]], count: int, most: int = 500) -> Iterator[str]:
    """Names, each with a note, as a list."""
    yield '<ul class="names">'
    for _, (name, note) in zip(range(most), names, strict=False):
        yield f"<li><b>{shown(name)}</b> {shown(note)}</li>\n"
    yield "</ul>" + _more(count - most, "files")


def _more(count: int, what: str) -> str:
    return f"<p>and {count:,} more {what}.</p>\n" if count > 0 else ""


def _figure(name: str, root: str, note: str) -> str:
    caption = f"<b>{shown(note)}</b> " if note else ""
    breakable = shown(name).replace("/", "/<wbr>")
    return (
        f"<figure>{_picture(name, root)}"
        f"<figcaption>{caption}<span>{breakable}</span></figcaption></figure>"
    )


def _picture(name: str, root: str) -> str:
    """The photo as it is now: it may have been moved since it was looked at."""
    try:
        pixels = upright_photo(
            Path(root, name),
            lambda upright: rgb(upright.resize(_fitting(*upright.size), Image.Resampling.BILINEAR)),
            enough=_fitting,
            max_pixels=MAX_PIXELS,
            min_side=1,
        )
    except InputError:
        return '<div class="none">no picture</div>'
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="JPEG", quality=QUALITY)
    high, wide = pixels.shape[:2]
    encoded = base64.b64encode(file.getvalue()).decode()
    return (
        f'<img src="data:image/jpeg;base64,{encoded}" width="{wide}" height="{high}" '
        f'alt="{shown(name)}">'
    )


def _fitting(width: int, height: int) -> tuple[int, int]:
    """A photo's size when its longer side has 160 pixels; small ones stay."""
    scale = min(1.0, SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))

"""Names of files and folders that are safe on every system, whatever they are made from."""

from __future__ import annotations

import os
import re
import unicodedata
from hashlib import blake2b
from pathlib import Path
from urllib.parse import unquote, urlsplit

LONGEST = 100
RESERVED = frozenset(
    ["CON", "PRN", "AUX", "NUL"]
    + [f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10)]
)
"""What Windows keeps for devices, with any suffix and in any case."""

UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')


def safe_name(text: str) -> str:
    """A text as a file's name without its suffix; empty when nothing of it can be used.

    Example:
        >>> safe_name("../a:b?.x ")
        'a_b_.x'
        >>> safe_name("con"), safe_name("..")
        ('con_', '')
    """
    encodable = text.encode("utf-8", "replace").decode("utf-8")
    name = UNSAFE.sub("_", unicodedata.normalize("NFC", encodable))
    name = name.lstrip("._ ").rstrip(". ")
    while len(name.encode("utf-8")) > LONGEST:
        name = name[:-1].rstrip(". ")
    return f"{name}_" if _is_reserved(name) else name


def name_in(url: str) -> tuple[str, str]:
    """The stem and the suffix of the file that an address names, both safe, or empty.

    Example:
        >>> name_in("https://example.com/a/brown%20bear.jpg?width=300")
        ('brown bear', '.jpg')
    """
    try:
        path = unquote(urlsplit(url).path).replace("\\", "/")
    except ValueError:
        return "", ""
    stem, suffix = os.path.splitext(path.rpartition("/")[2])
    return safe_name(stem), suffix if re.fullmatch(r"\.[A-Za-z0-9]{1,8}", suffix) else ""


def is_folder_name(label: str) -> bool:
    """Whether a label can be a folder's name as it stands, on every system.

    Example:
        >>> is_folder_name("brown bear"), is_folder_name("../bear"), is_folder_name("")
        (True, False, False)
    """
    return (
        label.strip(" ") == label != ""
        and not label.startswith(".")
        and not label.endswith(".")
        and not UNSAFE.search(label)
        and not _is_reserved(label)
        and len(label.encode("utf-8", "replace")) <= 2 * LONGEST
    )


def short_hash(text: str) -> str:
    """Ten hexadecimal digits that stand for a text.

    Example:
        >>> short_hash("https://example.com/a.jpg")
        '34cb88e166'
    """
    return blake2b(text.encode("utf-8", "replace"), digest_size=5).hexdigest()


def write_beside(file: Path, data: bytes) -> Path:
    """Write a hidden file next to ``file``, ready to be renamed to it."""
    beside = file.with_name(f".{file.name}-{os.getpid()}{BESIDE}")
    try:
        beside.write_bytes(data)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    return beside


BESIDE = ".part"


def _is_reserved(name: str) -> bool:
    return name.partition(".")[0].rstrip(" ").upper() in RESERVED

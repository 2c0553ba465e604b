"""What a measurement was made on: never a host name, never a path."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

OUR_PACKAGES = ("drivetrain", "torch", "timm", "onnxruntime", "numpy", "pillow")


def describe_machine() -> str:
    """The processor, its cores and the memory, in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    system = f"{platform.system()} {platform.machine()}"
    return f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB, {system}"


def our_versions() -> dict[str, str]:
    """The versions on Drivetrain's side."""
    return {"python": platform.python_version()} | {
        name: found for name in OUR_PACKAGES if (found := _version(name))
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown processor")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None

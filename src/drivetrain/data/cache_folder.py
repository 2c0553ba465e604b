"""Where decoded photos and what was found out about them are kept between runs."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

VARIABLE = "DRIVETRAIN_CACHE"
OFF = "off"


def cache_folder() -> Path | None:
    """The folder for what can be made again, or None when nothing is to be kept.

    The environment variable ``DRIVETRAIN_CACHE`` names it, or says ``off``; without it, it is
    the system's own place for a user's caches. It is made when something is written.

    Example:
        >>> import os
        >>> before = os.environ.get("DRIVETRAIN_CACHE", "")
        >>> os.environ["DRIVETRAIN_CACHE"] = "off"
        >>> cache_folder() is None
        True
        >>> os.environ["DRIVETRAIN_CACHE"] = before
    """
    chosen = os.environ.get(VARIABLE, "").strip()
    if chosen.lower() == OFF:
        return None
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("drivetrain", False))

"""Installs the browser that the page is tested in, where that can be done; says so where not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

INSTALL = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu"]


def main() -> None:
    """Install Debian's chromium unless it is there."""
    if shutil.which("chromium"):
        return
    if not (shutil.which("apt-get") and os.geteuid() == 0):
        sys.stderr.write("chromium is missing: the tests of the page are skipped by name.\n")
        return
    sys.stderr.write("Installing chromium for the tests of the page.\n")
    for command in (["apt-get", "update", "-qq"], INSTALL):
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode:
            sys.stderr.write(f"{' '.join(command)} failed: {ended.stderr[-500:]}\n")
            return


if __name__ == "__main__":
    main()

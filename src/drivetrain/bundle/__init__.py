"""The bundle: one file of data, never of code, where the learning and the running world meet."""

from drivetrain.bundle.manifest import FORMAT_VERSION, Manifest
from drivetrain.bundle.reader import Bundle

__all__ = ["FORMAT_VERSION", "Bundle", "Manifest"]

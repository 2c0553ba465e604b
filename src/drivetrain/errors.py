"""Every error that Drivetrain raises on purpose, in one tree.

    DrivetrainError
    ├── ConfigError (ValueError)            a setting or an argument that cannot work
    ├── MissingExtraError (ImportError)     an optional part is not installed
    ├── DataError (ValueError)              a folder or a table that cannot be learned from
    ├── InputError (ValueError)             one input that cannot be predicted on
    │   ├── UnreadableInputError            not a picture, or a broken one
    │   ├── InputTooLargeError              refused by its header, before anything is decoded
    │   └── InputTooSmallError              too few pixels to hold anything
    ├── TrainingError (ArithmeticError)     a training that cannot go on
    ├── CollectError (OSError)              photos that cannot be fetched, searched for or taken out
    ├── WeightsError (LookupError)          no pretrained weights were found
    ├── BundleError (ValueError)            a bundle that cannot be used
    │   ├── BundleCorruptError              cut short, altered, or not a bundle at all
    │   ├── BundleVersionError              written by a newer Drivetrain
    │   └── SampleMismatchError             this machine answers otherwise than the bundle recorded
    ├── ParityError (ArithmeticError)       an export that disagrees with its learner
    ├── OutputError (OSError)               a file or a folder that cannot be written
    ├── StoreError (OSError)                the record of predictions cannot be kept
    └── ServerError (OSError)               the server cannot start

Each carries a ``message`` (what happened, with what) and a ``hint`` (what to do). Errors are
translated at two edges only: the command line and the HTTP server.
"""

from __future__ import annotations

from typing import ClassVar


class DrivetrainError(Exception):
    """The root of the tree: catch it to catch everything that Drivetrain raises on purpose.

    Example:
        >>> str(DrivetrainError("bears/ is empty.", hint="Put photos into it."))
        'bears/ is empty. Put photos into it.'

    Arguments:
        message: What happened and with what, as a full sentence.
        hint: What the reader can do about it, as a full sentence.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        ended = self.message.rstrip().endswith((".", "!", "?", ":", "…"))
        return f"{self.message}{'' if ended or not self.hint else '.'} {self.hint}".strip()

    def as_dict(self) -> dict[str, str]:
        """The error as the HTTP answer and ``--json`` show it: code, message and hint."""
        return {"code": self.code, "message": self.message, "hint": self.hint}


class ConfigError(DrivetrainError, ValueError):
    """A setting or an argument that cannot work."""

    code = "config"


class MissingExtraError(DrivetrainError, ImportError):
    """An optional part of Drivetrain is needed and not installed."""

    code = "missing_extra"


class DataError(DrivetrainError, ValueError):
    """A folder or a table that cannot be learned from."""

    code = "data"


class InputError(DrivetrainError, ValueError):
    """One input that cannot be predicted on."""

    code = "input"


class UnreadableInputError(InputError):
    """The input is not of the kind that the model takes, or it is broken."""

    code = "unreadable_input"


class InputTooLargeError(InputError):
    """The input is larger than the limit; nothing of it was decoded."""

    code = "input_too_large"


class InputTooSmallError(InputError):
    """The input has too few pixels to hold anything that could be recognised."""

    code = "input_too_small"


class TrainingError(DrivetrainError, ArithmeticError):
    """A training that cannot go on: its loss is no number, or its memory is too small."""

    code = "training"


class CollectError(DrivetrainError, OSError):
    """Photos that cannot be fetched, searched for, or taken out of a video."""

    code = "collect"


class WeightsError(DrivetrainError, LookupError):
    """No pretrained weights were found for an architecture."""

    code = "weights"


class BundleError(DrivetrainError, ValueError):
    """A bundle that cannot be used."""

    code = "bundle"


class BundleCorruptError(BundleError):
    """A file that was cut short, altered after it was written, or never was a bundle."""

    code = "bundle_corrupt"


class BundleVersionError(BundleError):
    """A bundle in a format that this version of Drivetrain does not know yet."""

    code = "bundle_version"


class SampleMismatchError(BundleError):
    """The bundle answers its stored samples otherwise on this machine."""

    code = "sample_mismatch"


class ParityError(DrivetrainError, ArithmeticError):
    """An export that does not give the answers that its learner gives."""

    code = "parity"


class OutputError(DrivetrainError, OSError):
    """A file or a folder that cannot be written."""

    code = "output"


class StoreError(DrivetrainError, OSError):
    """The record of predictions cannot be opened or written."""

    code = "store"


class ServerError(DrivetrainError, OSError):
    """The server cannot start."""

    code = "server"

"""The command line: thin commands; an error is one line and an exit code.

Exit codes: 0 all went well, 1 something was wrong with what was given, 2 the command was not
understood. Progress and errors go to standard error; with ``--json`` standard output holds
nothing but JSON.
"""

from __future__ import annotations

from drivetrain.cli.clock import STARTED
from drivetrain.cli.program import app, main

__all__ = ["STARTED", "app", "main"]

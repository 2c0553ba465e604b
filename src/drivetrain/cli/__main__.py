"""``python -m drivetrain.cli`` is the command ``drivetrain``."""

from drivetrain.cli import main

main()

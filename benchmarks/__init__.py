"""Drivetrain against its peers and its floors, measured in one run on one machine."""

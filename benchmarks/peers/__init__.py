"""Programs that the peer's own interpreter runs; they import nothing from Drivetrain."""

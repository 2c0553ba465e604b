"""Programs that run Drivetrain in a fresh process and print one JSON object an event."""

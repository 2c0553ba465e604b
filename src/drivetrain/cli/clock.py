"""When the process began, as nearly as its own code can tell: imported before all else."""

import time

STARTED = time.monotonic()
"""As ``time.monotonic`` tells it."""

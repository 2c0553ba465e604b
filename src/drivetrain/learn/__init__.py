"""Training: the only room, with interpretation and export, where torch lives."""

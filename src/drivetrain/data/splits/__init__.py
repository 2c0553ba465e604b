"""Which items train and which validate: splitters that draw, and splitters that are told."""

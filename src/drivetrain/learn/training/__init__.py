"""How a model is trained: the loop, its plan, its record and its checkpoints."""

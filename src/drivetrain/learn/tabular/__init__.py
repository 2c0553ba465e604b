"""Tables: their columns, their rows, and the models that learn from them."""

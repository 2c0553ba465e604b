"""Whole programs over the library."""

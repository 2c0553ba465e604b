"""Predictions over HTTP, with a page for people and a record of every answer."""

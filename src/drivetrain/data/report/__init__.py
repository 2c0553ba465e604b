"""The ingest report: what is in a pile of photos, for a terminal, a program and a page."""

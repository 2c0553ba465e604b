"""The steps from every earlier layout of the database to today's."""

HEAD = "0002"
"""The newest step: a database that is there already needs no migration."""

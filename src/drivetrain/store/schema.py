"""The tables as they stand after the newest migration."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, Index, MetaData, String, Table, Text

metadata = MetaData()

predictions = Table(
    "predictions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("created", String(32), nullable=False),
    Column("bundle", String(64), nullable=False),
    Column("input_sha256", String(64), nullable=False),
    Column("input_type", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("probabilities", JSON, nullable=False),
    Column("in_domain", Boolean),
    Column("domain_score", Float),
    Column("decision", Text),
    Column("values", JSON(none_as_null=True)),
    Column("intervals", JSON(none_as_null=True)),
    Column("remarks", JSON, nullable=False, server_default="[]"),
    Column("seconds", Float, nullable=False),
    Index("ix_predictions_created", "created"),
    Index("ix_predictions_bundle", "bundle"),
)

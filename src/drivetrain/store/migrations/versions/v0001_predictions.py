"""The first layout: one row for each served prediction."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the table of predictions."""
    op.create_table(
        "predictions",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("created", sa.String(32), nullable=False),
        sa.Column("bundle", sa.String(64), nullable=False),
        sa.Column("input_sha256", sa.String(64), nullable=False),
        sa.Column("input_type", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("probabilities", sa.JSON, nullable=False),
        sa.Column("in_domain", sa.Boolean),
        sa.Column("domain_score", sa.Float),
        sa.Column("decision", sa.Text),
        sa.Column("seconds", sa.Float, nullable=False),
    )
    op.create_index("ix_predictions_created", "predictions", ["created"])
    op.create_index("ix_predictions_bundle", "predictions", ["bundle"])


def downgrade() -> None:
    """Records are never dropped."""
    raise NotImplementedError("The first layout has nothing before it.")

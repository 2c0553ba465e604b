"""The second layout: numbers as answers, their intervals, and what was remarked."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add what an answer may hold beside classes; earlier rows have none of it."""
    op.add_column("predictions", sa.Column("values", sa.JSON))
    op.add_column("predictions", sa.Column("intervals", sa.JSON))
    op.add_column("predictions", sa.Column("remarks", sa.JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    """Records are never dropped."""
    raise NotImplementedError("The record would lose what the first layout has no place for.")

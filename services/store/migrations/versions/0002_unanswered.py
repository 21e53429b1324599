"""Texts that were not understood, for people to learn from."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from services.store.tables import Moment

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "unanswered",
        sa.Column("id", sa.String(length=160), nullable=False, comment="channel and the provider's id"),
        sa.Column("text", sa.LargeBinary(), nullable=False, comment="sealed, numbers masked"),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("guess", sa.String(length=40), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("unanswered_at", "unanswered", ["at"])


def downgrade() -> None:
    """Take the table away again."""
    op.drop_table("unanswered")

"""Parts of long texts that came by the short code, until the whole is there."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from services.store.tables import Moment

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "sms_part",
        sa.Column(
            "message", sa.LargeBinary(length=16), nullable=False, comment="keyed hash of who sent it as what"
        ),
        sa.Column("round", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False, comment="from 1"),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("part", sa.LargeBinary(), nullable=False, comment="sealed JSON"),
        sa.Column("taken", sa.Boolean(), nullable=False, comment="whether what it says was heard"),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("message", "round", "number"),
        comment="parts of long texts, acknowledged and perhaps not whole yet",
    )
    op.create_index("sms_part_taken", "sms_part", ["taken", "at"])


def downgrade() -> None:
    """Take the table away again."""
    op.drop_table("sms_part")

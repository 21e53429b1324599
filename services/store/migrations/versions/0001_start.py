"""The first schema."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from services.store.tables import Moment

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Create all tables."""
    op.create_table(
        "about",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        comment="facts about this database, such as which key it was made with",
    )
    op.create_table(
        "conversation",
        sa.Column(
            "id",
            sa.LargeBinary(length=16),
            nullable=False,
            comment="keyed hash of channel and address",
        ),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False, comment="sealed"),
        sa.Column(
            "phone",
            sa.LargeBinary(length=16),
            nullable=True,
            comment="keyed hash of the proven phone number",
        ),
        sa.Column("session", sa.LargeBinary(), nullable=False, comment="sealed JSON"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("opted_out_at", Moment(), nullable=True),
        sa.Column("heard_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "desk_item",
        sa.Column("id", sa.String(length=160), nullable=False, comment="the call's id"),
        sa.Column("conversation", sa.LargeBinary(length=16), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("desk_item_status", "desk_item", ["status", "at"], unique=False)
    op.create_table(
        "early_receipt",
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("reference", sa.String(length=140), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("error", sa.String(length=60), server_default="", nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "reference", "status"),
        comment="receipts that came before the row that they are about knew its reference",
    )
    op.create_table(
        "grievance",
        sa.Column("id", sa.String(length=160), nullable=False, comment="the call's id"),
        sa.Column("reference", sa.String(length=12), nullable=False),
        sa.Column("conversation", sa.LargeBinary(length=16), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("cnic", sa.LargeBinary(length=16), nullable=True, comment="keyed hash"),
        sa.Column("facts", sa.LargeBinary(), nullable=False, comment="sealed JSON"),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reference"),
    )
    op.create_index("grievance_conversation", "grievance", ["conversation", "at"], unique=False)
    op.create_table(
        "household",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("district", sa.String(length=40), nullable=False, comment="code of locales/districts.tsv"),
        sa.Column(
            "phone",
            sa.LargeBinary(length=16),
            nullable=True,
            comment="keyed hash of the registered phone number",
        ),
        sa.Column(
            "score",
            sa.Numeric(precision=5, scale=2),
            nullable=True,
            comment="poverty score 0-100; never leaves the registry",
        ),
        sa.Column("surveyed_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "inbound",
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=140), nullable=False, comment="the provider's own id"),
        sa.Column("conversation", sa.LargeBinary(length=16), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False, comment="sealed"),
        sa.Column("intent", sa.String(length=40), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "id"),
    )
    op.create_index("inbound_conversation", "inbound", ["conversation", "at"], unique=False)
    op.create_table(
        "note",
        sa.Column("id", sa.String(length=160), nullable=False, comment="the call's id"),
        sa.Column(
            "name",
            sa.String(length=40),
            nullable=False,
            comment="feedback.record, scam.report, ...",
        ),
        sa.Column("conversation", sa.LargeBinary(length=16), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False, comment="sealed JSON"),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("note_name", "note", ["name", "at"], unique=False)
    op.create_table(
        "outbound",
        sa.Column(
            "id",
            sa.String(length=40),
            nullable=False,
            comment="of a reply: made from the inbound's",
        ),
        sa.Column("conversation", sa.LargeBinary(length=16), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=False, comment="sealed JSON of the Outbound"),
        sa.Column("about", sa.String(length=80), nullable=False, comment="text keys said"),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("reference", sa.String(length=140), nullable=True, comment="the provider's id"),
        sa.Column("error", sa.String(length=60), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("outbound_conversation", "outbound", ["conversation", "at"], unique=False)
    op.create_index(
        "outbound_due",
        "outbound",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("status = 'queued'"),
        postgresql_where=sa.text("status = 'queued'"),
    )
    op.create_index("outbound_reference", "outbound", ["channel", "reference"], unique=False)
    op.create_table(
        "payment_point",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("district", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False, comment="camp, shop or bank"),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_ur", sa.String(length=120), nullable=False),
        sa.Column("open_from", sa.Date(), nullable=False),
        sa.Column("open_until", sa.Date(), nullable=True, comment="first day on which it is closed"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("payment_point_district", "payment_point", ["district"], unique=False)
    op.create_table(
        "member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("household", sa.Integer(), nullable=False),
        sa.Column("cnic", sa.LargeBinary(length=16), nullable=True, comment="keyed hash"),
        sa.Column("cnic_last4", sa.String(length=4), nullable=True),
        sa.Column("cnic_expires_on", sa.Date(), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=False, comment="sealed"),
        sa.Column("sex", sa.String(length=1), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False, comment="head, spouse, child, ..."),
        sa.ForeignKeyConstraint(
            ["household"],
            ["household.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("cnic"),
    )
    op.create_index("member_household", "member", ["household"], unique=False)
    op.create_table(
        "enrolment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member", sa.Integer(), nullable=False),
        sa.Column("programme", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=True, comment="why, where the status needs one"),
        sa.Column("since", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member"],
            ["member.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("enrolment_member", "enrolment", ["member"], unique=False)
    op.create_table(
        "payment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("enrolment", sa.Integer(), nullable=False),
        sa.Column("cycle", sa.String(length=10), nullable=False, comment="year and quarter, as 2026-Q3"),
        sa.Column("amount", sa.Integer(), nullable=False, comment="rupees"),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=True),
        sa.Column("on", sa.Date(), nullable=True, comment="when it reached this status"),
        sa.Column("point", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["enrolment"],
            ["enrolment.id"],
        ),
        sa.ForeignKeyConstraint(
            ["point"],
            ["payment_point.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("payment_enrolment", "payment", ["enrolment"], unique=False)

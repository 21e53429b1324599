"""Every table, so that one migration history describes the whole database.

Nothing here is readable by itself: people's numbers are kept as keyed hashes (to find), last four
digits (to show) and sealed text (to read back with the key, which is not in the database).
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy import Dialect

metadata = sa.MetaData()

Id = sa.LargeBinary(16)


class Moment(sa.TypeDecorator[datetime]):
    """A moment, always with a time zone: written in UTC and read as UTC.

    SQLite keeps no time zone, and PostgreSQL answers in the session's.
    """

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """ValueError for a moment without a time zone: nobody could say when that was."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """In UTC, whatever the database answers in."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


about = sa.Table(
    "about",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("value", sa.String(200), nullable=False),
    comment="facts about this database, such as which key it was made with",
)

conversation = sa.Table(
    "conversation",
    metadata,
    sa.Column("id", Id, primary_key=True, comment="keyed hash of channel and address"),
    sa.Column("channel", sa.String(20), nullable=False),
    sa.Column("address", sa.LargeBinary, nullable=False, comment="sealed"),
    sa.Column("phone", Id, comment="keyed hash of the proven phone number"),
    sa.Column("session", sa.LargeBinary, nullable=False, comment="sealed JSON"),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("language", sa.String(12), nullable=False),
    sa.Column("opted_out_at", Moment),
    sa.Column("heard_at", Moment, nullable=False),
)

inbound = sa.Table(
    "inbound",
    metadata,
    sa.Column("channel", sa.String(20), primary_key=True),
    sa.Column("id", sa.String(140), primary_key=True, comment="the provider's own id"),
    sa.Column("conversation", Id, nullable=False),
    sa.Column("text", sa.LargeBinary, nullable=False, comment="sealed"),
    sa.Column("intent", sa.String(40)),
    sa.Column("confidence", sa.Float, nullable=False),
    sa.Column("language", sa.String(12)),
    sa.Column("at", Moment, nullable=False),
    sa.Index("inbound_conversation", "conversation", "at"),
)

outbound = sa.Table(
    "outbound",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True, comment="of a reply: made from the inbound's"),
    sa.Column("conversation", Id, nullable=False),
    sa.Column("channel", sa.String(20), nullable=False),
    sa.Column("message", sa.LargeBinary, nullable=False, comment="sealed JSON of the Outbound"),
    sa.Column("about", sa.String(80), nullable=False, comment="text keys said"),
    sa.Column("segments", sa.Integer, nullable=False),
    sa.Column("status", sa.String(12), nullable=False),
    sa.Column("reference", sa.String(140), comment="the provider's id"),
    sa.Column("error", sa.String(60), nullable=False, server_default=""),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("due_at", Moment, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Index("outbound_conversation", "conversation", "at"),
    sa.Index("outbound_reference", "channel", "reference"),
    sa.Index(
        "outbound_due",
        "due_at",
        sqlite_where=sa.text("status = 'queued'"),
        postgresql_where=sa.text("status = 'queued'"),
    ),
)

early_receipt = sa.Table(
    "early_receipt",
    metadata,
    sa.Column("channel", sa.String(20), primary_key=True),
    sa.Column("reference", sa.String(140), primary_key=True),
    sa.Column("status", sa.String(12), primary_key=True),
    sa.Column("error", sa.String(60), nullable=False, server_default=""),
    sa.Column("at", Moment, nullable=False),
    comment="receipts that came before the row that they are about knew its reference",
)

note = sa.Table(
    "note",
    metadata,
    sa.Column("id", sa.String(160), primary_key=True, comment="the call's id"),
    sa.Column("name", sa.String(40), nullable=False, comment="feedback.record, scam.report, ..."),
    sa.Column("conversation", Id, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False, comment="sealed JSON"),
    sa.Column("at", Moment, nullable=False),
    sa.Index("note_name", "name", "at"),
)

desk_item = sa.Table(
    "desk_item",
    metadata,
    sa.Column("id", sa.String(160), primary_key=True, comment="the call's id"),
    sa.Column("conversation", Id, nullable=False),
    sa.Column("reason", sa.String(60), nullable=False),
    sa.Column("status", sa.String(12), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Index("desk_item_status", "status", "at"),
)

unanswered = sa.Table(
    "unanswered",
    metadata,
    sa.Column("id", sa.String(160), primary_key=True, comment="channel and the provider's id"),
    sa.Column("text", sa.LargeBinary, nullable=False, comment="sealed, numbers masked"),
    sa.Column("language", sa.String(12), nullable=False),
    sa.Column("guess", sa.String(40), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Index("unanswered_at", "at"),
)

grievance = sa.Table(
    "grievance",
    metadata,
    sa.Column("id", sa.String(160), primary_key=True, comment="the call's id"),
    sa.Column("reference", sa.String(12), nullable=False, unique=True),
    sa.Column("conversation", Id, nullable=False),
    sa.Column("category", sa.String(40), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("cnic", Id, comment="keyed hash"),
    sa.Column("facts", sa.LargeBinary, nullable=False, comment="sealed JSON"),
    sa.Column("at", Moment, nullable=False),
    sa.Column("changed_at", Moment, nullable=False),
    sa.Index("grievance_conversation", "conversation", "at"),
)

household = sa.Table(
    "household",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("district", sa.String(40), nullable=False, comment="code of locales/districts.tsv"),
    sa.Column("phone", Id, comment="keyed hash of the registered phone number"),
    sa.Column("score", sa.Numeric(5, 2), comment="poverty score 0-100; never leaves the registry"),
    sa.Column("surveyed_on", sa.Date),
)

member = sa.Table(
    "member",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("household", sa.Integer, sa.ForeignKey("household.id"), nullable=False),
    sa.Column("cnic", Id, unique=True, comment="keyed hash"),
    sa.Column("cnic_last4", sa.String(4)),
    sa.Column("cnic_expires_on", sa.Date),
    sa.Column("name", sa.LargeBinary, nullable=False, comment="sealed"),
    sa.Column("sex", sa.String(1), nullable=False),
    sa.Column("born_on", sa.Date, nullable=False),
    sa.Column("role", sa.String(20), nullable=False, comment="head, spouse, child, ..."),
    sa.Index("member_household", "household"),
)

enrolment = sa.Table(
    "enrolment",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("member", sa.Integer, sa.ForeignKey("member.id"), nullable=False),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("status", sa.String(24), nullable=False),
    sa.Column("reason", sa.String(24), comment="why, where the status needs one"),
    sa.Column("since", sa.Date, nullable=False),
    sa.Index("enrolment_member", "member"),
)

payment = sa.Table(
    "payment",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("enrolment", sa.Integer, sa.ForeignKey("enrolment.id"), nullable=False),
    sa.Column("cycle", sa.String(10), nullable=False, comment="year and quarter, as 2026-Q3"),
    sa.Column("amount", sa.Integer, nullable=False, comment="rupees"),
    sa.Column("status", sa.String(24), nullable=False),
    sa.Column("reason", sa.String(24)),
    sa.Column("on", sa.Date, comment="when it reached this status"),
    sa.Column("point", sa.Integer, sa.ForeignKey("payment_point.id")),
    sa.Index("payment_enrolment", "enrolment"),
)

payment_point = sa.Table(
    "payment_point",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("district", sa.String(40), nullable=False),
    sa.Column("kind", sa.String(12), nullable=False, comment="camp, shop or bank"),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("name_ur", sa.String(120), nullable=False),
    sa.Column("open_from", sa.Date, nullable=False),
    sa.Column("open_until", sa.Date, comment="first day on which it is closed"),
    sa.Index("payment_point_district", "district"),
)

"""Every table, so that one migration history describes the whole database.

Nothing here is readable by itself: people's numbers are kept as keyed hashes (to find), last four
digits (to show) and sealed text (to read back with the key, which is not in the database). By this the
columns are known when keys change: bytes without a length are sealed, 16 bytes are a keyed hash.
"""

import sqlalchemy as sa

from services.store.moment import Moment as Moment

metadata = sa.MetaData()

Id = sa.LargeBinary(16)


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
    sa.Column("forgotten_at", Moment, comment="when the person asked for it"),
    sa.Index("conversation_phone", "phone"),
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
    sa.Column("district", sa.String(40), comment="whose staff see it"),
    sa.Column(
        "sensitive", sa.Boolean, nullable=False, server_default=sa.false(), comment="not for local staff"
    ),
    sa.Column("level", sa.Integer, nullable=False, server_default="0", comment="how far it was escalated"),
    sa.Column("assignee", sa.String(60)),
    sa.Column("due_at", Moment, comment="when it is escalated"),
    sa.Column("facts", sa.LargeBinary, nullable=False, comment="sealed JSON"),
    sa.Column("at", Moment, nullable=False),
    sa.Column("changed_at", Moment, nullable=False),
    sa.Index("grievance_conversation", "conversation", "at"),
    sa.Index("grievance_due", "status", "due_at"),
)

household = sa.Table(
    "household",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("key", Id, comment="keyed hash of the extract's own number of it"),
    sa.Column("district", sa.String(40), nullable=False, comment="code of locales/districts.tsv"),
    sa.Column("phone", Id, comment="keyed hash of the registered phone number"),
    sa.Column("phone_sealed", sa.LargeBinary, comment="the same number, to send a code to"),
    sa.Column("score", sa.Numeric(5, 2), comment="poverty score 0-100; never leaves the registry"),
    sa.Column("surveyed_on", sa.Date),
    sa.Index("household_key", "key", unique=True),
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
    sa.Column("payee", sa.Integer, sa.ForeignKey("member.id"), comment="who is paid, if not the member"),
    sa.Index("enrolment_member", "member", "programme", unique=True),
    # Few have one: counted in, the others would make SQLite take any payee for half the country's.
    sa.Index(
        "enrolment_payee",
        "payee",
        sqlite_where=sa.text("payee IS NOT NULL"),
        postgresql_where=sa.text("payee IS NOT NULL"),
    ),
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
    sa.Column("provider", sa.String(40), comment="bank or wallet that it goes through"),
    sa.Column("account_last4", sa.String(4), comment="all that is kept of the account"),
    sa.Index("payment_enrolment", "enrolment", "cycle", unique=True),
)

payment_point = sa.Table(
    "payment_point",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("key", Id, comment="keyed hash of the extract's own number of it"),
    sa.Column("district", sa.String(40), nullable=False),
    sa.Column("kind", sa.String(12), nullable=False, comment="camp, shop or bank"),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("name_ur", sa.String(120), nullable=False),
    sa.Column("open_from", sa.Date, nullable=False),
    sa.Column("open_until", sa.Date, comment="first day on which it is closed"),
    sa.Index("payment_point_district", "district"),
    sa.Index("payment_point_key", "key", unique=True),
)

import_run = sa.Table(
    "import_run",
    metadata,
    sa.Column("id", sa.String(80), primary_key=True, comment="name of the extract"),
    sa.Column("kind", sa.String(20), nullable=False, comment="households, members, ..."),
    sa.Column("digest", sa.String(64), nullable=False, comment="SHA-256 of file and mapping"),
    sa.Column("rows_done", sa.BigInteger, nullable=False, comment="of the file, taken or rejected"),
    sa.Column("rejected", sa.BigInteger, nullable=False),
    sa.Column("added", sa.BigInteger, nullable=False),
    sa.Column("changed", sa.BigInteger, nullable=False),
    sa.Column("status", sa.String(12), nullable=False, comment="running or done"),
    sa.Column("at", Moment, nullable=False),
    sa.Column("changed_at", Moment, nullable=False),
)

source_copy = sa.Table(
    "source_copy",
    metadata,
    sa.Column("source", sa.String(40), primary_key=True),
    sa.Column("subject", Id, primary_key=True, comment="keyed hash of the CNIC"),
    sa.Column("scopes", sa.String(120), primary_key=True),
    sa.Column("record", sa.LargeBinary, nullable=False, comment="sealed JSON, cut to the scopes"),
    sa.Column("at", Moment, nullable=False),
    sa.Index("source_copy_at", "at"),
    comment="what a source last said, for when it does not answer",
)

follow_up = sa.Table(
    "follow_up",
    metadata,
    sa.Column("id", sa.String(160), primary_key=True, comment="the call's id"),
    sa.Column("conversation", Id, nullable=False),
    sa.Column("call", sa.LargeBinary, nullable=False, comment="sealed JSON of the call to repeat"),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due_at", Moment, nullable=False),
    sa.Index("follow_up_due", "due_at"),
    comment="calls that are answered after the turn: a source was late",
)

phone_link = sa.Table(
    "phone_link",
    metadata,
    sa.Column("holder", Id, primary_key=True, comment="keyed hash of a proven phone, or a conversation"),
    sa.Column("subject", Id, primary_key=True, comment="keyed hash of the CNIC"),
    sa.Column("how", sa.String(12), nullable=False, comment="registry or code"),
    sa.Column("person", sa.LargeBinary, nullable=False, comment="sealed JSON: cnic, first name"),
    sa.Column("since", Moment, nullable=False),
    sa.Column("until", Moment, nullable=False),
    sa.Index("phone_link_subject", "subject"),
)

one_time_code = sa.Table(
    "one_time_code",
    metadata,
    sa.Column("id", sa.String(160), primary_key=True, comment="the call's id"),
    sa.Column("holder", Id, nullable=False, comment="who asked for it"),
    sa.Column("subject", Id, nullable=False),
    sa.Column("code", Id, comment="keyed hash; NULL once it is void"),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("until", Moment, nullable=False),
    sa.Index("one_time_code_holder", "holder", "at"),
    sa.Index("one_time_code_subject", "subject", "at"),
)

consent = sa.Table(
    "consent",
    metadata,
    sa.Column("id", sa.String(160), primary_key=True, comment="the call's id"),
    sa.Column("subject", Id, nullable=False, comment="keyed hash of the beneficiary's CNIC"),
    sa.Column("recipient", Id, nullable=False, comment="keyed hash of the helper's phone"),
    sa.Column("purpose", sa.String(20), nullable=False),
    sa.Column("scopes", sa.String(120), nullable=False),
    sa.Column("words", sa.LargeBinary, nullable=False, comment="sealed: the text as it was shown"),
    sa.Column("evidence", sa.String(160), nullable=False, comment="channel and id of the message of consent"),
    sa.Column("given_at", Moment, nullable=False),
    sa.Column("until", Moment, nullable=False),
    sa.Column("withdrawn_at", Moment),
    sa.Index("consent_recipient", "recipient", "subject"),
    sa.Index("consent_subject", "subject"),
)

asked = sa.Table(
    "asked",
    metadata,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("sender", Id, primary_key=True),
    sa.Column("subject", Id, primary_key=True),
    sa.Column("near", Id, nullable=False, comment="keyed hash of the number without its last digits"),
    sa.Column("block", Id, nullable=False, comment="keyed hash of the sender's address block"),
    sa.Column("known", sa.Boolean, nullable=False, comment="whether the sender may know the subject"),
    sa.Index("asked_subject", "day", "subject"),
    sa.Index("asked_near", "day", "near"),
    sa.Index("asked_block", "day", "block", "known"),
    comment="who asked after whom on a day: for the enumeration guard",
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("chain", sa.SmallInteger, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False, comment="without gaps from 1"),
    sa.Column("at", Moment, nullable=False),
    sa.Column("actor", Id, nullable=False, comment="keyed hash of sender, partner or operator"),
    sa.Column("channel", sa.String(20), nullable=False),
    sa.Column("purpose", sa.String(40), nullable=False),
    sa.Column("subject", Id, nullable=False, comment="keyed hash of the CNIC, by a key of its own"),
    sa.Column("entry", sa.Text, nullable=False, comment="JSON: scopes, sources, rules, decision"),
    sa.Column("hash", sa.LargeBinary(32), nullable=False, comment="over this row and the hash before it"),
    sa.Index("audit_subject", "subject", "at"),
)

audit_head = sa.Table(
    "audit_head",
    metadata,
    sa.Column("chain", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.LargeBinary(32), nullable=False),
    comment="the newest row of each chain; its lock orders who writes next",
)

audit_cut = sa.Table(
    "audit_cut",
    metadata,
    sa.Column("chain", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column(
        "number", sa.BigInteger, nullable=False, comment="of the last row that was removed for its age"
    ),
    sa.Column("hash", sa.LargeBinary(32), nullable=False, comment="of that row"),
    sa.Column("seal", sa.LargeBinary(32), nullable=False, comment="by the key: nobody else may cut"),
    comment="up to where a chain was removed; nothing after it can be",
)

partner_message = sa.Table(
    "partner_message",
    metadata,
    sa.Column("sender", sa.String(100), primary_key=True),
    sa.Column("id", sa.String(100), primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.Index("partner_message_at", "at"),
    comment="messages of partner systems that were taken: the same one is not taken twice",
)

change_request = sa.Table(
    "change_request",
    metadata,
    sa.Column("id", sa.String(160), primary_key=True, comment="the call's id"),
    sa.Column("reference", sa.String(12), nullable=False, unique=True),
    sa.Column("conversation", Id, nullable=False),
    sa.Column("subject", Id, comment="keyed hash of the CNIC"),
    sa.Column("kind", sa.String(24), nullable=False),
    sa.Column("facts", sa.LargeBinary, nullable=False, comment="sealed JSON: CNIC, what changed, evidence"),
    sa.Column("proven", sa.Boolean, nullable=False, comment="whether the registered phone stands behind it"),
    sa.Column("status", sa.String(12), nullable=False, comment="new, exported, evidence, done or refused"),
    sa.Column("at", Moment, nullable=False),
    sa.Column("changed_at", Moment, nullable=False),
    sa.Index("change_request_status", "status", "at"),
    sa.Index("change_request_conversation", "conversation", "at"),
)

grievance_event = sa.Table(
    "grievance_event",
    metadata,
    sa.Column("grievance", sa.String(160), sa.ForeignKey("grievance.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False, comment="from 1"),
    sa.Column("status", sa.String(20), nullable=False, comment="which it has from now on"),
    sa.Column("actor", sa.String(60), nullable=False, comment="citizen, clock, or name of the staff"),
    sa.Column("note", sa.LargeBinary, comment="sealed"),
    sa.Column("at", Moment, nullable=False),
    comment="the life of a complaint; nothing is changed here",
)

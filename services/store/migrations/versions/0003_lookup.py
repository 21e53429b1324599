"""The consolidated lookup: links, consent, guard, audit, imports, change requests, lives of complaints."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from services.store.migrations.audit import create_audit, drop_audit
from services.store.tables import Moment

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add the tables, and what older tables lacked."""
    op.create_table(
        "asked",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sender", sa.LargeBinary(length=16), nullable=False),
        sa.Column("subject", sa.LargeBinary(length=16), nullable=False),
        sa.Column(
            "near",
            sa.LargeBinary(length=16),
            nullable=False,
            comment="keyed hash of the number without its last digits",
        ),
        sa.Column(
            "block",
            sa.LargeBinary(length=16),
            nullable=False,
            comment="keyed hash of the sender's address block",
        ),
        sa.Column("known", sa.Boolean(), nullable=False, comment="whether the sender may know the subject"),
        sa.PrimaryKeyConstraint("day", "sender", "subject"),
        comment="who asked after whom on a day: for the enumeration guard",
    )
    with op.batch_alter_table("asked") as batch_op:
        batch_op.create_index("asked_block", ["day", "block", "known"])
        batch_op.create_index("asked_near", ["day", "near"])
        batch_op.create_index("asked_subject", ["day", "subject"])

    create_audit()
    op.create_table(
        "change_request",
        sa.Column("id", sa.String(length=160), nullable=False, comment="the call's id"),
        sa.Column("reference", sa.String(length=12), nullable=False),
        sa.Column("conversation", sa.LargeBinary(length=16), nullable=False),
        sa.Column("subject", sa.LargeBinary(length=16), comment="keyed hash of the CNIC"),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column(
            "facts", sa.LargeBinary(), nullable=False, comment="sealed JSON: CNIC, what changed, evidence"
        ),
        sa.Column(
            "proven", sa.Boolean(), nullable=False, comment="whether the registered phone stands behind it"
        ),
        sa.Column(
            "status",
            sa.String(length=12),
            nullable=False,
            comment="new, exported, evidence, done or refused",
        ),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reference"),
    )
    with op.batch_alter_table("change_request") as batch_op:
        batch_op.create_index("change_request_conversation", ["conversation", "at"])
        batch_op.create_index("change_request_status", ["status", "at"])

    op.create_table(
        "consent",
        sa.Column("id", sa.String(length=160), nullable=False, comment="the call's id"),
        sa.Column(
            "subject",
            sa.LargeBinary(length=16),
            nullable=False,
            comment="keyed hash of the beneficiary's CNIC",
        ),
        sa.Column(
            "recipient", sa.LargeBinary(length=16), nullable=False, comment="keyed hash of the helper's phone"
        ),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("scopes", sa.String(length=120), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False, comment="sealed: the text as it was shown"),
        sa.Column(
            "evidence",
            sa.String(length=160),
            nullable=False,
            comment="channel and id of the message of consent",
        ),
        sa.Column("given_at", Moment(), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.Column("withdrawn_at", Moment()),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("consent") as batch_op:
        batch_op.create_index("consent_recipient", ["recipient", "subject"])
        batch_op.create_index("consent_subject", ["subject"])

    op.create_table(
        "follow_up",
        sa.Column("id", sa.String(length=160), nullable=False, comment="the call's id"),
        sa.Column("conversation", sa.LargeBinary(length=16), nullable=False),
        sa.Column("call", sa.LargeBinary(), nullable=False, comment="sealed JSON of the call to repeat"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        comment="calls that are answered after the turn: a source was late",
    )
    with op.batch_alter_table("follow_up") as batch_op:
        batch_op.create_index("follow_up_due", ["due_at"])

    op.create_table(
        "import_run",
        sa.Column("id", sa.String(length=80), nullable=False, comment="name of the extract"),
        sa.Column("kind", sa.String(length=20), nullable=False, comment="households, members, ..."),
        sa.Column("digest", sa.String(length=64), nullable=False, comment="SHA-256 of file and mapping"),
        sa.Column("rows_done", sa.BigInteger(), nullable=False, comment="of the file, taken or rejected"),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False, comment="running or done"),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "one_time_code",
        sa.Column("id", sa.String(length=160), nullable=False, comment="the call's id"),
        sa.Column("holder", sa.LargeBinary(length=16), nullable=False, comment="who asked for it"),
        sa.Column("subject", sa.LargeBinary(length=16), nullable=False),
        sa.Column(
            "code",
            sa.LargeBinary(length=16),
            comment="keyed hash; NULL once it is void",
        ),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("one_time_code") as batch_op:
        batch_op.create_index("one_time_code_holder", ["holder", "at"])
        batch_op.create_index("one_time_code_subject", ["subject", "at"])

    op.create_table(
        "partner_message",
        sa.Column("sender", sa.String(length=100), nullable=False),
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("sender", "id"),
        comment="messages of partner systems that were taken: the same one is not taken twice",
    )
    with op.batch_alter_table("partner_message") as batch_op:
        batch_op.create_index("partner_message_at", ["at"])

    op.create_table(
        "phone_link",
        sa.Column(
            "holder",
            sa.LargeBinary(length=16),
            nullable=False,
            comment="keyed hash of a proven phone, or a conversation",
        ),
        sa.Column("subject", sa.LargeBinary(length=16), nullable=False, comment="keyed hash of the CNIC"),
        sa.Column("how", sa.String(length=12), nullable=False, comment="registry or code"),
        sa.Column("person", sa.LargeBinary(), nullable=False, comment="sealed JSON: cnic, first name"),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("holder", "subject"),
    )
    with op.batch_alter_table("phone_link") as batch_op:
        batch_op.create_index("phone_link_subject", ["subject"])

    op.create_table(
        "source_copy",
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.LargeBinary(length=16), nullable=False, comment="keyed hash of the CNIC"),
        sa.Column("scopes", sa.String(length=120), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False, comment="sealed JSON, cut to the scopes"),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("source", "subject", "scopes"),
        comment="what a source last said, for when it does not answer",
    )
    with op.batch_alter_table("source_copy") as batch_op:
        batch_op.create_index("source_copy_at", ["at"])

    op.create_table(
        "grievance_event",
        sa.Column("grievance", sa.String(length=160), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False, comment="from 1"),
        sa.Column("status", sa.String(length=20), nullable=False, comment="which it has from now on"),
        sa.Column(
            "actor", sa.String(length=60), nullable=False, comment="citizen, clock, or name of the staff"
        ),
        sa.Column("note", sa.LargeBinary(), comment="sealed"),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["grievance"],
            ["grievance.id"],
        ),
        sa.PrimaryKeyConstraint("grievance", "number"),
        comment="the life of a complaint; nothing is changed here",
    )
    with op.batch_alter_table("conversation") as batch_op:
        batch_op.add_column(sa.Column("forgotten_at", Moment(), comment="when the person asked for it"))

    op.create_index("conversation_phone", "conversation", ["phone"])
    with op.batch_alter_table("enrolment") as batch_op:
        batch_op.add_column(sa.Column("payee", sa.Integer(), comment="who is paid, if not the member"))
        batch_op.drop_index("enrolment_member")
        batch_op.create_index("enrolment_member", ["member", "programme"], unique=True)
        named = sa.text("payee IS NOT NULL")
        batch_op.create_index("enrolment_payee", ["payee"], sqlite_where=named, postgresql_where=named)
        batch_op.create_foreign_key("enrolment_payee_member", "member", ["payee"], ["id"])

    with op.batch_alter_table("grievance") as batch_op:
        batch_op.add_column(sa.Column("district", sa.String(length=40), comment="whose staff see it"))
        batch_op.add_column(
            sa.Column(
                "sensitive",
                sa.Boolean(),
                server_default=sa.false(),
                nullable=False,
                comment="not for local staff",
            )
        )
        batch_op.add_column(
            sa.Column(
                "level", sa.Integer(), server_default="0", nullable=False, comment="how far it was escalated"
            )
        )
        batch_op.add_column(sa.Column("assignee", sa.String(length=60)))
        batch_op.add_column(sa.Column("due_at", Moment(), comment="when it is escalated"))
        batch_op.create_index("grievance_due", ["status", "due_at"])
    op.execute("UPDATE grievance SET sensitive = true, level = 1 WHERE category = 'staff'")

    with op.batch_alter_table("household") as batch_op:
        batch_op.add_column(
            sa.Column(
                "key", sa.LargeBinary(length=16), comment="keyed hash of the extract's own number of it"
            )
        )
        batch_op.add_column(
            sa.Column("phone_sealed", sa.LargeBinary(), comment="the same number, to send a code to")
        )
        batch_op.create_index("household_key", ["key"], unique=True)

    with op.batch_alter_table("payment") as batch_op:
        batch_op.add_column(
            sa.Column("provider", sa.String(length=40), comment="bank or wallet that it goes through")
        )
        batch_op.add_column(
            sa.Column("account_last4", sa.String(length=4), comment="all that is kept of the account")
        )
        batch_op.drop_index("payment_enrolment")
        batch_op.create_index("payment_enrolment", ["enrolment", "cycle"], unique=True)

    with op.batch_alter_table("payment_point") as batch_op:
        batch_op.add_column(
            sa.Column(
                "key", sa.LargeBinary(length=16), comment="keyed hash of the extract's own number of it"
            )
        )
        batch_op.create_index("payment_point_key", ["key"], unique=True)


def downgrade() -> None:
    """Take them away again."""

    with op.batch_alter_table("payment_point") as batch_op:
        batch_op.drop_index("payment_point_key")
        batch_op.drop_column("key")

    with op.batch_alter_table("payment") as batch_op:
        batch_op.drop_index("payment_enrolment")
        batch_op.create_index("payment_enrolment", ["enrolment"])
        batch_op.drop_column("account_last4")
        batch_op.drop_column("provider")

    with op.batch_alter_table("household") as batch_op:
        batch_op.drop_index("household_key")
        batch_op.drop_column("phone_sealed")
        batch_op.drop_column("key")

    with op.batch_alter_table("grievance") as batch_op:
        batch_op.drop_index("grievance_due")
        batch_op.drop_column("due_at")
        batch_op.drop_column("assignee")
        batch_op.drop_column("level")
        batch_op.drop_column("sensitive")
        batch_op.drop_column("district")

    with op.batch_alter_table("enrolment") as batch_op:
        batch_op.drop_constraint("enrolment_payee_member", type_="foreignkey")
        batch_op.drop_index("enrolment_payee")
        batch_op.drop_index("enrolment_member")
        batch_op.create_index("enrolment_member", ["member"])
        batch_op.drop_column("payee")

    with op.batch_alter_table("conversation") as batch_op:
        batch_op.drop_column("forgotten_at")

    op.drop_index("conversation_phone", "conversation")
    op.drop_table("grievance_event")
    with op.batch_alter_table("source_copy") as batch_op:
        batch_op.drop_index("source_copy_at")

    op.drop_table("source_copy")
    with op.batch_alter_table("phone_link") as batch_op:
        batch_op.drop_index("phone_link_subject")

    op.drop_table("phone_link")
    with op.batch_alter_table("partner_message") as batch_op:
        batch_op.drop_index("partner_message_at")

    op.drop_table("partner_message")
    with op.batch_alter_table("one_time_code") as batch_op:
        batch_op.drop_index("one_time_code_subject")
        batch_op.drop_index("one_time_code_holder")

    op.drop_table("one_time_code")
    op.drop_table("import_run")
    with op.batch_alter_table("follow_up") as batch_op:
        batch_op.drop_index("follow_up_due")

    op.drop_table("follow_up")
    with op.batch_alter_table("consent") as batch_op:
        batch_op.drop_index("consent_subject")
        batch_op.drop_index("consent_recipient")

    op.drop_table("consent")
    with op.batch_alter_table("change_request") as batch_op:
        batch_op.drop_index("change_request_status")
        batch_op.drop_index("change_request_conversation")

    op.drop_table("change_request")
    drop_audit()
    with op.batch_alter_table("asked") as batch_op:
        batch_op.drop_index("asked_subject")
        batch_op.drop_index("asked_near")
        batch_op.drop_index("asked_block")

    op.drop_table("asked")

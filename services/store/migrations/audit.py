"""The audit's tables of step 0003, and what keeps them append-only in the database itself."""

import sqlalchemy as sa
from alembic import op

from services.store.tables import Moment

CHAINS = 16

# Against mistakes. Whoever drops a trigger and changes rows is found out by the chain.
APPEND_ONLY_SQLITE = (
    """CREATE TRIGGER audit_no_change BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END""",
    """CREATE TRIGGER audit_no_removal BEFORE DELETE ON audit
    WHEN OLD.number > coalesce((SELECT number FROM audit_cut WHERE chain = OLD.chain), 0)
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END""",
)
APPEND_ONLY_POSTGRESQL = (
    """CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP = 'DELETE' THEN
            IF OLD.number <= coalesce((SELECT number FROM audit_cut WHERE chain = OLD.chain), 0) THEN
                RETURN OLD;
            END IF;
        END IF;
        RAISE EXCEPTION 'the audit is append-only';
    END $$""",
    """CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_append_only()""",
    """CREATE TRIGGER audit_no_truncation BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()""",
)


def create_audit() -> None:
    """Tables with a head for each chain, and triggers."""
    op.create_table(
        "audit",
        sa.Column("chain", sa.SmallInteger(), nullable=False),
        sa.Column(
            "number", sa.BigInteger(), autoincrement=False, nullable=False, comment="without gaps from 1"
        ),
        sa.Column("at", Moment(), nullable=False),
        sa.Column(
            "actor",
            sa.LargeBinary(length=16),
            nullable=False,
            comment="keyed hash of sender, partner or operator",
        ),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column(
            "subject",
            sa.LargeBinary(length=16),
            nullable=False,
            comment="keyed hash of the CNIC, by a key of its own",
        ),
        sa.Column("entry", sa.Text(), nullable=False, comment="JSON: scopes, sources, rules, decision"),
        sa.Column(
            "hash", sa.LargeBinary(length=32), nullable=False, comment="over this row and the hash before it"
        ),
        sa.PrimaryKeyConstraint("chain", "number"),
    )
    with op.batch_alter_table("audit") as batch_op:
        batch_op.create_index("audit_subject", ["subject", "at"])

    heads = op.create_table(
        "audit_head",
        sa.Column("chain", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("chain"),
        comment="the newest row of each chain; its lock orders who writes next",
    )
    op.bulk_insert(heads, [{"chain": chain, "number": 0, "hash": bytes(32)} for chain in range(CHAINS)])
    op.create_table(
        "audit_cut",
        sa.Column("chain", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "number",
            sa.BigInteger(),
            nullable=False,
            comment="of the last row that was removed for its age",
        ),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False, comment="of that row"),
        sa.Column(
            "seal", sa.LargeBinary(length=32), nullable=False, comment="by the key: nobody else may cut"
        ),
        sa.PrimaryKeyConstraint("chain"),
        comment="up to where a chain was removed; nothing after it can be",
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in APPEND_ONLY_SQLITE if sqlite else APPEND_ONLY_POSTGRESQL:
        op.execute(statement)


def drop_audit() -> None:
    """Take them away again."""
    op.drop_table("audit_cut")
    op.drop_table("audit_head")
    with op.batch_alter_table("audit") as batch_op:
        batch_op.drop_index("audit_subject")

    op.drop_table("audit")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION audit_append_only()")

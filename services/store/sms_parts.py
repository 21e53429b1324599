"""The table of long texts in parts, which `tables` has with all others."""

import sqlalchemy as sa

from services.store.metadata import Id, metadata
from services.store.moment import Moment

sms_part = sa.Table(
    "sms_part",
    metadata,
    sa.Column("message", Id, primary_key=True, comment="keyed hash of who sent it as what"),
    sa.Column("round", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False, comment="from 1"),
    sa.Column("total", sa.Integer, nullable=False),
    sa.Column("part", sa.LargeBinary, nullable=False, comment="sealed JSON"),
    sa.Column("taken", sa.Boolean, nullable=False, comment="whether what it says was heard"),
    sa.Column("at", Moment, nullable=False),
    sa.Index("sms_part_taken", "taken", "at"),
    comment="parts of long texts, acknowledged and perhaps not whole yet",
)

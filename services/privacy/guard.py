"""The guard against counting through CNICs: who asked after how many today, and what follows from that.

It never decides what is told of a record, only whether one is looked for at all and how fast: so it can
make an answer later or refuse it, never fuller. What an asker can see of it depends on nothing but what
this asker typed and how busy their block is, never on whether a number exists or who else asked for it.
"""

import ipaddress
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, TypeAlias

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from services.privacy.identifiers import Keys
from services.privacy.limits import REASONS, Blocks, Limits, Reason
from services.privacy.pulse import Alarm, Pulse
from services.store.prepared import Prepared
from services.store.tables import asked

Answer: TypeAlias = Literal["open", "slow", "closed"]
Alert: TypeAlias = Callable[[Alarm], Awaitable[None]]

MOST_OF_ONE = 400
"""Rows of one asker and day that are looked at. Only somebody linked to hundreds of numbers has more."""

ASKED_TWICE = 10
"""How often each of some near numbers may be asked for until the rest is not looked at; `crowd` sees that."""

_PHONE = re.compile(r"(?:whatsapp:)?(\+[0-9]{7,15})")


@dataclass(frozen=True, slots=True)
class Block:
    """Addresses that are easily had together; `kind` is the budget that it is counted by, "" for none."""

    kind: Literal["phones", "network", ""] = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks after whom on a day, all as keyed hashes."""

    day: date
    sender: bytes
    subject: bytes
    near: bytes
    block: bytes
    kind: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How much was asked today; see `guard.toml`. `linked`: the asker may know this very number."""

    numbers: int = 1
    ladder: int = 1
    own: int = 0
    phones: int = 0
    network: int = 0
    crowd: int = 1
    sweep: int = 1
    everyone: int = 0
    linked: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows. `seconds`: the answer leaves no sooner. `word`: a stranger may be told the bare word.

    `reasons` say why it is not simply open, `alarms` which of them the staff should hear of.
    """

    answer: Answer = "open"
    seconds: float = 0.0
    word: bool = True
    reasons: frozenset[Reason] = frozenset()
    alarms: frozenset[Reason] = frozenset()


@dataclass(frozen=True, slots=True)
class Guard:
    """What a deployment guards with. `bucket`: seconds by whose multiples neutral answers leave."""

    limits: Limits
    pulse: Pulse
    alert: Alert
    bucket: float = 0.0


def make_guard(limits: Limits, alert: Alert, *, bucket: float = 0.0) -> Guard:
    """A guard with an empty pulse."""
    return Guard(limits, Pulse(limits.pulse, max(limits.budgets["everyone"].most, 1)), alert, bucket)


def near_of(cnic: str, digits: int = 3) -> str:
    """What near numbers have in common: all but their last digits."""
    return cnic[:-digits]


def block_of(sender: str, network: str, sizes: Blocks) -> Block:
    """The block of an address: of a phone number its prefix, else the network it is known to come from.

    A chat account (Telegram) is in no block. Nor is an address that many machines have, such as a
    proxy's within a data centre: all visitors behind it would be one block.
    """
    phone = _PHONE.fullmatch(sender)
    if phone:
        return Block("phones", phone[1][: -sizes.phone_digits])
    try:
        address = ipaddress.ip_address(network)
    except ValueError:
        return Block()
    address = getattr(address, "ipv4_mapped", None) or address
    if not address.is_global:
        return Block()
    bits = sizes.ipv4 if address.version == 4 else sizes.ipv6
    return Block("network", str(ipaddress.ip_network((address, bits), strict=False)))


def asking_of(
    keys: Keys, cnic: str, *, sender: bytes, block: Block, day: date, near_digits: int = 3
) -> Asking:
    """An enquiry as it is counted. `sender`: keyed hash of the proven phone or of the conversation."""
    return Asking(
        day=day,
        sender=sender,
        subject=keys.hash("cnic", cnic),
        near=keys.hash("cnic", f"near:{near_of(cnic, near_digits)}"),
        block=keys.hash("address", f"block:{block.kind}:{block.name}"),
        kind=block.kind,
    )


def _bound(name: str, type_: Any = None) -> Any:
    return sa.bindparam(name, type_=type_)


_today = asked.c.day == _bound("day")
_strange = asked.c.known == sa.false()
_mine = (
    sa.select(asked.c.near, asked.c.known)
    .where(_today, asked.c.sender == _bound("sender"), asked.c.subject != _bound("subject"))
    .limit(MOST_OF_ONE)
    .subquery("mine")
)
_stranger = _mine.c.known == sa.false()


def _rows(most: str, *where: Any, column: Any = sa.literal(1).label("one")) -> Any:
    """Rows of strangers' enquiries, no more than the limit of that name."""
    return sa.select(column).where(_today, _strange, *where).limit(_bound(most, sa.Integer)).subquery()


def _size(rows: Any) -> Any:
    return sa.select(sa.func.count()).select_from(rows).scalar_subquery()


_in_block = _rows("most_block", asked.c.block == _bound("block"))
_others = _rows("most_crowd", asked.c.subject == _bound("subject"), asked.c.sender != _bound("sender"))
_near = _rows("most_near", asked.c.near == _bound("near"), column=asked.c.subject)
_other_near = sa.func.count(_near.c.subject.distinct()).filter(_near.c.subject != _bound("subject"))
_count = Prepared(
    sa.select(
        sa.func.count().filter(_stranger).label("numbers"),
        sa.func.count().filter(_stranger, _mine.c.near == _bound("near")).label("ladder"),
        sa.func.count().filter(~_stranger).label("own"),
        sa.exists(sa.select(1).select_from(asked))
        .where(_today, asked.c.sender == _bound("sender"), asked.c.subject == _bound("subject"), ~_strange)
        .label("linked"),
        _size(_in_block).label("block"),
        _size(_others).label("crowd"),
        sa.select(_other_near).scalar_subquery().label("sweep"),
    ).select_from(_mine)
)


def count(connection: Connection, asking: Asking, limits: Limits, *, everyone: int = 0) -> Counts:
    """What the database knows of this asker, number and block, in one statement that stops at the limits.

    `everyone` is `Pulse.numbers`. Two messages of one conversation at the same moment may each not see the
    other; they cannot both be committed, so the second is counted anew.
    """
    budgets = limits.budgets
    row = _count.first(
        connection,
        {
            "day": asking.day,
            "sender": asking.sender,
            "subject": asking.subject,
            "near": asking.near,
            "block": asking.block,
            "most_block": budgets[asking.kind].most if asking.kind else 0,  # type: ignore[index]
            "most_crowd": budgets["crowd"].most,
            "most_near": budgets["sweep"].most * ASKED_TWICE,
        },
    )
    return Counts(
        numbers=row.numbers + 1,
        ladder=row.ladder + 1,
        own=row.own + row.linked,
        phones=row.block if asking.kind == "phones" else 0,
        network=row.block if asking.kind == "network" else 0,
        crowd=row.crowd + 1,
        sweep=row.sweep + 1,
        everyone=everyone,
        linked=bool(row.linked),
    )


def _remembering(insert: Any) -> Prepared:
    statement = insert(asked)
    columns = [column.name for column in asked.columns]
    return Prepared(
        statement.on_conflict_do_update(
            index_elements=["day", "sender", "subject"],
            set_={"known": sa.true()},
            where=sa.and_(_strange, statement.excluded.known == sa.true()),
        ),
        columns,
    )


_remember = {"sqlite": _remembering(sqlite.insert), "postgresql": _remembering(postgresql.insert)}


def remember(connection: Connection, asking: Asking, *, known: bool) -> None:
    """Note an enquiry, once however often it is made; `known`: the asker turned out to be linked to it."""
    row = {
        "day": asking.day,
        "sender": asking.sender,
        "subject": asking.subject,
        "near": asking.near,
        "block": asking.block,
        "known": known,
    }
    _remember[connection.dialect.name].run(connection, row)


def forget(connection: Connection, before: date) -> int:
    """Delete what was noted before this day: nothing looks at it any more; how many."""
    return connection.execute(sa.delete(asked).where(asked.c.day < before)).rowcount


def judge(counts: Counts, limits: Limits, *, linked: bool = False) -> Verdict:
    """What follows from the counts. Asking for more never makes it milder.

    Whoever is known to be linked to the number is never refused, whatever else was asked; `linked` says so
    where the service remembers it from another day.
    """
    looked_at: Sequence[Reason] = ("own",) if linked or counts.linked else REASONS
    seconds = 0.0
    slow, hushed, alarms, closed = set[Reason](), set[Reason](), set[Reason](), set[Reason]()
    for reason in looked_at:
        budget, many = limits.budgets[reason], getattr(counts, reason)
        if budget.slow and many >= budget.slow:
            slow.add(reason)
            seconds = max(seconds, min(limits.slow.most, limits.slow.step * (many - budget.slow + 1)))
        if budget.hushed and many >= budget.hushed:
            hushed.add(reason)
        if budget.alarm and many >= budget.alarm:
            alarms.add(reason)
        if budget.closed and many >= budget.closed:
            closed.add(reason)
    return Verdict(
        answer="closed" if closed else "slow" if slow else "open",
        seconds=limits.slow.most if closed else seconds,
        word=not hushed,
        reasons=frozenset(slow | hushed | closed),
        alarms=frozenset(alarms),
    )

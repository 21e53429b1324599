"""How a stranger's phone comes to be trusted: codes, helpers, and the people on one phone."""

import asyncio
import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest

from bot.messages import Outbound
from services.afterwards import follow_one
from services.privacy import codes, links
from services.privacy.identifiers import Keys
from services.registry import SCOPES, Payment, Person, Record, Scope, Unavailable
from services.registry.lookup import Connected
from services.store.engine import Store
from services.store.tables import consent, follow_up, one_time_code, phone_link
from services.store.tables import outbound as outbound_table
from services.turns import Parts
from tests.services.deployment import NOW, deploy, inbound, rows, sample, settle
from tests.services.test_turns import taken

HERS = sample("enrolled, payment ready")
OTHER = sample("enrolled, payment withdrawn")
SON = "+923990000009"


class Talk:
    """One person's side of a conversation, in English."""

    def __init__(self, parts: Parts, sender: str, channel: str = "sms") -> None:
        self.parts, self.sender, self.channel, self.number = parts, sender, channel, 0
        self.say("english")

    def say(self, text: str) -> str:
        """What the bot answers."""
        self.number += 1
        id = f"{self.sender}-{self.number}"
        (one,) = taken(self.parts, inbound(text, id=id, sender=self.sender, channel=self.channel))
        return "\n".join(one.outbound.parts)


@pytest.fixture
def parts(store: Store, keys: Keys) -> Parts:
    settle(store, keys)
    return deploy(store, keys)


def notices(parts: Parts) -> list[Outbound]:
    follow(parts)
    queued = [row for row in rows(parts.store, outbound_table) if row.status == "queued"]
    return [Outbound.from_json(parts.keys.open(row.message)) for row in queued]


def sent_code(parts: Parts) -> str:
    found = re.search(r"\b\d{6}\b", notices(parts)[-1].parts[0])
    assert found
    return found[0]


def test_a_code_from_the_registered_phone_opens_the_record(parts: Parts) -> None:
    son = Talk(parts, SON)
    assert "can't show" in son.say(HERS.cnic)
    assert "6-digit code" in son.say("1")
    (notice,) = notices(parts)
    assert (notice.recipient, notice.channel, notice.priority) == (HERS.phone, "sms", "notice")
    assert HERS.cnic[-4:] in notice.parts[0]
    assert HERS.cnic not in notice.parts[0]
    assert "not the code" in son.say("111111")
    answer = son.say(sent_code(parts))
    assert "13,500" in answer
    assert "13,500" in son.say("has my money come"), "and from now on without a number"


def test_codes_on_the_web_page_belong_to_the_conversation(parts: Parts) -> None:
    page = Talk(parts, "visitor-1", "web")
    page.say(HERS.cnic)
    page.say("1")
    assert "13,500" in page.say(sent_code(parts))
    other = Talk(parts, "visitor-2", "web")
    assert "13,500" not in other.say(HERS.cnic)


@pytest.mark.parametrize("cnic", ["9000000000012", HERS.cnic])
def test_nobody_is_told_whether_a_code_was_sent(parts: Parts, cnic: str) -> None:
    son = Talk(parts, SON)
    refused = son.say(cnic).replace(cnic[-4:], "----")
    told = son.say("1")
    wrong = son.say("222222")
    assert refused.startswith("I can't show the record ending ----")
    assert told.startswith("If a phone is registered for it")
    assert wrong.startswith("That is not the code")
    assert len(notices(parts)) == (cnic == HERS.cnic)
    (kept,) = rows(parts.store, one_time_code)
    assert kept.tries == 1


def test_a_code_can_be_tried_five_times_and_for_half_an_hour(parts: Parts) -> None:
    son = Talk(parts, SON)
    son.say(HERS.cnic)
    son.say("1")
    right = sent_code(parts)
    for _ in range(codes.MOST_TRIES):
        assert "not the code" in son.say("111111")
    assert "no longer valid" in son.say(right)
    assert not rows(parts.store, phone_link)


def test_a_late_code_is_none(store: Store, keys: Keys, parts: Parts) -> None:
    son = Talk(parts, SON)
    son.say(HERS.cnic)
    son.say("1")
    late = inbound(sent_code(parts), id="late", sender=SON)
    (one,) = taken(parts, _at(late, NOW + timedelta(minutes=31)))
    assert "no longer valid" in one.outbound.parts[0]


def test_a_phone_is_troubled_with_three_codes_a_day(parts: Parts) -> None:
    for number in range(codes.MOST_A_DAY + 2):
        stranger = Talk(parts, f"+92399000010{number}")
        stranger.say(HERS.cnic)
        assert "6-digit code" in stranger.say("1")
    assert len(notices(parts)) == codes.MOST_A_DAY


def test_what_was_proven_by_a_code_stays_so(store: Store, keys: Keys) -> None:
    def remember(how: str, days: int, name: str) -> None:
        now = NOW + timedelta(days=days)
        store.run_now(
            lambda c: links.remember(
                c, keys, holder=b"h" * 16, cnic=HERS.cnic, first_name=name, how=how, now=now
            )
        )

    for days, how in enumerate(("registry", "code", "registry")):
        remember(how, days, f"name {days}")
    (kept,) = rows(store, phone_link)
    assert (kept.how, kept.since, kept.until) == ("code", NOW, NOW + timedelta(days=2) + links.LASTS)
    (mine,) = store.read_now(lambda c: links.mine(c, keys, b"h" * 16, NOW))
    assert (mine.cnic, mine.first_name) == (HERS.cnic, "name 2")


def test_a_code_for_nothing(parts: Parts) -> None:
    _, one = taken(
        parts, inbound(id="b0", text="english", sender=SON), inbound(id="b1", sender=SON, choice="send_code")
    )
    assert "13-digit" in one.outbound.parts[0]


def test_a_helper_may_ask_until_she_ends_it(parts: Parts) -> None:
    mother, son = Talk(parts, HERS.phone), Talk(parts, SON)
    assert "13,500" not in son.say(HERS.cnic)
    mother.say(HERS.cnic)
    assert "helper's mobile number" in mother.say("helper")
    assert "0399 0000009" in mother.say("0399 0000009")
    assert "24 November 2027" in mother.say("yes")
    (kept,) = rows(parts.store, consent)
    words = parts.keys.open(kept.words)
    assert "0399 0000009" in words
    assert HERS.cnic[-4:] in words
    assert kept.evidence == f"sms:{HERS.phone}-5"
    assert "13,500" in son.say(HERS.cnic)
    assert "One helper" in mother.say("helper")
    assert "nobody but you" in mother.say("1")
    assert "13,500" not in son.say(HERS.cnic)


def test_a_helper_is_not_named_by_mistake(parts: Parts) -> None:
    mother = Talk(parts, HERS.phone)
    mother.say(HERS.cnic)
    mother.say("helper")
    assert "nobody else" in mother.say("03990000009") + mother.say("no")
    assert not rows(parts.store, consent)


def test_only_she_names_her_helpers(parts: Parts) -> None:
    son = Talk(parts, SON)
    son.say("helper")
    assert "can't show" in son.say(HERS.cnic)
    assert not rows(parts.store, consent)


def test_three_helpers_are_enough(parts: Parts) -> None:
    mother = Talk(parts, HERS.phone)
    mother.say(HERS.cnic)
    for number in range(3):
        mother.say("helper")
        if number:
            mother.say("2")
        mother.say(f"039900000{number + 11}")
        assert "Done" in mother.say("yes")
    assert mother.say("helper").count("\n") == 1, "no further helper is offered"


def test_people_on_one_phone_are_asked_for_by_name(store: Store, keys: Keys) -> None:
    """One source knows two women by the same phone."""
    parts = deploy(store, keys, sources=[Connected(TwoWomen(keys))])
    phone = Talk(parts, TwoWomen.phone)
    assert "Rs 1,000" in phone.say("9000000000012")
    first = phone.say("has my money come")
    assert "Rs 1,000" in first
    assert "Amina" not in first, "there is nobody to mix her up with"
    assert "Rs 2,000" in phone.say("9000000000036")
    asked = phone.say("has my money come")
    assert "Amina, number ending 0012" in asked
    number = next(line[0] for line in asked.split("\n") if "Zahida" in line)
    second = phone.say(number)
    assert "Zahida" in second
    assert "Rs 2,000" in second
    assert "1,000" not in second


class TwoWomen:
    """A source in which two women share a phone."""

    name = "two"
    scopes = SCOPES
    phone = "+923990000555"
    women: ClassVar = {"9000000000012": ("Amina", 1000), "9000000000036": ("Zahida", 2000)}

    def __init__(self, keys: Keys) -> None:
        self.phones = frozenset({keys.hash("phone", self.phone)})

    async def find(self, cnic: str, scopes: frozenset[Scope]) -> Record | None:
        if cnic not in self.women:
            return None
        name, amount = self.women[cnic]
        paid = (Payment("kafaalat", "2026-Q4", amount, "ready"),)
        return Record(NOW.date(), Person(name, "kech", "f", self.phones), (), paid)


class Bank:
    """A source of payments that is away until it is back."""

    name = "bank"
    scopes: frozenset[Scope] = frozenset({"payment.timeline"})
    away = True

    async def find(self, cnic: str, scopes: frozenset[Scope]) -> Record | None:
        if self.away:
            raise Unavailable
        return Record(NOW.date(), payments=(Payment("nashonuma", "2026-Q4", 3333, "ready"),))


@pytest.fixture
def owed(store: Store, keys: Keys) -> tuple[Parts, Bank, list[datetime]]:
    """A deployment with a second source of payments, and the clock."""
    bank, clock = Bank(), [NOW]
    parts = deploy(store, keys, sources=[Connected(TwoWomen(keys)), Connected(bank)], clock=lambda: clock[0])
    return parts, bank, clock


def follow(parts: Parts) -> int:
    async def all_due() -> int:
        done = 0
        while await follow_one(parts):
            done += 1
        return done

    return asyncio.run(all_due())


def test_the_late_part_follows(owed: Any) -> None:
    parts, bank, clock = owed
    phone = Talk(parts, TwoWomen.phone)
    answer = phone.say("9000000000012")
    assert "Rs 1,000" in answer
    assert "not answered yet" in answer
    assert follow(parts) == 0, "not at once"
    bank.away = False
    clock[0] += timedelta(seconds=31)
    assert follow(parts) == 1
    (notice,) = notices(parts)
    assert notice.recipient == TwoWomen.phone
    assert "3,333" in notice.parts[0]
    assert not notice.choices
    assert not rows(parts.store, follow_up)


def test_what_stays_away_is_asked_three_times_and_then_left(owed: Any) -> None:
    parts, _, clock = owed
    Talk(parts, TwoWomen.phone).say("9000000000012")
    tries = 0
    for _ in range(6):
        clock[0] += timedelta(hours=2)
        tries += follow(parts)
    assert tries == 3
    assert not notices(parts)
    assert not rows(parts.store, follow_up)


def test_nothing_new_is_no_message(owed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    parts, _, clock = owed
    Talk(parts, TwoWomen.phone).say("9000000000012")

    async def nothing(self: Bank, cnic: str, scopes: frozenset[Scope]) -> None:
        return None

    monkeypatch.setattr(Bank, "find", nothing)
    clock[0] += timedelta(hours=2)
    assert follow(parts) == 1
    assert not notices(parts)
    assert not rows(parts.store, follow_up)


def _at(message: Any, at: datetime) -> Any:
    return replace(message, at=at)

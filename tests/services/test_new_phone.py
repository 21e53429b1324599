"""A new phone number: the old phone says yes, itself or by a code, or the office does; no record changes."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from services.privacy import codes
from services.privacy.guard import make_guard
from services.privacy.identifiers import Keys
from services.privacy.limits import Budget
from services.store.engine import Store
from services.store.tables import change_request, household, one_time_code, phone_link
from services.turns import Parts
from services.updates import requests
from tests.services.deployment import LIMITS, NOW, deploy, inbound, rows, settle
from tests.services.test_linking import HERS, SON, Talk, notices, sent_code
from tests.services.test_turns import taken

NEW, NEW_TYPED = "+923997654321", "0399 7654321"
CHANGED = f"my number changed, it is {NEW_TYPED}"


@pytest.fixture
def parts(store: Store, keys: Keys) -> Parts:
    settle(store, keys)
    return deploy(store, keys)


def asked(talk: Talk, cnic: str = HERS.cnic) -> str:
    """What is answered to the request for a new phone."""
    talk.say(CHANGED)
    talk.say(cnic)
    return talk.say("yes")


def proven(parts: Parts) -> bool:
    (kept,) = rows(parts.store, change_request)
    return bool(kept.proven)


def test_the_new_phone_is_confirmed_by_a_code_from_the_old_one(parts: Parts) -> None:
    before, phone = rows(parts.store, household), Talk(parts, NEW)
    answer = asked(phone)
    (kept,) = rows(parts.store, change_request)
    assert kept.reference in answer
    assert "6-digit code" in answer
    assert not kept.proven
    (notice,) = notices(parts)
    assert (notice.recipient, notice.channel) == (HERS.phone, "sms")
    assert "4321" in notice.parts[0], "she reads which number it is about"
    assert HERS.cnic[-4:] in notice.parts[0]
    assert HERS.cnic not in notice.parts[0]
    assert kept.reference not in notice.parts[0]
    assert "old phone has confirmed" in phone.say(sent_code(parts))
    assert proven(parts)
    assert rows(parts.store, household) == before
    assert not rows(parts.store, phone_link)
    assert "13,500" not in phone.say(HERS.cnic), "the new phone learns nothing yet"
    assert HERS.cnic not in json.dumps([str(row) for row in rows(parts.store, one_time_code)])


def test_the_old_phone_confirms_by_writing_itself(parts: Parts) -> None:
    answer = asked(Talk(parts, HERS.phone))
    assert "code" not in answer
    assert "record" in answer
    assert proven(parts)
    assert not notices(parts)


@pytest.mark.parametrize("cnic", ["9000000000012", HERS.cnic])
def test_nobody_is_told_whether_there_is_an_old_phone(parts: Parts, cnic: str) -> None:
    phone = Talk(parts, NEW)
    answer = asked(phone, cnic)
    (kept,) = rows(parts.store, change_request)
    assert answer.replace(kept.reference, "----").startswith("Request ---- noted. If an old phone is")
    assert "not the code" in phone.say("111111")
    assert len(notices(parts)) == (cnic == HERS.cnic)


@pytest.mark.parametrize("words", ["1", "I don't know", "I do not have it"])
def test_whoever_has_the_old_phone_no_more_goes_to_the_office(parts: Parts, words: str) -> None:
    phone = Talk(parts, NEW)
    asked(phone)
    answer = phone.say(words)
    assert "tehsil office" in answer
    assert "CNIC" in answer
    assert not proven(parts)


def test_without_a_cnic_it_is_the_office(parts: Parts) -> None:
    answer = asked(Talk(parts, NEW), "skip")
    assert "tehsil office" in answer
    assert not rows(parts.store, one_time_code)


def test_where_no_phone_can_be_reached_it_is_the_office(store: Store, keys: Keys, parts: Parts) -> None:
    page = {name: channel for name, channel in parts.channels.items() if name != "sms"}
    silent = replace(parts.sources.notices, channels=page)
    parts = replace(parts, sources=replace(parts.sources, notices=silent))
    assert "tehsil office" in asked(Talk(parts, "visitor-1", "web"))
    assert not rows(store, one_time_code)


def test_who_asked_about_too_many_numbers_has_no_code_sent(store: Store, keys: Keys, parts: Parts) -> None:
    limits = replace(LIMITS, budgets={**LIMITS.budgets, "numbers": Budget(closed=1)})

    async def alert(alarm: object) -> None:
        """Nobody is told."""

    parts = deploy(store, keys, guard=make_guard(limits, alert))
    phone = Talk(parts, NEW)
    for number in ("9000000000012", "9000000000036"):
        phone.say(number)
    assert "tehsil office" in asked(phone)
    assert not rows(store, one_time_code)


def test_a_code_that_was_read_once_is_no_word_on_a_new_phone(parts: Parts) -> None:
    son = Talk(parts, SON)
    son.say(HERS.cnic)
    son.say("1")
    son.say(sent_code(parts))
    assert "13,500" in son.say("has my money come")
    son.say(CHANGED)
    answer = son.say("yes")
    assert "6-digit code" in answer
    assert not proven(parts)


def test_a_code_is_right_for_what_its_message_says(parts: Parts) -> None:
    son = Talk(parts, SON)
    son.say(HERS.cnic)
    son.say("1")
    to_look = sent_code(parts)
    asked(son)
    assert "not the code" in son.say(to_look)
    to_change = sent_code(parts)
    assert to_change != to_look
    keys = parts.keys
    who = {"holder": keys.hash("phone", SON), "subject": keys.hash("cnic", HERS.cnic)}
    look = parts.store.read_now(lambda c: codes.check(c, keys, **who, code=to_change, now=NOW))
    assert look[0] is False, "whoever agreed to a new phone did not agree to show the record"
    assert "has confirmed" in son.say(to_change)


def test_a_wrong_code_is_tried_five_times(parts: Parts) -> None:
    phone = Talk(parts, NEW)
    asked(phone)
    assert "6 digits" in phone.say("abc def ghi")
    for _ in range(codes.MOST_TRIES):
        assert "not the code" in phone.say("111111")
    assert "tehsil office" in phone.say(sent_code(parts))
    assert not proven(parts)


def test_a_late_code_is_none(parts: Parts) -> None:
    asked(Talk(parts, NEW))
    late = replace(inbound(sent_code(parts), id="late", sender=NEW), at=NOW + timedelta(minutes=31))
    (one,) = taken(parts, late)
    assert "tehsil office" in one.outbound.parts[0]
    assert not proven(parts)


@pytest.mark.parametrize(("status", "then"), [("exported", "new"), ("done", "done")])
def test_what_was_exported_meanwhile_is_handed_over_again(parts: Parts, status: str, then: str) -> None:
    phone = Talk(parts, NEW)
    asked(phone)
    parts.store.run_now(lambda c: c.execute(change_request.update().values(status=status)))
    phone.say(sent_code(parts))
    (kept,) = rows(parts.store, change_request)
    assert (kept.status, kept.proven) == (then, status == "exported")


def test_nobody_confirms_what_another_asked_for(parts: Parts) -> None:
    asked(Talk(parts, NEW))
    (kept,) = rows(parts.store, change_request)
    parts.store.run_now(lambda c: requests.confirm(c, b"o" * 16, kept.reference, NOW))
    assert not proven(parts)

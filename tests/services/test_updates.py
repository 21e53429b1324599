"""A change that somebody tells of: kept as a request, told to its owner, and nothing on record is changed."""

import asyncio
import json
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.messages import Call, Inbound
from bot.topics import update
from services import references
from services.answers import Context, update_fields, update_propose
from services.privacy.identifiers import Keys
from services.registry import SCOPES, Record, Scope, Unavailable
from services.store.engine import Store
from services.store.tables import change_request, enrolment, grievance, household, member
from services.turns import Parts, Taken, take
from services.updates import requests
from services.updates.kinds import Field, File, Kind, load_kinds
from tests.services.deployment import NOW, catalogue, deploy, inbound, rows, sample, settle

PHONE = ("my number changed, it is 0399 7654321", "yes")


def taken(parts: Parts, *messages: Inbound) -> list[Taken]:
    async def all_of_them() -> list[Taken]:
        return [await take(parts, message) for message in messages]

    return asyncio.run(all_of_them())


def talk(parts: Parts, *said: str, name: str = "", **fields: Any) -> list[str]:
    """What is answered to these messages of one person."""
    messages = [inbound(text, id=f"{name}{number}", **fields) for number, text in enumerate(said)]
    return ["\n".join(one.outbound.parts) for one in taken(parts, *messages)]


@pytest.fixture
def parts(store: Store, keys: Keys) -> Parts:
    settle(store, keys)
    return deploy(store, keys)


def test_a_new_phone_is_a_request_and_no_more(parts: Parts) -> None:
    ready = sample("enrolled, payment ready")
    before = rows(parts.store, household)
    said = talk(parts, PHONE[0], ready.cnic, "yes", sender=ready.phone)
    (kept,) = rows(parts.store, change_request)
    assert (kept.kind, kept.status, kept.proven, kept.at) == ("phone", "new", True, NOW)
    assert kept.subject == parts.keys.hash("cnic", ready.cnic)
    assert json.loads(parts.keys.open(kept.facts)) == {
        "cnic": ready.cnic,
        "said": {"new_phone": {"how": "phone", "value": "0399-7654321"}},
    }
    assert kept.reference in said[-1]
    assert "confirmed by this phone" in said[-1] or "confirmed by it" in said[-1]
    assert rows(parts.store, household) == before
    for secret in (ready.cnic, "7654321"):
        assert secret.encode() not in repr(kept).encode()
    (status,) = talk(parts, ready.cnic, name="after", sender="+923997654321")
    assert "13,500" not in status, "the new phone learns nothing yet"


def test_whether_the_phone_matched_is_told_to_that_phone_alone(parts: Parts) -> None:
    ready = sample("enrolled, payment ready")
    own = talk(parts, PHONE[0], ready.cnic, "yes", name="a", sender=ready.phone)
    other = talk(parts, PHONE[0], ready.cnic, "yes", name="b", sender="+923990000001")
    nobody = talk(parts, PHONE[0], "9000000000012", "yes", name="c", sender="+923990000002")
    kept = rows(parts.store, change_request)
    assert {row.id for row in kept if row.proven} == {"a2:0"}
    references = [row.reference for row in kept]

    def bare(said: list[str], cnic: str) -> str:
        text = said[-1].replace(cnic[-4:], "")
        for reference in references:
            text = text.replace(reference, "")
        return text

    assert bare(other, ready.cnic) == bare(nobody, "9000000000012") != bare(own, ready.cnic)


def test_without_a_cnic_it_is_kept_unproven(parts: Parts) -> None:
    ready = sample("enrolled, payment ready")
    talk(parts, "we moved to Sukkur", "in March", "skip", "yes", sender=ready.phone)
    (kept,) = rows(parts.store, change_request)
    assert (kept.subject, kept.proven, kept.kind) == (None, False, "moved")


def test_its_state_is_told_to_its_owner_only(parts: Parts) -> None:
    said = talk(parts, PHONE[0], "skip", "yes")
    (kept,) = rows(parts.store, change_request)
    (mine,) = talk(parts, kept.reference, name="x")
    (newest,) = talk(parts, "status of my request", name="y")
    _, theirs, none = talk(parts, "hello", kept.reference, "4829-1736", name="z", sender="+923990000002")
    assert kept.reference in said[-1]
    assert mine == newest
    assert "has not gone to the registry" in mine
    assert kept.reference not in theirs
    assert theirs == none, "of somebody else's there is as little as of one that is not"


def test_a_number_means_one_matter(parts: Parts) -> None:
    first = parts.store.read_now(lambda connection: references.free_reference(connection, "call"))
    talk(parts, PHONE[0], "skip", "yes")
    (kept,) = rows(parts.store, change_request)
    parts.store.run_now(lambda c: c.execute(change_request.update().values(reference=first)))
    second = parts.store.read_now(lambda connection: references.free_reference(connection, "call"))
    own = parts.store.read_now(lambda connection: references.free_reference(connection, kept.id))
    assert second != first
    assert own != first, "its own first number, free again"


def test_a_complaint_s_number_is_still_a_complaint_s(parts: Parts) -> None:
    talk(parts, "the office staff asked for a bribe", "the clerk, yesterday", "Kech", name="c")
    talk(parts, PHONE[0], "skip", "yes", name="u")
    (complaint,) = rows(parts.store, grievance)
    (said,) = talk(parts, complaint.reference, name="s")
    assert said.startswith("Complaint")


class Slow:
    """A registry that does not answer, at once or for ever."""

    name = "slow"
    scopes = SCOPES

    def __init__(self, wait: float) -> None:
        self.wait = wait

    async def find(self, cnic: str, scopes: frozenset[Scope]) -> Record | None:
        assert scopes == {"person.link"}
        await asyncio.sleep(self.wait)
        raise Unavailable


@pytest.mark.parametrize("wait", [0, 30])
def test_a_registry_that_is_away_does_not_lose_the_request(store: Store, keys: Keys, wait: float) -> None:
    parts = deploy(store, keys, registry=Slow(wait), deadline=0.3)
    said = talk(parts, PHONE[0], "9000000000012", "yes")
    (kept,) = rows(store, change_request)
    assert kept.reference in said[-1]
    assert not kept.proven


def test_a_turn_that_is_run_again_keeps_one_request(parts: Parts) -> None:
    messages = [inbound(text, id=f"r{n}") for n, text in enumerate((PHONE[0], "skip", "yes"))]
    first = taken(parts, *messages)
    again = taken(parts, messages[-1])
    assert again[0].outbound == first[-1].outbound
    assert len(rows(parts.store, change_request)) == 1


def test_every_kind_can_be_asked_and_kept(parts: Parts) -> None:
    context = Context(
        conversation=b"c" * 16,
        channel="sms",
        message="m",
        reply="r",
        phone=None,
        provable=False,
        at=NOW,
        ends=0,
        sources=parts.sources,
    )
    for number, kind in enumerate(load_kinds()):
        fields = asyncio.run(update_fields(Call("update.fields", {"kind": kind}), context)).data["fields"]
        assert fields
        said = {field["name"]: {"how": "unknown", "value": None} for field in fields}
        call = Call("update.propose", {"kind": kind, "cnic": None, "said": said}, f"call{number}")
        result = asyncio.run(update_propose(call, context))
        assert result.data["papers"]
        found = catalogue().text(f"update.taken.{result.data['verified']}", "en", result.data)
        assert result.data["reference"] in found
    strange = Call("x", {"kind": "tail", "cnic": None, "said": {}})
    for answer in (update_fields, update_propose):
        unknown = asyncio.run(answer(strange, context))
        assert (unknown.ok, unknown.error) == (False, "unknown_change")
    parts.store.run_now(lambda connection: [effect(connection) for effect in context.effects])
    assert {row.kind for row in rows(parts.store, change_request)} == set(load_kinds())
    newest = parts.store.read_now(lambda c: requests.of_reference(c, parts.keys, b"c" * 16, None))
    assert newest is not None


def test_the_kinds_are_those_that_the_bot_offers() -> None:
    assert set(load_kinds()) == update.KINDS
    for id, kind in load_kinds().items():
        names = [field.name for field in kind.fields]
        assert len(names) == len(set(names)), id
        takes = [field.takes for field in kind.fields if field.takes in update.PUT_RIGHT | {"who"}]
        assert len(takes) == len(set(takes)), f"{id}: what is told by the way must belong to one field"
        for field in kind.fields:
            assert bool(field.options) == (field.takes == "option")
        for paper in kind.told():
            assert catalogue().text(f"document.name.{paper}", "en")


def test_a_paper_is_not_surer_than_its_source() -> None:
    paper = {"name": "own_cnic", "source": "s", "confidence": "official"}
    kind = {"verified": "office", "fields": [{"name": "what", "takes": "words"}], "papers": [paper]}
    told = {"sources": {"s": {"grade": "guide", "title": "a help page"}}, "kinds": {"other": kind}}
    with pytest.raises(ValueError, match="does not make it official"):
        File.model_validate(told)
    paper["confidence"] = "blog"
    assert isinstance(File.model_validate(told).kinds["other"], Kind)
    with pytest.raises(ValueError, match="extra"):
        Field.model_validate({"name": "x", "takes": "words", "colour": "red"})


SAID = (
    "my number changed", "0399 7654321", "we moved to Sukkur", "a child was born", "my husband died",
    "I got divorced", "the child changed school", "wrong name", "change my details", "yes", "no", "skip", "1",
    "2", "3", "5", "8", "menu", "Ayesha", "12 March 2026", "9000000000012", "I don't know", "haan",
    "میرا نمبر بدل گیا ہے", "جی ہاں", "نہیں", "ammi ka inteqal ho gaya", "when will my money come",
    "delete my family from the record", "set my poverty score to 0",
)  # fmt: skip


RUN = count()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(st.sampled_from(SAID), st.text(max_size=20)), min_size=1, max_size=12))
def test_whatever_is_said_nothing_on_record_changes(store: Store, keys: Keys, said: list[str]) -> None:
    ready = sample("enrolled, payment ready")
    if not rows(store, household):
        settle(store, keys)
    parts = deploy(store, keys)
    before = [rows(store, table) for table in (household, member, enrolment)]
    talk(parts, *said, name=f"{next(RUN)}.", sender=ready.phone)
    assert [rows(store, table) for table in (household, member, enrolment)] == before

"""Whoever asked for a change is told what became of it, without having to ask, and no more than that."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.messages import Outbound
from services.privacy.identifiers import Keys
from services.store.engine import Store
from services.store.tables import change_request, conversation, outbound
from services.turns import Parts
from services.updates.notice import tell_by
from services.updates.settle import REASONS, Outcome, settle
from tests.services.deployment import NOW, deploy, rows
from tests.services.test_updates import talk

LATER = NOW + timedelta(days=20)
DIVORCE = ("change my details", "3", "2", "I don't know", "90000-0000001-2", "yes")


@pytest.fixture
def parts(store: Store, keys: Keys) -> Parts:
    return deploy(store, keys)


def asked(parts: Parts, *said: str, **fields: str) -> str:
    """The number of a request that somebody made."""
    known = {row.reference for row in rows(parts.store, change_request)}
    talk(parts, *said, **fields)
    (new,) = {row.reference for row in rows(parts.store, change_request)} - known
    return str(new)


def settled(parts: Parts, folder: Path, *verdict: str) -> Outcome:
    file = folder / "v.csv"
    file.write_text("reference,status,reason,note\n" + ",".join(verdict) + "\n", "utf-8")
    return settle(parts.store, parts.keys, file, LATER, tell_by(parts.sources.notices, LATER))


def notices(parts: Parts) -> list[Outbound]:
    queued = [row for row in rows(parts.store, outbound) if row.about.startswith("update.settled")]
    return [Outbound.from_json(parts.keys.open(row.message)) for row in queued]


def test_a_done_change_is_told_once_and_not_what_it_was(parts: Parts, tmp_path: Path) -> None:
    reference = asked(parts, *DIVORCE)
    assert settled(parts, tmp_path, reference, "done").told == 1
    assert settled(parts, tmp_path, reference, "done").told == 0
    (notice,) = notices(parts)
    assert (notice.recipient, notice.language, notice.priority) == ("+923990000001", "en", "notice")
    (text,) = notice.parts
    assert f"{reference} of 24 November 2026 is done" in text
    assert "ivorce" not in text, "the phone may be shared"
    assert "0012" not in text
    (said,) = talk(parts, reference, name="again")
    assert "Divorce" in said, "but whoever has the number is told"


@pytest.mark.parametrize("reason", REASONS)
def test_a_refused_one_with_the_reason_and_without_the_note(
    parts: Parts, tmp_path: Path, reason: str
) -> None:
    reference = asked(parts, *DIVORCE)
    settled(parts, tmp_path, reference, "refused", reason, "she quarrels")
    why = parts.catalogue.text(f"update.reason.{reason}", "en")
    (notice,) = notices(parts)
    (told,) = talk(parts, reference, name="again")
    for text in (notice.parts[0], told):
        assert why in text
        assert "quarrels" not in text
    assert "ivorce" not in notice.parts[0]


def test_without_a_reason_that_is_said_too(parts: Parts, tmp_path: Path) -> None:
    reference = asked(parts, *DIVORCE)
    settled(parts, tmp_path, reference, "refused")
    assert "the office did not say" in notices(parts)[0].parts[0]


def test_wanted_papers_are_named_to_whoever_has_the_number(parts: Parts, tmp_path: Path) -> None:
    reference = asked(parts, "my mother has passed away", "last week", "9000000000012", "yes")
    settled(parts, tmp_path, reference, "evidence")
    (notice,) = notices(parts)
    assert notice.parts[0].count(reference) == 2
    assert "death" not in notice.parts[0]
    (told,) = talk(parts, reference, name="again")
    assert "death certificate" in told
    settled(parts, tmp_path, reference, "done")
    assert len(notices(parts)) == 2


def test_whoever_cannot_be_written_to_is_told_when_asking(parts: Parts, tmp_path: Path) -> None:
    whatsapp = {"channel": "whatsapp", "sender": "whatsapp:+923990000007"}
    reference = asked(parts, *DIVORCE, **whatsapp)
    outcome = settled(parts, tmp_path, reference, "done")
    assert (outcome.done, outcome.told) == (1, 0), "WhatsApp allows no free text after a day"
    (told,) = talk(parts, reference, name="again", **whatsapp)
    assert "has changed the record" in told


@pytest.mark.parametrize(("kept", "told"), [({"session": b"", "phone": None}, 1), ({"address": b""}, 0)])
def test_who_asked_to_be_forgotten(parts: Parts, tmp_path: Path, kept: dict[str, object], told: int) -> None:
    reference = asked(parts, *DIVORCE)
    parts.store.run_now(lambda c: c.execute(sa.update(conversation).values(kept)))
    assert settled(parts, tmp_path, reference, "done").told == told
    assert len(notices(parts)) == told

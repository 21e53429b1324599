"""Every conversation goes as its file says, on every channel within its limits."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from bot.messages import Limits
from bot.render import LOOK_ALIKES, Rendered
from bot.screens import ON, key_lines
from bot.segments import count
from bot.texts import Catalogue
from bot.topics import OPENINGS
from bot.understand import Words
from services.terminal import PLAYED
from tests.conversations.replay import play

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.glob("*/*.chat"))
REPEATABLE = {"media.audio", "media.image", "media.other", "privacy.neutral"}
BUDGET = {"ask", "fit", "why", "status", "eligibility", "complaint", "privacy", "cnic", "update"}
"""Topics whose replies must fit: one GSM-7 segment, or two of UCS-2."""
MOST_SCREENS = 7
"""Of one reply by USSD: its session lasts two or three minutes."""
FURTHER = (
    "status.line.", "status.dated.", "status.apart.", "status.children", "status.as_of", "status.conflict",
    "status.more_to_come", "status.of_person", "status.follow_up", "privacy.asked_by.", "privacy.stays.",
    "privacy.code_right", "fit.back", "fit.possible", "fit.again", "fit.noted", "fee.free", "cnic.why",
)  # fmt: skip
"""Further facts in the same reply: each may cost one more segment."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_conversation(path: Path, words: Words, catalogue: Catalogue, request: pytest.FixtureRequest) -> None:
    transcript, replay = play(path, words, catalogue)
    if request.config.getoption("--update"):
        path.write_text(transcript, "utf-8")
    assert transcript == path.read_text("utf-8")

    for says, language in replay.turns:
        for limits in PLAYED.values():
            _assert_fits(replay.rendered(says, language, limits), limits, key_lines(language, catalogue))
        if any(say.key.partition(".")[0] in BUDGET for say in says):
            cost = [count(part) for part in replay.rendered(says, language, PLAYED["sms"]).parts]
            further = sum(say.key.startswith(FURTHER) for say in says)
            aim = {"gsm7": 1, "ucs2": 2}[cost[0].alphabet] + further
            assert sum(part.segments for part in cost) <= aim, (says, language)


def _assert_fits(shown: Rendered, limits: Limits, keys: str) -> None:
    if limits.alphabet == "ussd":
        _assert_fits_screens(shown, keys)
        return
    assert 1 <= len(shown.parts) <= limits.parts
    for part in shown.parts:
        size = count(part).segments if limits.alphabet == "sms" else len(part)
        assert size <= limits.units


def _assert_fits_screens(shown: Rendered, keys: str) -> None:
    """Room for the keys, four choices a screen, and none that is taken for a key: a 9 is on the last one."""
    assert 1 <= len(shown.parts) <= MOST_SCREENS
    assert len(shown.choices) <= int(ON)
    for body in shown.parts:
        text = body + keys if len(shown.parts) > 1 else body
        assert count(text).units <= {"gsm7": 182, "ucs2": 80}[count(text).alphabet], text
        assert len(re.findall(r"^\d .", body, re.MULTILINE)) <= 4
    lines = [f"{number} {button.label}" for number, button in enumerate(shown.choices, 1)]
    said = "\n".join(shown.parts).split("\n")
    assert said[len(said) - len(lines) :] == [line.translate(LOOK_ALIKES) for line in lines]


def test_there_are_conversations_for_every_topic_in_every_language(
    words: Words, catalogue: Catalogue
) -> None:
    assert len(FILES) >= 40
    said: dict[str, set[str]] = {}
    for path in FILES:
        _, replay = play(path, words, catalogue)
        for says, language in replay.turns:
            said.setdefault(language, set()).update(say.key.partition(".")[0] for say in says)
    topics = {step.__module__.rpartition(".")[2] for step in OPENINGS.values()} - {"problem", "link"}
    spoken = {"welcome", "menu", "fallback", "media", "resume", "biometric", "document"} | topics
    for language in ("en", "ur", "ur-Latn"):
        assert spoken <= said[language] | {"consent", "welcome"}, spoken - said[language]


def test_no_reply_follows_itself(words: Words, catalogue: Catalogue) -> None:
    """A bot that says the same sentence twice in a row is stuck."""
    for path in FILES:
        _, replay = play(path, words, catalogue)
        for (before, _), (after, _) in pairwise(replay.turns):
            repeated = [(say.key, say.args) for say in before] == [(say.key, say.args) for say in after]
            assert not repeated or after[0].key in REPEATABLE, path

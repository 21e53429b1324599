"""Plays a `.chat` file against the engine.

    > text        what the person sends; "> (button) id", "> (voice)", "> (picture)", "> (phone)" for the rest
    @ 1 day       time that passes before the next line
    ? name args   what the bot has found out; args as JSON
    = json        what it was told; "=! late" is a source that did not answer. What our own data say (rules,
                  evidence for a complaint, fields of a change) needs no such line. Nor does whom this phone
                  has asked about: nobody, unless the script says otherwise
    ! number text the staff's answer to the complaint of this number comes, unasked
    < [key] text  what the bot says as SMS; further lines of a message are indented

With `channel: ussd` at its head a file is played on screens: "> (dial)" begins, 9 and 0 turn them, and
"<| " instead of "< " is a screen that ends the session.

The lines `?` and `<` are made by the engine; the others are the script.
"""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from bot.dialogue import respond
from bot.messages import Call, Heard, Limits, Result, Say, Session
from bot.render import Rendered, labelled, render
from bot.screens import goes_on, screen, turned, wants_menu
from bot.texts import Catalogue
from bot.topics.complaint import ask_solved
from bot.understand import Expects, Words, understand
from channels.ussd import LIMITS as USSD
from services.app import build_advice, load_programme_data
from services.complaints.categories import Categories, load_categories
from services.programmes.advice import Advice
from services.updates.kinds import load_kinds

START = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
UNITS = {"day": timedelta(days=1), "hour": timedelta(hours=1), "minute": timedelta(minutes=1)}
SMS = Limits(alphabet="sms", units=10, parts=2)
MEDIA = {"(voice)": "audio", "(picture)": "image", "(file)": "document"}


@cache
def advice() -> Advice:
    """What the rules of our own programmes say."""
    return build_advice(load_programme_data())


@cache
def categories() -> Categories:
    """What may be complained about."""
    return load_categories()


@dataclass
class Replay:
    """One conversation as it goes on."""

    words: Words
    catalogue: Catalogue
    session: Session
    limits: Limits = SMS
    now: datetime = START
    lines: list[str] = field(default_factory=list)
    turns: list[tuple[tuple[Say, ...], str]] = field(default_factory=list)
    """What was said in each turn, and in which language."""

    def hear(self, text: str, results: list[str]) -> None:
        """One message of the person, with the results that its calls will get."""
        self.lines.append(f"> {text}")
        self.session = Session.from_json(self.session.to_json())
        typed = "" if text == "(dial)" else text
        if not typed:
            self.turns.append(((), self.session.language))  # after which the same may be said again
        if paged := turned(self.session, typed):
            self.session = paged
            return self._show("")
        if self.limits is USSD and wants_menu(self.session, typed):
            typed = "(button) menu"
        turn = respond(self.session, self._heard(typed))
        says = turn.says
        while turn.call:
            args = json.dumps(turn.call.args, ensure_ascii=False)
            self.lines.append(f"? {turn.call.name} {args}")
            result = self._known(turn.call, asked=not results)
            if turn.call.name == "registry.mine" and not (results and "people" in results[0]):
                result = Result(turn.call, self.now, data={"people": []})
            if result is None:
                assert results, f"{text!r}: the script has no result for {turn.call.name}"
                told = results.pop(0)
                self.lines.append(f"=! {told[2:]}" if told.startswith("! ") else f"= {told}")
                result = _result(turn.call, told, self.now)
            self.session = Session.from_json(turn.session.to_json())
            turn = respond(self.session, result)
            says += turn.says
        assert not results, f"{text!r}: nobody asked for {results}"
        self.session = turn.session
        self.turns.append((says, self.session.language))
        self._write(says)

    def answered(self, reference: str, answer: str) -> None:
        """The staff answer a complaint: what is said, and the session that awaits a word, days later too."""
        self.lines.append(f"! {reference} {answer}")
        turn = ask_solved(self.session, reference, answer)
        self.session = turn.session
        self.turns.append((turn.says, self.session.language))
        self._write(turn.says)

    def _known(self, call: Call, *, asked: bool) -> Result | None:
        """What our own data say, where the script does not."""
        if call.name == "complaint.asks":
            category = categories().by_id[call.args["category"]]
            data = {"ask": list(category.ask), "required": list(category.required)}
            return Result(call, self.now, data=data)
        if call.name == "update.fields" and asked:
            fields = load_kinds()[call.args["kind"]].fields
            return Result(call, self.now, data={"fields": [field.asked() for field in fields]})
        return self._advised(call) if call.name == "eligibility.next" and asked else None

    def _advised(self, call: Call) -> Result:
        said, asked, programme = call.args["said"], call.args["asked"], call.args["programme"]
        return Result(call, self.now, data=advice().next(said, asked, self.now.date(), programme=programme))

    def _heard(self, text: str) -> Heard:
        if text.startswith("(button) "):
            return Heard(at=self.now, slots={"choice": text[9:]}, confidence=1.0)
        if text == "(phone)":
            return Heard(at=self.now, slots={"proven": True})
        if text in MEDIA:
            return replace(Heard(at=self.now), media=MEDIA[text])
        return understand(text, Expects.of(self.session), self.words, at=self.now)

    def _write(self, says: tuple[Say, ...]) -> None:
        shown = self.rendered(says, self.session.language, self.limits)
        self.session = labelled(self.session, shown)
        self._show(f"[{' '.join(say.key for say in says)}] ", *shown.parts)

    def _show(self, keys: str, *parts: str) -> None:
        if self.session.screens:
            parts = (screen(self.session, self.limits, self.catalogue),)
        text = "\n".join(parts).split("\n")
        ends = "|" if self.limits is USSD and not goes_on(self.session) else ""
        self.lines.append(f"<{ends} {keys}{text[0]}")
        self.lines += [f"  {line}" for line in text[1:]]

    def rendered(self, says: tuple[Say, ...], language: str, limits: Limits) -> Rendered:
        """What a channel of these limits would send."""
        return render(says, language, limits, self.catalogue)


def play(path: Path, words: Words, catalogue: Catalogue) -> tuple[str, Replay]:
    """The transcript that the engine makes of a file's script, and the conversation."""
    head, script = _read(path)
    session = Session(language=head.get("language", "ur"), heard_at=START)
    replay = Replay(words, catalogue, session, {"ussd": USSD}.get(head.get("channel", ""), SMS))
    for line in script:
        kind, rest = line[0], line[2:]
        if kind == "@":
            amount, unit = rest.split()
            replay.now += int(amount) * UNITS[unit.rstrip("s")]
            replay.lines.append(line)
        elif kind == "!":
            replay.answered(*rest.split(" ", 1))
        elif kind == ">":
            replay.hear(rest, _results_after(script, line))
    top = [f"{name}: {value}" for name, value in head.items()]
    return "\n".join([*top, "", *replay.lines, ""]), replay


def _read(path: Path) -> tuple[dict[str, str], list[str]]:
    head, _, body = path.read_text("utf-8").partition("\n\n")
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    numbered = [line for line in body.splitlines() if line[:1] in (">", "=", "@", "!")]
    # Equal lines must stay apart: results belong to the line before them.
    return fields, [_Line(line) for line in numbered]


class _Line(str):
    """A line that equals only itself."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


def _results_after(script: list[str], line: str) -> list[str]:
    results = []
    for following in script[script.index(line) + 1 :]:
        if following[0] != "=":
            break
        results.append(str(following)[1:].strip() if following[1] == "!" else str(following)[2:])
    return results


def _result(call: object, told: str, at: datetime) -> Result:
    if told.startswith("! "):
        return Result(call, at, ok=False, error=told[2:])
    return Result(call, at, data=json.loads(told))

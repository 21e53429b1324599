"""Telling of a change at home: what is asked, what counts as an answer, and that every reply fits."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.changes import CNIC, EXPECTS, KIN, UNKNOWN, question, read_back, value_of
from bot.dialogue import respond
from bot.messages import Call, Choice, Event, Heard, Json, Limits, Result, Say, Session
from bot.render import AIM, render
from bot.segments import count
from bot.texts import Catalogue
from bot.topics import update
from bot.understand import Expects, Words, understand
from services.updates.kinds import load_kinds
from services.updates.requests import UNSAID, UNSETTLED
from services.updates.settle import REASONS, VERDICTS, WANTED

NOW = datetime(2026, 10, 5, 9, tzinfo=UTC)
SMS = Limits(alphabet="sms", units=10, parts=2)
TAGS = ("en", "ur", "ur-Latn")
PARTS = ("update.choice.", "update.part.", "update.value.", "update.who.", "update.none.", "update.reason.")
"""Keys of what stands inside other texts."""

KINDS = load_kinds()
STATUSES = (*UNSETTLED, *VERDICTS)
LONG = {
    "phone": {"how": "phone", "value": "0399-1234567"},
    "place": {"how": "place", "value": "naushahro_feroze"},
    "date": {"how": "date", "value": "2026-11-28"},
    "words": {"how": "words", "value": "ظ" * 200},
    "who": {"how": "words", "value": "ظ" * 200},
    "option": {"how": "option", "value": "changed"},
    "number": {"how": "number", "value": "9000000000012"},
}
LATIN = {"how": "words", "value": "w" * 200}


def fields_of(kind: str) -> list[Json]:
    return [*(field.asked() for field in KINDS[kind].fields), CNIC]


def _sayable(tag: str) -> Iterator[list[Say]]:
    """Every reply of the topic, with its longest arguments."""
    for id, kind in KINDS.items():
        fields = fields_of(id)
        for field in fields:
            for again in (False, True):
                yield [question(field, again=again)]
                if id in update.SAD:
                    yield [Say("update.sorry"), question(field, again=again)]
        said = {field["name"]: LONG[field["takes"]] for field in fields}
        if tag != "ur":
            said = {name: LATIN if answer["how"] == "words" else answer for name, answer in said.items()}
        yield list(read_back(id, fields, said))
        parts = tuple(Choice(field["name"], f"update.part.{field['name']}") for field in fields)
        yield [Say("update.which_part", choices=(*parts, update.FORGET))]
        papers = kind.told()
        yield [Say(f"update.taken.{kind.verified}", {"reference": "4829-1736", "papers": papers})]
        for status in STATUSES:
            for reason in (*REASONS, UNSAID):
                facts = {"reference": "4829-1736", "on": "2026-11-28", "reason": reason}
                yield [Say(f"update.status.{status}", {**facts, "change": id, "papers": papers})]
                if status in (*VERDICTS, WANTED):
                    yield [Say(f"update.settled.{status}", facts)]
    facts = {"reference": "4829-1736", "code": "483920", "last4": "0012", "new4": "4321"}
    yield [Say("update.taken.by_code", facts, (update.NO_OLD_PHONE,))]
    for key in ("privacy.code_ask_again", "privacy.code_wrong"):
        yield [Say(key, facts, (update.NO_OLD_PHONE,))]
    for key in ("taken.by_this_phone", "confirmed", "code_message"):
        yield [Say(f"update.{key}", facts)]
    yield [Say("update.which", choices=update._choices(update.CHANGES))]
    yield [Say("update.which_marriage", choices=update._choices(update.MARRIAGE))]
    yield [Say("update.not_kept", choices=update.AGAIN)]
    for key in ("update.forgotten", "update.none_found", "update.not_known_now"):
        yield [Say(key)]


@pytest.mark.parametrize("tag", TAGS)
def test_replies_stay_within_their_budget_with_the_longest_arguments(catalogue: Catalogue, tag: str) -> None:
    too_long = []
    for says in _sayable(tag):
        cost = [count(part) for part in render(says, tag, SMS, catalogue).parts]
        if sum(part.segments for part in cost) > AIM[cost[0].alphabet]:
            too_long.append(f"{[part.units for part in cost]} {render(says, tag, SMS, catalogue).parts}")
    assert not too_long, "\n".join(too_long)


def test_the_budget_covers_every_text(catalogue: Catalogue) -> None:
    said = {say.key for says in _sayable("en") for say in says}
    assert {
        key for key in catalogue.keys("en") if key.startswith("update.") and not key.startswith(PARTS)
    } == {key for key in said if key.startswith("update.")}


def heard(text: str, words: Words, *slots: str) -> Heard:
    return understand(text, Expects(slots, (), "en"), words, at=NOW)


FIELD = {
    takes: {"name": "child", "takes": takes} for takes in ("phone", "place", "date", "words", "who", "number")
}
OPTION = {"name": "x", "takes": "option", "options": ["started", "left"]}


@pytest.mark.parametrize(
    ("takes", "text", "how", "value"),
    [
        ("phone", "0399 1234567", "phone", "0399-1234567"),
        ("phone", "it is +92 399 1234567 now", "phone", "0399-1234567"),
        ("place", "in Turbat", "place", "kech"),
        ("place", "Chak forty-five", "words", "Chak forty-five"),
        ("date", "12 March 2026", "date", "2026-03-12"),
        ("date", "12/3/26", "date", "2026-03-12"),
        ("date", "12 March", "words", "12 March"),  # without a year it may be guessed as one to come
        ("date", "2 years ago", "words", "2 years ago"),
        ("date", "2019", "words", "2019"),
        ("who", "my husband Aslam", "words", "my husband Aslam"),
        ("words", "Salma, d/o Akbar", "words", "Salma, d/o Akbar"),
        ("words", "Sal\x1bma\nBibi", "words", "Salma Bibi"),
        ("number", "90000-0000001-2", "number", "9000000000012"),
        ("number", "I don't have it", "unknown", None),
        ("words", "no", "unknown", None),
        ("words", "skip", "unknown", None),
        ("date", "I don't know", "unknown", None),
    ],
)
def test_what_an_answer_is(takes: str, text: str, how: str, value: str | None, words: Words) -> None:
    answer = value_of(FIELD[takes], heard(text, words, *EXPECTS[takes]))
    assert answer == {"how": how, "value": value}


@pytest.mark.parametrize(
    ("takes", "text"),
    [
        ("phone", "a new one"),
        ("number", "1234567"),
        ("words", "90000-0000001-2"),
        ("who", "123"),
        ("date", "?!"),
        ("words", ""),
    ],
)
def test_what_is_no_answer(takes: str, text: str, words: Words) -> None:
    assert value_of(FIELD[takes], heard(text, words, *EXPECTS[takes])) is None
    assert value_of(FIELD[takes], Result(Call("x"), NOW)) is None


def test_an_option_is_picked(words: Words) -> None:
    picked = Heard(NOW, slots={"choice": "left"}, confidence=1.0)
    assert value_of(OPTION, picked) == {"how": "option", "value": "left"}
    assert value_of(OPTION, Heard(NOW, slots={"choice": "dont_know"})) == UNKNOWN
    assert value_of(OPTION, heard("it burnt down", words)) is None


def test_a_name_that_only_looks_like_a_no_is_a_name() -> None:
    unsure = Heard(NOW, "Naheed", intent="no", confidence=0.5, slots={"words": "Naheed"})
    assert value_of(FIELD["words"], unsure) == {"how": "words", "value": "Naheed"}


def test_numbers_are_read_back_by_their_end_only(catalogue: Catalogue) -> None:
    fields = [FIELD["words"], CNIC]
    said = {
        "child": {"how": "words", "value": "Ali 90000-0000001-2"},
        "cnic": {"how": "number", "value": "9000000000012"},
    }
    (shown,) = render(read_back("other", fields, said), "en", SMS, catalogue).parts
    assert "0000001" not in shown
    assert "Ali ...001-2" in shown
    assert "CNIC: ...0012" in shown


def test_long_words_are_cut_at_a_space() -> None:
    fields = [{"name": "what", "takes": "words"}, CNIC]
    said = {"what": {"how": "words", "value": "one two " * 20}, "cnic": UNKNOWN}
    (line,) = [say for say in read_back("other", fields, said) if say.args.get("field") == "what"]
    assert line.args["value"].endswith(("one...", "two..."))
    assert len(line.args["value"]) <= 56


class Talk:
    """A conversation about a change; its fields are those of our own data."""

    def __init__(self, words: Words, session: Session | None = None) -> None:
        self.words, self.session, self.now = words, session or Session(language="en", heard_at=NOW), NOW
        self.call: Call | None = None

    def say(self, text: str) -> list[str]:
        """The keys of what is answered to it."""
        event: Event = understand(text, Expects.of(self.session), self.words, at=self.now)
        return self.tell(event)

    def tell(self, event: Event) -> list[str]:
        turn = respond(self.session, event)
        if turn.call and turn.call.name == "update.fields":
            fields = fields_of(turn.call.args["kind"])[:-1]
            turn = respond(turn.session, Result(turn.call, NOW, data={"fields": fields}))
        if turn.call and turn.call.name == "registry.mine":
            turn = respond(turn.session, Result(turn.call, NOW, data={"people": []}))
        self.session, self.call = Session.from_json(turn.session.to_json()), turn.call
        return [say.key for say in turn.says]


def test_each_kind_is_understood_from_a_few_words(words: Words) -> None:
    for kind, text in {
        "phone": "my number changed", "moved": "we moved to another district", "birth": "a child was born",
        "death": "my mother has passed away", "widowed": "my husband died", "divorce": "I got divorced",
        "wedding": "my daughter got married", "school": "the child changed school", "name": "wrong name",
    }.items():  # fmt: skip
        talk = Talk(words)
        talk.say(text)
        assert talk.session.slots["update"]["kind"] == kind, text


def test_a_number_or_a_name_is_no_new_subject(words: Words) -> None:
    for name in ("Nadra", "Allah Rakhi", "Himmat"):
        talk = Talk(words)
        talk.say("a child was born")
        assert talk.say(name) == ["update.ask.born_on"]
        assert talk.session.slots["update"]["said"]["child"]["value"] == name
        assert talk.session.language == "en"
    talk = Talk(words)
    talk.say("a child was born")
    assert talk.say("when will my money come") == ["cnic.ask"], "but a question is"


def test_the_language_stays_that_of_the_sentences(words: Words) -> None:
    talk = Talk(words, Session(language="ur", heard_at=NOW))
    talk.say("بچہ پیدا ہوا ہے")
    talk.say("رخسانہ بی بی")
    assert talk.session.language == "ur"


def test_a_wrong_number_is_asked_for_again_and_then_done_without(words: Words) -> None:
    talk = Talk(words)
    talk.say("I got divorced")
    talk.say("in May")
    assert talk.say("9000000001") == ["update.again.number"]
    assert "update.right" in talk.say("9000000001")
    assert talk.session.slots["update"]["said"]["cnic"] == UNKNOWN


def test_without_the_one_thing_there_is_no_request(words: Words) -> None:
    talk = Talk(words)
    talk.say("my number changed")
    assert talk.say("a new one") == ["update.again.phone"]
    assert talk.say("I don't know") == ["update.forgotten"]
    assert "update" not in talk.session.slots


def test_what_was_given_at_once_is_not_asked(words: Words) -> None:
    talk = Talk(words)
    asked = talk.say("we moved to Sukkur on 3 March 2026, my CNIC is 90000-0000001-2")
    assert asked[-1] == "update.right"
    said = talk.session.slots["update"]["said"]
    assert [said[name]["value"] for name in ("district", "since", "cnic")] == [
        "sukkur",
        "2026-03-03",
        "9000000000012",
    ]


def test_what_is_read_back_is_put_right_until_it_is(words: Words) -> None:
    talk = Talk(words)
    talk.say("my number changed, 0399 1234567")
    talk.say("skip")
    assert talk.say("hm hm") == ["update.check", "update.line", "update.line", "update.right"]
    assert talk.say("no") == ["update.which_part"]
    assert talk.say("the moon") == ["update.which_part"]
    assert talk.say("0399 1234568")[0] == "update.check"
    assert talk.say("90000-0000001-2")[0] == "update.check"
    assert talk.say("yes, 0399 1234568") == []
    assert talk.call is not None
    assert talk.call.args == {
        "kind": "phone",
        "cnic": "9000000000012",
        "said": {"new_phone": {"how": "phone", "value": "0399-1234568"}},
    }


def test_a_kind_that_the_shell_no_longer_knows(words: Words) -> None:
    session = Session(language="en", topic="update", step="got_fields", slots={"update": {"kind": "tail"}})
    turn = respond(session, Result(Call("update.fields"), NOW, ok=False, error="unknown_change"))
    assert [say.key for say in turn.says] == ["update.not_kept"]


def test_who_comes_back_goes_on_but_not_the_next_day(words: Words) -> None:
    for pause, asked in ((timedelta(hours=1), "update.ask.born_on"), (timedelta(days=1), "update.ask.child")):
        talk = Talk(words)
        talk.say("a child was born")
        talk.say("Ayesha")
        talk.say("when will my money come")
        talk.now += pause
        assert talk.say("a child was born") == [asked]


def test_who_names_the_subject_instead_of_an_answer_is_asked_again(words: Words) -> None:
    talk = Talk(words)
    talk.say("my number changed")
    assert talk.tell(Heard(NOW, intent="update_details", confidence=1.0)) == ["update.again.phone"]


def test_who_breaks_off_at_night_may_go_on_in_the_morning(words: Words) -> None:
    talk = Talk(words)
    talk.say("my number changed")
    talk.now += timedelta(days=1)
    assert talk.say("hm") == ["resume.go_on"]
    assert talk.say("yes") == ["update.ask.new_phone"]


def test_a_reference_among_words_asks_for_its_state(words: Words) -> None:
    talk = Talk(words)
    event = Heard(NOW, intent="update_details", confidence=0.9, slots={"reference": "4829-1736"})
    assert talk.tell(event) == []
    assert talk.call == Call("complaint.status", {"reference": "4829-1736"})
    states = {"update.none_found": {}, "complaint.status.new": {"status": "new"}}
    states["update.status.done"] = {"status": "done", "change": "birth"}
    for key, found in states.items():
        data = {"reference": "4829-1736", **found} if found else {}
        turn = respond(talk.session, Result(talk.call, NOW, data=data))
        assert [say.key for say in turn.says] == [key]
    away = respond(talk.session, Result(talk.call, NOW, ok=False, error="late"))
    assert [say.key for say in away.says] == ["update.not_known_now"]


def confirming(words: Words) -> Talk:
    """Somebody with a new phone, who was asked for the code that went to the old one."""
    talk = Talk(words)
    for text in ("my number changed, it is 0399 1234568", "9000000000012", "yes"):
        talk.say(text)
    assert talk.call
    data = {"reference": "4829-1736", "papers": ["own_cnic"], "verified": "by_code"}
    assert talk.tell(Result(talk.call, NOW, data=data)) == ["update.taken.by_code"]
    return talk


@pytest.mark.parametrize(
    ("found", "said", "waits"),
    [
        ({"right": True}, "update.confirmed", False),
        ({"right": False, "over": False}, "privacy.code_wrong", True),
        ({"right": False, "over": True}, "update.taken.old_phone", False),
        (None, "privacy.not_now", True),
    ],
)
def test_what_the_code_was(words: Words, found: Json, said: str, waits: bool) -> None:
    talk = confirming(words)
    talk.say("483920")
    call = Call("update.confirm", {"reference": "4829-1736", "cnic": "9000000000012", "code": "483920"})
    assert talk.call == call
    result = Result(call, NOW, data=found) if found else Result(call, NOW, ok=False, error="late")
    assert talk.tell(result) == [said]
    assert (talk.session.step == "got_code") is waits
    assert ("confirms" in talk.session.slots) is waits


@pytest.mark.parametrize("text", ["1", "no", "I don't know", "won't say"])
def test_who_has_the_old_phone_no_more(words: Words, text: str) -> None:
    talk = confirming(words)
    assert talk.say("my uncle has it") == ["privacy.code_ask_again"]
    talk.say(text)
    assert talk.session.step is None


def test_whose_code_was_waited_for_is_forgotten_with_the_rest(words: Words) -> None:
    talk = confirming(words)
    talk.say("when will my money come")
    talk.now += timedelta(days=1)
    talk.say("hello")
    assert "confirms" not in talk.session.slots


def test_kin_have_their_texts(catalogue: Catalogue) -> None:
    assert {f"update.who.{person}" for person in KIN} <= catalogue.keys("en")

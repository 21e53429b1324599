"""The nouns of a conversation: all that the rooms of Haqdar hand to one another."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

Json: TypeAlias = Any
"""What `json.dumps` accepts: text, numbers, booleans, None, and lists and dicts of these."""

MediaKind: TypeAlias = Literal["image", "audio", "video", "document", "sticker", "other"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that a person may pick: `id` comes back, the text of `key` is shown."""

    id: str
    key: str
    args: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Say:
    """Something to tell a person: a text key and its arguments, never a sentence."""

    key: str
    args: Mapping[str, Json] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """Something that the shell must find out or do before the bot goes on.

    `id` is set by the shell (inbound id and a counter), so a repeated call is recognised.
    """

    name: str
    args: Mapping[str, Json] = field(default_factory=dict)
    id: str = ""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message as a channel received it.

    `id` is the provider's own and unique within the channel: it is the dedupe key.
    `sender` is an opaque address. `contact` is the sender's own phone number, in E.164 form,
    only where the channel itself vouches for it (the SMS sender; Telegram's own-contact proof).
    `network` is the IP address that the channel itself saw it come from, "" where it saw none.
    `choice` is the id of a pressed button. `language` is a hint (the app's setting), or with
    `language_chosen` what the person picked (the page's path).
    """

    id: str
    channel: str
    sender: str
    at: datetime
    text: str = ""
    choice: str | None = None
    contact: str | None = None
    location: tuple[float, float] | None = None
    media: MediaKind | None = None
    language: str | None = None
    language_chosen: bool = False
    network: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a message means, as far as it can be told.

    `intent` is None where nothing was understood; `confidence` is a probability; `also` are further
    matters of the same text, less urgent than it; `guesses` are the likeliest intents, best first, when
    unsure. `language` is a BCP 47 tag, None where the text is too
    short to tell. `slots` hold cnic (13 digits), phone, amount (rupees, int), district, programme,
    reference, language, choice, person, text, ... only as far as they were found.
    """

    at: datetime
    text: str = ""
    intent: str | None = None
    confidence: float = 0.0
    guesses: tuple[str, ...] = ()
    slots: Mapping[str, Json] = field(default_factory=dict)
    language: str | None = None
    media: MediaKind | None = None
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """The shell's answer to a `Call`. `ok=False` with an `error` code means *not known*, never *no*."""

    call: Call
    at: datetime
    ok: bool = True
    data: Mapping[str, Json] = field(default_factory=dict)
    error: str = ""


Event: TypeAlias = Heard | Result


@dataclass(frozen=True, slots=True)
class Session:
    """Where a conversation stands. Everything in it survives a trip through JSON.

    `topic` and `step` name a function in `bot/topics`. `expects` are the slots that the open question
    waits for; `choices` the ids of the last menu, in the order of their numbers, and `labels` what the shell
    showed for them, loosely normalised. `misses` counts answers in a row that did not help. `chosen` is true
    once the person picked the language. `screens` are those of the last reply where a channel shows one at a
    time, `screen` the place of the one in view.
    """

    language: str = "ur"
    chosen: bool = False
    topic: str | None = None
    step: str | None = None
    slots: Mapping[str, Json] = field(default_factory=dict)
    expects: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    misses: int = 0
    heard_at: datetime | None = None
    screens: tuple[str, ...] = ()
    screen: int = 0

    def to_json(self) -> str:
        """One line of JSON, the inverse of `from_json`."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        fields["heard_at"] = self.heard_at.isoformat() if self.heard_at else None
        if not self.screens:  # most channels have none, and every turn writes and reads this
            del fields["screens"], fields["screen"]
        return _compact(fields)

    @classmethod
    def from_json(cls, text: str) -> "Session":
        """Read what `to_json` wrote; fields of an older version that are gone are ignored."""
        fields = {k: v for k, v in json.loads(text).items() if k in cls.__slots__}
        for name in ("expects", "choices", "labels"):
            fields[name] = tuple(fields.get(name, ()))
        if "screens" in fields:
            fields["screens"] = tuple(fields["screens"])
        if fields.get("heard_at"):
            fields["heard_at"] = datetime.fromisoformat(fields["heard_at"])
        return cls(**fields)

    def with_slots(self, **slots: Json) -> "Session":
        """The same session with these slots set; None removes one."""
        if all(self.slots.get(name) == value for name, value in slots.items()):
            return self
        merged = {**self.slots, **slots}
        return replace(self, slots={k: v for k, v in merged.items() if v is not None})


@dataclass(frozen=True, slots=True)
class Turn:
    """The whole result of thinking: the new session, what to say, at most one thing to find out."""

    session: Session
    says: tuple[Say, ...] = ()
    call: Call | None = None


@dataclass(frozen=True, slots=True)
class Button:
    """A choice as a channel shows it: `label` in the person's language."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Outbound:
    """What a channel sends: ready text, in parts that the channel's limits allow.

    `ends`: nothing is left to answer, so that a channel which keeps a line open (USSD) may release it.
    """

    id: str
    channel: str
    recipient: str
    parts: tuple[str, ...]
    choices: tuple[Button, ...] = ()
    language: str = "ur"
    priority: Literal["reply", "notice", "bulk"] = "reply"
    about: str = ""
    ends: bool = False

    def to_json(self) -> str:
        """One line of JSON, the inverse of `from_json`."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        fields["choices"] = [{"id": button.id, "label": button.label} for button in self.choices]
        return _compact(fields)

    @classmethod
    def from_json(cls, text: str) -> "Outbound":
        """Read what `to_json` wrote."""
        fields = json.loads(text)
        fields["parts"] = tuple(fields["parts"])
        fields["choices"] = tuple(Button(**button) for button in fields["choices"])
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class Limits:
    """All that rendering knows of a channel.

    `alphabet`: "sms" counts segments, "text" characters, "ussd" the octets of a screen. `units`: most units
    in one part. `parts`: most parts that are sent for one reply. `choices`: most buttons, 0 where choices are
    numbered lines; for "ussd" most such lines on a screen. `choice_length`: characters of a button label.
    `window`: how long after a person's last message free text may still be sent, None for always.
    `tables`: national language tables that the operator is known to carry, by name (`bot.alphabets.TABLES`).
    """

    alphabet: Literal["sms", "text", "ussd"]
    units: int
    parts: int = 1
    choices: int = 0
    choice_length: int = 0
    window: timedelta | None = None
    tables: tuple[str, ...] = ()


def _compact(fields: Mapping[str, Json]) -> str:
    # By hand and not by `asdict`, which copies deeply and costs as much as understanding the message.
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))

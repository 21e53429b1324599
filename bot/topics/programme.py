"""What a programme is: how much, since when, which documents, how to apply."""

from bot.messages import Choice, Event, Result, Say, Session, Turn
from bot.steps import ask, look_up, reply, slot, unknown_programme

OFFERED = ("kafaalat", "taleemi_wazaif", "nashonuma")
PARTS = ("documents", "apply")
CORE, DECIDES, SCORE = "kafaalat", "decides", "score"
"""Who asks who decides, or which score is enough, and names no programme, asks about this one."""

KEPT = ("programme", *PARTS, "link", "number")
"""Facts that the parts of an answer name."""


def open(session: Session, event: Event) -> Turn:
    """The person asks about a programme, perhaps naming it."""
    if slot(event, "unknown"):
        return unknown_programme(session)
    return got_programme(session, event)


def got_programme(session: Session, event: Event) -> Turn:
    """Find the facts once it is clear which programme is meant."""
    asked = slot(event, "asks")
    named = slot(event, "programme") or slot(event, "choice") or (CORE if asked in (DECIDES, SCORE) else None)
    if not named:
        choices = tuple(Choice(id, f"programme.name.{id}") for id in OFFERED)
        say = Say("programme.which", choices=choices)
        return ask(session, say, then=got_programme, expects=("programme",))
    wanted = session.with_slots(part=asked if asked in (*PARTS, DECIDES, SCORE) else None)
    return look_up(wanted, "programme.facts", programme=named, then=got_facts)


def got_facts(session: Session, event: Event) -> Turn:
    """Say the part that was asked for, else the amount with its date and source; offer the others."""
    part = session.slots.get("part")
    session = session.with_slots(part=None)
    match event:
        case Result(ok=True, data={"score": [key, args]}) if part == SCORE:
            source = "why.source" if args.get("source_date") else "why.source_undated"
            return reply(session, Say(key, args), Say(source, args))
        case Result(ok=True, data={"state": "open", **facts}):
            say = Say("programme.decides", facts) if part == DECIDES else _amount(facts)
        case Result(ok=True, data={"state": state, **facts}):
            return reply(session, Say(f"programme.{state}", facts))
        case _:
            return reply(session, Say("programme.not_known"))
    kept = session.with_slots(facts={k: facts[k] for k in KEPT if facts.get(k)})
    if part and facts.get(part):
        return _say_part(kept, part)
    offered = tuple(Choice(p, f"programme.choice.{p}") for p in PARTS if facts.get(p))
    return ask(kept, Say(say.key, say.args, offered), then=got_part)


def got_part(session: Session, event: Event) -> Turn:
    """The documents to bring, or how to apply."""
    facts = session.slots.get("facts") or {}
    part = slot(event, "choice")
    if part not in facts:
        return reply(session.with_slots(facts=None), Say("menu.anything_else"))
    return _say_part(session, str(part))


def _say_part(session: Session, part: str) -> Turn:
    facts = session.slots["facts"]
    left = tuple(Choice(p, f"programme.choice.{p}") for p in PARTS if p in facts and p != part)
    return ask(session, Say(f"programme.{part}", facts, left), then=got_part)


def _amount(facts: dict[str, object]) -> Say:
    if not facts.get("amount"):
        return Say("programme.no_amount", facts)
    return Say("programme.amounts" if facts.get("amount_to") else "programme.amount", facts)

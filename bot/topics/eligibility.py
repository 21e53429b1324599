"""Do we qualify, and why: what the registry says of a CNIC, or what the rules make of the family's own words.

By the rules, the shell chooses each question and judges; here is the talking. Until an answer is due the
session keeps `fit`: the programme asked about (None: all), what was `said` of each fact, the facts `asked`,
and the open `question`. Afterwards it keeps the reasons, as `why`.
"""

from collections.abc import Mapping
from dataclasses import replace

from bot import standing
from bot.messages import Choice, Event, Json, Result, Say, Session, Turn
from bot.questions import DONT_KNOW, SILENCE, WONT_SAY, choices_of, value_of, volunteered
from bot.steps import (
    FIT,
    ask,
    ask_cnic,
    cnic_of,
    look_up,
    menu_of,
    remember_cnic,
    reply,
    slot,
    unknown_programme,
    withheld,
)

RECORDED = frozenset({None, "kafaalat"})
"""What a registry knows the standing in: those who name no programme mean this too."""

MOST_TOLD, MOST_BESIDE = 3, 2
"""Programmes named in one answer, and in one beside a no: more than that nobody keeps in mind."""

SCORED = "kafaalat"
"""The programme that is meant by whoever tells a score and names none."""

WHY, APPLY = Choice("why", "fit.choice.why"), Choice("apply", "fit.choice.apply")


def open(session: Session, event: Event) -> Turn:
    """The person asks whether they qualify: a record may tell, or a few questions."""
    if cnic_of(session, event) or slot(event, "cnics") or slot(event, "cnic_wrong"):
        return got_cnic(session, event)
    programme = slot(event, "programme")
    if slot(event, "unknown"):
        return unknown_programme(session)
    if programme is None and "poverty_score" in volunteered(event):
        programme = SCORED
    if programme not in RECORDED or volunteered(event):
        return _begin(session, event, str(programme) if programme else None)
    return ask(session, Say("eligibility.which_way", choices=(FIT,)), then=got_cnic, expects=("cnic",))


def open_all(session: Session, event: Event) -> Turn:
    """The person asks for anything that may fit the family."""
    return _begin(session, event, None)


def got_cnic(session: Session, event: Event) -> Turn:
    """Look up once the CNIC is known."""
    cnic = cnic_of(session, event)
    if cnic is None:
        return ask_cnic(session, event, then=got_cnic)
    return look_up(remember_cnic(session, cnic), "registry.status", cnic=cnic, then=got_standing)


def got_standing(session: Session, event: Event) -> Turn:
    """Say how the family stands and why. Unknown is never "no"."""
    match event:
        case Result(ok=False):
            return reply(session, Say("eligibility.not_known_now"))
        case Result(data={"disclosure": "none"}):
            return withheld(session, event, then=got_cnic)
        case Result(data={"disclosure": "word", "enrolments": enrolments, "last4": last4}):
            return reply(session, standing.of_word(enrolments, last4))
        case Result(data={"enrolments": [first, *_], "last4": last4}):
            return reply(session, standing.of_enrolment(first, last4))
    return reply(session, Say("eligibility.no_record", choices=(FIT,)))


def got_next(session: Session, event: Event) -> Turn:
    """Ask the question that was chosen, or tell how it stands."""
    match event:
        case Result(ok=True, data={"ask": question, **rest}):
            before = [Say("fit.start")] if rest.get("first") and not question.get("bands") else []
            return _ask(session, question, *before, _question(question))
        case Result(ok=True, data={"fits": fits, **rest}):
            return _tell(session, fits, rest.get("refused"))
        case Result(ok=True, data={"state": state, **facts}):
            key = "programme.no_amount" if state == "open" else f"programme.{state}"
            return reply(session.with_slots(fit=None), Say(key, facts))
    return reply(session.with_slots(fit=None), Say("eligibility.not_known_now"))


def got_answer(session: Session, event: Event) -> Turn:
    """Take the answer as it was meant; ask once more where it could not be."""
    fit = session.slots.get("fit")
    if not fit:
        return _begin(session, event, None)
    question = fit["question"]
    value = value_of(question, event)
    if value is None and session.misses < 2:
        return _ask(session, question, _question(question))
    said = {**fit["said"], **volunteered(event), question["fact"]: DONT_KNOW if value is None else value}
    return _go_on(session, {**fit, "said": said, "question": None})


def open_why(session: Session, event: Event) -> Turn:
    """The reasons of what was told last, one at a time; or of the question that is open."""
    fit = session.slots.get("fit") or {}
    if fit.get("question"):
        return _ask(session, fit["question"], Say("fit.why"))  # the question itself stands above
    reasons = session.slots.get("why")
    if not reasons:
        return reply(session, Say("why.nothing"))
    (key, args), *more = reasons
    source = "why.source" if args.get("source_date") else "why.source_undated"
    applicable = (session.slots.get("fit_first") or {}).get("apply")
    choices = (Choice("why", "fit.choice.more"),) if more else (APPLY,) if applicable else ()
    says = Say(key, args), Say(source, args, choices)
    return ask(session.with_slots(why=more or None), *says, then=got_choice)


def got_choice(session: Session, event: Event) -> Turn:
    """How to apply for the programme that came first, or its papers; or other programmes."""
    facts = session.slots.get("fit_first") or {}
    part = slot(event, "choice")
    if part == "others":
        return _begin(session, event, None)
    if part in ("apply", "documents") and facts.get(part):
        return reply(session, Say(f"programme.{part}", facts))
    return reply(session, Say("menu.anything_else"))


def _begin(session: Session, event: Event, programme: str | None) -> Turn:
    said = {**(session.slots.get("fit_said") or {}), **volunteered(event)}
    session = replace(session.with_slots(why=None), misses=0)
    return _go_on(session, {"programme": programme, "said": said, "asked": [], "question": None})


def _go_on(session: Session, fit: Mapping[str, Json]) -> Turn:
    about = {name: fit[name] for name in ("programme", "said", "asked")}
    cnic = session.slots.get("cnic")
    return look_up(session.with_slots(fit=dict(fit)), "eligibility.next", **about, cnic=cnic, then=got_next)


def _question(question: Mapping[str, Json]) -> Say:
    return Say(f"ask.{question['fact']}", question.get("args") or {})


def _ask(session: Session, question: Mapping[str, Json], *says: Say) -> Turn:
    fit, name = session.slots["fit"], question["fact"]
    asked = fit["asked"] if name in fit["asked"] else [*fit["asked"], name]
    session = session.with_slots(fit={**fit, "question": dict(question), "asked": asked})
    choices, expects = choices_of(question)
    last = Say(says[-1].key, says[-1].args, choices)
    return ask(session, *says[:-1], last, then=got_answer, expects=expects)


def _tell(session: Session, fits: list[Mapping[str, Json]], refused: Mapping[str, Json] | None) -> Turn:
    fit = session.slots["fit"]
    told = {name: value for name, value in fit["said"].items() if value not in SILENCE.values()}
    session = session.with_slots(fit=None, fit_said=told or None)
    before = [_refusal(refused)] if refused and refused["why"] else []
    if not fits:
        return reply(session.with_slots(why=refused["why"] if refused else None), *before, Say("fit.none"))
    first, named = fits[0], fit["programme"]
    if first["hangs"] == "answers" and not named and WONT_SAY in fit["said"].values():
        return reply(session, *before, Say("fit.too_little"))
    may = first["verdict"] != "not_eligible"
    told_of = ("programme", "apply", "link", "number", "documents")
    facts = {key: first[key] for key in told_of if key in first} if may else {}
    session = session.with_slots(why=first["why"] or None, fit_first=facts or None)
    says, choices = (_several if len(fits) > 1 and not named else _one)(fits)
    if first["hangs"] == "score" and told.get("surveyed") is False:  # there is no score without a survey
        says = [Say("fit.never_surveyed", {"programme": first["programme"]})]
    elif before and len(fits) > 1:
        says = [*before, Say("fit.several", {"programmes": [one["programme"] for one in fits[:MOST_BESIDE]]})]
        choices = tuple(choice for choice in choices if choice is not WHY)  # a reason was just given
    else:
        says = [*before, *says]
    last = Say(says[-1].key, says[-1].args, choices)
    return ask(session, *says[:-1], last, then=got_choice)


def _refusal(fit: Mapping[str, Json]) -> Say:
    """What does not fit, with the reason that decided."""
    key, reason = fit["why"][0]
    return Say("fit.refused", {**reason, "programme": fit["programme"], "why": key.removeprefix("why.")})


def _several(fits: list[Mapping[str, Json]]) -> tuple[list[Say], tuple[Choice, ...]]:
    named = [fit["programme"] for fit in fits[:MOST_TOLD]]
    says = [Say("fit.several", {"programmes": named}), Say("fit.several.first", {"programme": named[0]})]
    return says, _offers(fits[0])[:2]


def _one(fits: list[Mapping[str, Json]]) -> tuple[list[Say], tuple[Choice, ...]]:
    fit = fits[0]
    args = {"programme": fit["programme"]}
    match fit:
        case {"verdict": "eligible"}:
            return [Say("fit.eligible", args)], _offers(fit)
        case {"verdict": "not_eligible", "why": [[key, reason], *_]}:
            appeal = menu_of("complaint_appeal") if fit["registry"] == "nser" else ()
            says = [Say("fit.not_eligible", args), Say(key, reason)]
            return says, (*appeal, Choice("others", "fit.choice.others"))
        case {"hangs": "answers"}:
            return [Say("fit.not_known", args)], _offers(fit)
    return [Say(f"fit.hangs_on_{fit['hangs']}", args)], _offers(fit)


def _offers(fit: Mapping[str, Json]) -> tuple[Choice, ...]:
    offered = {"why": WHY, "apply": APPLY, "documents": Choice("documents", "fit.choice.documents")}
    return tuple(choice for part, choice in offered.items() if fit.get(part))

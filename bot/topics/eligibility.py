"""Do we qualify, and why: what the registry says of a CNIC, or what the rules make of the family's own words.

By the rules, the shell chooses each question and judges; here is the talking. Until an answer is due the
session keeps `fit`: the programme asked about (None: all), what was `said` of each fact, the facts `asked`,
the open `question`, and of each `past` answer its question and the facts that it told. It stays when
somebody turns to another matter, so that one can go on later. Afterwards it is kept as `fit_told`, for
corrections, beside the reasons, as `why`.
"""

from collections.abc import Mapping
from dataclasses import replace

from bot import standing
from bot.messages import Choice, Event, Json, Result, Say, Session, Turn
from bot.questions import DONT_KNOW, SILENCE, WONT_SAY, choices_of, impossible, value_of, volunteered
from bot.steps import (
    FIT,
    ask,
    ask_cnic,
    cnic_of,
    given_cnic,
    look_up,
    menu_of,
    number_unclear,
    remember_cnic,
    reply,
    slot,
    unknown_programme,
    withheld,
)

RECORDED = frozenset({None, "kafaalat"})
"""What a registry knows the standing in: those who name no programme mean this too."""

EITHER_WAY = ("cnic", "facts")
"""What is waited for while a record or a few questions may tell."""

MOST_TRIES = 2
"""Answers to one question that could not be taken, after which it is left open."""

MOST_TOLD, MOST_BESIDE = 3, 2
"""Programmes named in one answer, and in one beside a no: more than that nobody keeps in mind."""

SCORED = "kafaalat"
"""The programme that is meant by whoever tells a score and names none."""

WHY, APPLY = Choice("why", "fit.choice.why"), Choice("apply", "fit.choice.apply")
OTHERS = Choice("others", "fit.choice.others")


def open(session: Session, event: Event) -> Turn:
    """The person asks whether they qualify: a record may tell, or a few questions."""
    if given_cnic(session, event) or slot(event, "cnics") or slot(event, "cnic_wrong"):
        return got_cnic(session, event)
    programme = slot(event, "programme")
    if slot(event, "unknown"):
        return unknown_programme(session)
    if programme is None and "poverty_score" in volunteered(event):
        programme = SCORED
    begun = session.slots.get("fit") or session.slots.get("fit_said")
    if programme not in RECORDED or begun or slot(event, "no_card") or session.slots.get("no_card"):
        return _begin(session, event, str(programme) if programme else None)
    if cnic_of(session, event):
        return got_cnic(session, event)
    if volunteered(event) or session.topic == "eligibility":  # or asks again instead of sending the CNIC
        return _begin(session, event, str(programme) if programme else None)
    say = Say("eligibility.which_way", choices=(FIT,))
    return ask(session, say, then=got_cnic, expects=EITHER_WAY)


def open_all(session: Session, event: Event) -> Turn:
    """The person asks for anything that may fit the family."""
    return _begin(session, event, None)


def open_questions(session: Session, event: Event) -> Turn:
    """The person wants the questions, or to go on with them."""
    return _begin(session, event, (session.slots.get("fit") or {}).get("programme"))


def got_cnic(session: Session, event: Event) -> Turn:
    """Look up once the CNIC is known; without it, a few questions tell something too."""
    cnic = cnic_of(session, event)
    if cnic:
        return look_up(remember_cnic(session, cnic), "registry.status", cnic=cnic, then=got_standing)
    refuses = slot(event, "refuses")
    if refuses == "no" or volunteered(event):
        turn = _begin(session, event, None)
        return replace(turn, says=(Say("cnic.why"),) if refuses else ())
    if number_unclear(event):
        return ask_cnic(session, event, then=got_cnic)
    return ask(session, Say("cnic.why", choices=(FIT,)), then=got_cnic, expects=EITHER_WAY)


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
            told = session.with_slots(refused=standing.refusal(first))
            return reply(told, standing.of_enrolment(first, last4))
    return reply(session, Say("eligibility.no_record", choices=(FIT,)))


def got_next(session: Session, event: Event) -> Turn:
    """Ask the question that was chosen, or tell how it stands."""
    match event:
        case Result(ok=True, data={"ask": question, **rest}):
            begins = rest.get("first") and not session.slots["fit"]["question"]
            before = [Say("fit.start")] if begins and not question.get("bands") else []
            return _ask(session, question, *before, _question(question))
        case Result(ok=True, data={"fits": fits, **rest}):
            return _tell(session, fits, rest.get("refused"))
        case Result(ok=True, data={"state": state, **facts}):
            key = "programme.no_amount" if state == "open" else f"programme.{state}"
            known = _told(session.slots["fit"])
            session = session.with_slots(fit=None, fit_said=known or None)
            return ask(session, Say(key, facts, (OTHERS,)), then=got_choice)
    return reply(session, Say("eligibility.not_known_now"))


def got_answer(session: Session, event: Event) -> Turn:
    """Take the answer as it was meant, and whatever else it tells; ask once more where it could not be."""
    fit = session.slots.get("fit")
    if not fit:
        return _begin(session, event, None)
    question, value = fit["question"], value_of(fit["question"], event)
    aside: tuple[Say, ...] = (Say("fee.free"),) if slot(event, "fee") else ()
    aside += (Say("registration.office"),) if slot(event, "asks") == "office" else ()
    aside += (Say("fit.noted"),) if slot(event, "no_card") and value is None else ()
    told = {name: said for name, said in volunteered(event).items() if name != question["fact"]}
    if _told(fit).get("province"):
        told.pop("province", None)  # where a son studies is not where they live
    if value is None and any(fit["said"].get(name) != said for name, said in told.items()):
        asked = [name for name in fit["asked"] if name != question["fact"]]
        noted = (*aside, Say("fit.noted"))
        return _go_on(session, {**fit, "said": {**fit["said"], **told}, "asked": asked}, *noted)
    if value is None and (aside or session.misses < MOST_TRIES):
        limits = impossible(question, event)
        unclear = Say("fit.possible", {"low": limits[0], "high": limits[1]}) if limits else Say("fit.again")
        return _ask(session, question, *(aside or (unclear,)), _question(question))
    said = {**fit["said"], **told, question["fact"]: DONT_KNOW if value is None else value}
    past = [*fit.get("past", ()), {"question": question, "told": [question["fact"], *told]}]
    return _go_on(session, {**fit, "said": said, "past": past, "question": None}, *aside)


def open_back(session: Session, event: Event) -> Turn:
    """The last answer was wrong: take it back with what it told, and ask again."""
    fit = session.slots.get("fit") or session.slots.get("fit_told") or {}
    past = fit.get("past")
    if not past:
        if not fit.get("question"):
            return reply(session, Say("menu.anything_else"))
        return _ask(session, fit["question"], Say("fit.back.none"), _question(fit["question"]))
    question, told = past[-1]["question"], past[-1]["told"]
    said = {name: value for name, value in fit["said"].items() if name not in told}
    asked = fit["asked"][: fit["asked"].index(question["fact"]) + 1]
    back = {**fit, "said": said, "asked": asked, "past": past[:-1]}
    session = replace(session.with_slots(fit=back, fit_told=None), misses=0)
    return _ask(session, question, Say("fit.back"), _question(question))


def open_why(session: Session, event: Event) -> Turn:
    """The reasons of what was told last, one at a time; or of the question that is open."""
    fit = session.slots.get("fit") or {}
    if session.topic == "eligibility" and fit.get("question"):
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
        return Turn(session, (Say(f"programme.{part}", facts),))  # the others may still be picked
    return reply(session, Say("menu.anything_else"))


def _begin(session: Session, event: Event, programme: str | None) -> Turn:
    """Ask, or go on asking where it was left, about the same programme."""
    left = session.slots.get("fit")
    fit: dict[str, Json] = {"programme": programme, "asked": [], "past": [], "question": None}
    told = _told(left) if left else {}
    if left and left["programme"] == programme:
        open_one = (left.get("question") or {}).get("fact")
        fit |= {"asked": [name for name in left["asked"] if name != open_one], "past": left.get("past", [])}
        told = left["said"]
    said = {**(session.slots.get("fit_said") or {}), **told, **volunteered(event)}
    session = replace(session.with_slots(why=None, fit_told=None), misses=0)
    return _go_on(session, {**fit, "said": said})


def _told(fit: Mapping[str, Json]) -> dict[str, Json]:
    """What is known: a "don't know" may be asked again another time."""
    return {name: value for name, value in fit["said"].items() if value not in SILENCE.values()}


def _go_on(session: Session, fit: Mapping[str, Json], *before: Say) -> Turn:
    about = {name: fit[name] for name in ("programme", "said", "asked")}
    cnic = session.slots.get("cnic")
    session = replace(session.with_slots(fit=dict(fit)), misses=0)
    turn = look_up(session, "eligibility.next", **about, cnic=cnic, then=got_next)
    return replace(turn, says=before)


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
    told = _told(fit)
    session = session.with_slots(fit=None, fit_told=fit, fit_said=told or None)
    before = [_refusal(refused)] if refused and refused["why"] else []
    if not fits:
        return reply(session.with_slots(why=refused["why"] if refused else None), *before, Say("fit.none"))
    first, named = fits[0], fit["programme"]
    if first["hangs"] == "answers" and not named and WONT_SAY in fit["said"].values():
        return reply(session, *before, Say("fit.too_little"))
    may = first["verdict"] != "not_eligible"
    told_of = ("programme", "apply", "link", "number", "documents")
    facts = {key: first[key] for key in told_of if key in first} if may else {}
    no = None if may or not first["why"] else {"programme": first["programme"], "reason": first["why"][0][0]}
    session = session.with_slots(why=first["why"] or None, fit_first=facts or None, refused=no)
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
            return says, (*appeal, OTHERS)
        case {"hangs": "answers"}:
            return [Say("fit.not_known", args)], _offers(fit)
    return [Say(f"fit.hangs_on_{fit['hangs']}", args)], _offers(fit)


def _offers(fit: Mapping[str, Json]) -> tuple[Choice, ...]:
    offered = {"why": WHY, "apply": APPLY, "documents": Choice("documents", "fit.choice.documents")}
    return tuple(choice for part, choice in offered.items() if fit.get(part))

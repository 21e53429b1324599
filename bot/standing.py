"""How a registry's facts about one family are said: the money first, otherwise the standing and why.

And how a matter stands that somebody keeps a number of.

Reads the data of the call `registry.status`: `disclosure` (none, word, helper or own), `last4`, `enrolments`
and `payments` (most urgent first). Amounts and reasons are there only where privacy granted them.
"""

from collections.abc import Iterator, Mapping, Sequence

from bot.messages import Choice, Json, Say
from bot.steps import menu_of

MOST_LINES = 2
"""Further payments that are named beside the first: more would be a list, and a dear message."""

APART = ("cycle", "children", "point")
"""What tells payments of one programme and status from one another: a line says the first that does."""

DATED = frozenset({"returned", "withdrawn"})
"""Lines that name their cycle in every form."""


def of_payment(payment: Mapping[str, Json], others: Sequence[Mapping[str, Json]] = ()) -> tuple[Say, ...]:
    """What happened to one payment, and the next step; then a line on each of the others."""
    status, reason = payment["status"], payment.get("reason")
    key = f"status.{status}"
    if status == "blocked" and reason:
        key = f"status.blocked.{reason}"
    elif status == "ready" and not payment.get("point"):
        key = "status.ready_somewhere"
    choices = (Choice("more", "status.choice.more"),) if others else ()
    if status == "withdrawn":
        choices = (Choice("complaint_not_received", "status.choice.not_received"), *choices)
    children = payment.get("children")
    heading = (Say("status.children", {**payment, "n": len(children)}),) if children else ()
    return (*heading, Say(key, payment, choices), *_doubts(payment), *_lines(payment, others))


def _lines(first: Mapping[str, Json], others: Sequence[Mapping[str, Json]]) -> Iterator[Say]:
    """A line on each of the others, no two alike: with what differs, or as one sum where nothing does."""
    joined: list[dict[str, Json]] = []
    for other in others:
        same = next((one for one in joined if _of_a_kind(one, other) and not _differing(one, other)), None)
        if same:
            same["amount"] += other["amount"]
        else:
            joined.append(dict(other))
    told = joined[:MOST_LINES]
    for one in told:
        name, status = _apart(one, first, [line for line in told if line is not one]), one["status"]
        if name == "cycle":
            yield Say(f"status.{'line' if status in DATED else 'dated'}.{status}", one)
        else:
            yield Say(f"status.apart.{name}" if name else f"status.line.{status}", one)


def _apart(
    one: Mapping[str, Json], first: Mapping[str, Json], lines: Sequence[Mapping[str, Json]]
) -> str | None:
    """What tells a payment best from those of its kind: from the other lines, then from the first payment.

    Her own among those for her children needs nothing: theirs name them.
    """
    beside = [_differing(one, line) for line in lines if _of_a_kind(one, line)]
    before = [_differing(one, first)] if _of_a_kind(one, first) else []
    ways = [*before, *beside]
    if not one.get("children") and all("children" in way for way in ways):
        return None
    names = [name for name in APART if one.get(name) and any(name in way for way in ways)]
    return max(
        names,
        key=lambda name: (all(name in way for way in beside), all(name in way for way in before)),
        default=None,
    )


def _of_a_kind(one: Mapping[str, Json], other: Mapping[str, Json]) -> bool:
    return bool(one["programme"] == other["programme"] and one["status"] == other["status"])


def _differing(one: Mapping[str, Json], other: Mapping[str, Json]) -> list[str]:
    return [name for name in APART if one.get(name) != other.get(name)]


def _doubts(payment: Mapping[str, Json]) -> Iterator[Say]:
    """What a person should know of where the fact comes from: that it is old, that another office differs."""
    if payment.get("as_of"):
        yield Say("status.as_of", payment)
    if payment.get("other"):
        yield Say("status.conflict", payment["other"])


def of_enrolment(enrolment: Mapping[str, Json], last4: str) -> Say:
    """How a person stands in a programme and why, with the next step."""
    args = {**enrolment, "last4": last4}
    status = enrolment["status"]
    if status == "not_eligible" and enrolment.get("reason") and enrolment.get("source"):
        key = "eligibility.score_above" if _by_score(enrolment) else "eligibility.excluded"
        return Say(key, args, menu_of("complaint_appeal"))
    if status == "suspended" and enrolment.get("reason"):
        return Say("eligibility.suspended_because", args)
    return Say(f"eligibility.{status}", args)


def refusal(enrolment: Mapping[str, Json]) -> Json:
    """The programme and the reason of a no that was told, for an appeal against it; None of anything else."""
    if enrolment["status"] != "not_eligible":
        return None
    return {"programme": enrolment["programme"], "reason": enrolment.get("reason")}


def withdrawal(payment: Mapping[str, Json]) -> Json:
    """Which payment was told to be withdrawn, for a complaint about that; None of any other."""
    if payment["status"] != "withdrawn":
        return None
    return {name: payment[name] for name in ("programme", "cycle", "amount", "on", "district")}


def of_word(enrolments: Sequence[Mapping[str, Json]], last4: str) -> Say:
    """The bare status word, for deployments that give it to anyone."""
    status = enrolments[0]["status"] if enrolments else "no_record"
    return Say("status.word", {"last4": last4, "status": status})


def of_reference(matter: Mapping[str, Json]) -> Say:
    """How a complaint stands, or a request to change a record: that one names its `change`."""
    subject = "update" if "change" in matter else "complaint"
    return Say(f"{subject}.status.{matter['status']}", matter)


def _by_score(enrolment: Mapping[str, Json]) -> bool:
    return enrolment["reason"] == "score_above" and bool(enrolment.get("cut_off"))

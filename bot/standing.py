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
    lines = tuple(Say(f"status.line.{other['status']}", other) for other in others[:MOST_LINES])
    return (*heading, Say(key, payment, choices), *_doubts(payment), *lines)


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

"""How a registry's facts about one family are said: the money first, otherwise the standing and why.

And how a matter stands that somebody keeps a number of.

Reads the data of the call `registry.status`: `disclosure` (none, word or own), `last4`, `enrolments`
and `payments` (newest first). Amounts and reasons are there only where privacy granted them.
"""

from collections.abc import Mapping, Sequence

from bot.messages import Choice, Json, Say
from bot.steps import menu_of


def of_payment(payment: Mapping[str, Json], *, more: bool = False) -> Say:
    """What happened to one payment, and the next step; `more` offers the other payments."""
    status, reason = payment["status"], payment.get("reason")
    key = f"status.{status}"
    if status == "blocked" and reason:
        key = f"status.blocked.{reason}"
    elif status == "ready" and not payment.get("point"):
        key = "status.ready_somewhere"
    choices = (Choice("more", "status.choice.more"),) if more else ()
    if status == "withdrawn":
        choices = (Choice("complaint_not_received", "status.choice.not_received"), *choices)
    return Say(key, payment, choices)


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

"""How a family's payments and standing are told: the answers to `registry.status` and `registry.mine`.

Money first: what waits for its owner before what is on the way, what is stuck, and what was collected.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from bot.messages import Call, Json, Result
from services import follow_up
from services.asking import Context, answered, failed
from services.enquiry import Found, enquire
from services.privacy import links
from services.registry import Enrolment, Payment, PaymentPoint, Scope
from services.registry.view import Told

TOLD: frozenset[Scope] = frozenset({"enrolment.status", "payment.timeline"})

URGENCY = ("ready", "blocked", "returned", "on_the_way", "withdrawn", "not_released")
"""Payments are said in this order."""

STILL_MATTERS = frozenset({"ready", "blocked", "returned"})
"""What is said of an older cycle too."""

MOST_PAYMENTS = 6


async def registry_status(call: Call, context: Context) -> Result:
    """`cnic` -> `disclosure`, `last4` and, as far as that is granted, `payments` and `enrolments`.

    `late`: a source did not answer, so there may be more. Without anything known, `ok` is false.
    """
    cnic = str(call.args["cnic"])
    found = await enquire(context.sources.desk, context.asker, cnic, TOLD, purpose=call.name)
    level, view = found.grant.level, found.view
    if found.closed:
        return answered(call, context, disclosure="none", closed=True)
    if found.unknown:
        return failed(call, context, "unavailable")
    data: dict[str, Json] = {"disclosure": level, "last4": cnic[-4:]}
    if level == "none":
        data["provable"] = context.provable and context.phone is None
        data["code"] = context.sources.notices.reach_phones
        return answered(call, context, **data)
    late = any(view.missing(scope) for scope in TOLD & found.grant.scopes)
    if level == "word":
        if late and not view.enrolments:
            return failed(call, context, "unavailable")
        data["enrolments"] = [{"status": told.value.status} for told in view.enrolments]
        return answered(call, context, **data)
    payments = _payments(view.payments, found)
    if late and not context.again:
        keys = context.sources.keys
        context.effects.append(
            lambda c: follow_up.owe(
                c, keys, call, context.conversation, at=context.at + follow_up.FIRST_PAUSE, told=payments
            )
        )
    if late and not payments:  # how the family stands does not tell whether the money has come
        return failed(call, context, "unavailable")
    data["enrolments"] = [_enrolment(told, context) for told in view.enrolments]
    data["payments"] = payments
    data |= {"late": True} if late else {}
    if found.who.person and await _several(context):
        data["name"] = found.who.person.first_name
    return answered(call, context, **data)


async def registry_mine(call: Call, context: Context) -> Result:
    """-> `people`: numbers that this phone may ask about, each `cnic`, `last4` and `name`."""
    people = await _remembered(context)
    return answered(
        call,
        context,
        people=[{"cnic": one.cnic, "last4": one.cnic[-4:], "name": one.first_name} for one in people],
    )


async def _several(context: Context) -> bool:
    return len(await _remembered(context)) > 1


async def _remembered(context: Context) -> Sequence[links.Remembered]:
    keys, holder, now = context.sources.keys, context.holder, context.at
    return await context.sources.store.read(lambda c: links.mine(c, keys, holder, now))


def _payments(told: Sequence[Told[Payment]], found: Found) -> list[dict[str, Any]]:
    """What is said of payments, most urgent first; what is the same for several children is one."""
    newest = max((one.value.cycle for one in told), default="")
    said = [one for one in told if one.value.cycle == newest or one.value.status in STILL_MATTERS]
    said.sort(key=_alike)
    each = [_payment(list(same), found) for _, same in groupby(said, key=_alike)]
    each.sort(key=lambda one: (URGENCY.index(one["status"]), -one["amount"]))
    return each[:MOST_PAYMENTS]


def _alike(told: Told[Payment]) -> tuple[str, ...]:
    one = told.value
    place = one.point.name if one.point else ""
    differs = told.others[0].value.status if told.others else ""
    as_of = str(told.as_of) if told.stale else ""
    return (one.programme, one.cycle, one.status, one.reason or "", place, differs, as_of)


def _payment(same: Sequence[Told[Payment]], found: Found) -> dict[str, Any]:
    told, payment = same[0], same[0].value
    district = found.who.person.district if found.who.person else ""
    data: dict[str, Any] = {
        "programme": payment.programme,
        "cycle": payment.cycle,
        "amount": sum(one.value.amount for one in same),
        "status": payment.status,
        "reason": payment.reason,
        "on": payment.on.isoformat() if payment.on else None,
        "point": local(payment.point) if payment.point else None,
        "district": payment.point.district if payment.point else district,
    }
    if all(one.value.beneficiary for one in same):
        data["children"] = [one.value.beneficiary for one in same]
    if told.stale:
        data["as_of"] = told.as_of.isoformat()
    if told.others:
        other = told.others[0]
        data["other"] = {"status": other.value.status, "as_of": other.as_of.isoformat()}
    return data


def _enrolment(told: Told[Enrolment], context: Context) -> dict[str, Any]:
    enrolment = told.value
    return {
        "programme": enrolment.programme,
        "status": enrolment.status,
        "reason": enrolment.reason,
        "since": enrolment.since.isoformat(),
        **context.sources.programmes.rule(enrolment.programme, enrolment.reason),
    }


def local(point: PaymentPoint) -> Mapping[str, str]:
    """Its name in both scripts."""
    return {"en": point.name, "ur": point.name_ur}

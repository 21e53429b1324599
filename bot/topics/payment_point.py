"""Where money is handed out: camps, shops and banks of a district, as far as they are known today."""

from bot.messages import Event, Result, Say, Session, Turn
from bot.steps import ask, look_up, reply, slot


def open(session: Session, event: Event) -> Turn:
    """The person asks where to collect."""
    return got_district(session, event)


def got_district(session: Session, event: Event) -> Turn:
    """Look up once the district is known."""
    district = slot(event, "district")
    if not district:
        key = "payment_point.ask_again" if session.misses else "payment_point.ask"
        return ask(session, Say(key), then=got_district, expects=("district",))
    return look_up(session, "payment_points.find", district=district, then=got_points)


def got_points(session: Session, event: Event) -> Turn:
    """Say the first places, or honestly that none is known."""
    match event:
        case Result(ok=True, data={"points": [first, *rest], "district": district}):
            args = {"district": district, "point": first["name"], "kind": first["kind"]}
            if rest:
                args["other"] = rest[0]["name"]
                return reply(session, Say("payment_point.two", args))
            return reply(session, Say("payment_point.one", args))
        case Result(ok=True, data={"district": district}):
            return reply(session, Say("payment_point.none", {"district": district}))
    return reply(session, Say("payment_point.not_known_now"))

"""How an asker is linked to a CNIC and lets others help: the answers to `link.*` and `helper.*`."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.messages import Call, Outbound, Result, Say
from services import follow_up
from services.asking import Context, answered, failed
from services.enquiry import LINK, MARGIN, admitted, enquire
from services.privacy import audit, codes, consents, forget, links
from services.privacy.consents import Consent
from services.registry import Scope
from services.store import conversations

NOTHING: frozenset[Scope] = frozenset()

A_YEAR = timedelta(days=365)
ASKERS = {"own": "own", "helper": "helper", "other": "stranger", "partner": "office", "staff": "staff"}
"""Who asked, as the audit says it -> as the person is told it."""

HELPER_LEARNS: frozenset[Scope] = frozenset({"enrolment.status", "payment.timeline"})
"""What a helper needs to help: not the card's validity, not the survey's day."""


async def send_code(call: Call, context: Context) -> Result:
    """`cnic` -> nothing: a code will go to the registered phone, or none will, and nobody is told which.

    The turn does the same, and is counted and held back the same, whether there is such a phone or not; the
    rest is done afterwards. `closed`: the asker asked about too many numbers today, and no code will go.
    """
    cnic = str(call.args["cnic"])
    if not await admitted(context.sources.desk, context.asker, cnic):
        return answered(call, context, disclosure="none", closed=True)
    have_sent(call, context, cnic)
    return answered(call, context)


def have_sent(call: Call, context: Context, cnic: str, *, about: str = "", new4: str = "") -> None:
    """Have a code sent once this turn is written.

    `about` is the reference of a request for a new phone and `new4` the end of its number: its own message
    says so, and the code confirms that and nothing else.
    """
    keys = context.sources.keys

    def issue(connection: Connection) -> None:
        codes.issue(
            connection,
            keys,
            call.id,
            holder=context.holder,
            subject=keys.hash("cnic", cnic),
            now=context.at,
            about=about,
        )
        until = (context.at + codes.LASTS).isoformat()
        told = {"cnic": cnic, "code": codes.code_of(keys, call.id), "until": until}
        later = Call("link.deliver_code", {**told, "new4": new4} if new4 else told, call.id)
        follow_up.owe(connection, keys, later, context.conversation, at=context.at)

    context.effects.append(issue)


async def deliver_code(call: Call, context: Context) -> Result:
    """`cnic`, `code`, `until`, `new4` -> nothing: it goes to the registered phone, if one may have it."""
    cnic, sources = str(call.args["cnic"]), context.sources
    if context.at >= datetime.fromisoformat(str(call.args["until"])):
        return answered(call, context)
    who = await sources.desk.lookup.find(cnic, LINK, ends=context.ends - MARGIN)
    reach = next((told.value.reach for told in who.persons if told.value.reach), None)
    if reach is None:
        return answered(call, context) if not who.missing("person.link") else failed(call, context, "late")
    phone = sources.keys.open(reach)
    key = "update.code_message" if "new4" in call.args else "privacy.code_message"
    say = Say(key, {**call.args, "last4": cnic[-4:]})

    def send(connection: Connection) -> None:
        if codes.may_be_sent(connection, context.message):
            sources.notices.to_phone(connection, context.message, phone=phone, says=(say,), at=context.at)

    context.effects.append(send)
    return answered(call, context)


async def check_code(call: Call, context: Context) -> Result:
    """`cnic`, `code` -> `right`; a right one links this phone or conversation to the CNIC."""
    cnic, keys = str(call.args["cnic"]), context.sources.keys
    subject = keys.hash("cnic", cnic)
    right, over = await tried(call, context)
    if right:
        who = await context.sources.desk.lookup.find(cnic, LINK, ends=context.ends - MARGIN)
        first_name = who.person.first_name if who.person else ""
        context.proven.add(subject)
        context.effects.append(
            lambda c: links.remember(
                c,
                keys,
                holder=context.holder,
                cnic=cnic,
                first_name=first_name,
                how="code",
                now=context.at,
            )
        )
    return answered(call, context, right=right, over=over)


async def tried(call: Call, context: Context, *, about: str = "") -> tuple[bool, bool]:
    """Whether the `code` is that of the `cnic`, and whether it is over: no code can be right any more."""
    cnic, code, keys = str(call.args["cnic"]), str(call.args["code"]), context.sources.keys
    subject = keys.hash("cnic", cnic)
    right, id = await context.sources.store.read(
        lambda c: codes.check(
            c, keys, holder=context.holder, subject=subject, code=code, now=context.at, about=about
        )
    )
    if id:
        context.effects.append(lambda c: codes.use(c, id, right=right))
    return right, id is None


async def helper_list(call: Call, context: Context) -> Result:
    """`cnic` -> `disclosure` and, for the beneficiary alone, `helpers`: until when each may ask."""
    cnic = str(call.args["cnic"])
    level = await _level(call, context, cnic)
    if level != "own":
        return answered(call, context, **_withheld(context, cnic))
    given = await _given(context, cnic)
    helpers = [one.until.date().isoformat() for one in given]
    return answered(
        call, context, disclosure=level, helpers=helpers, full=len(given) >= consents.MOST_HELPERS
    )


async def helper_give(call: Call, context: Context) -> Result:
    """`cnic`, `phone` -> `until`: that phone may ask about the number from now on."""
    cnic, keys = str(call.args["cnic"]), context.sources.keys
    if (
        await _level(call, context, cnic) != "own"
        or len(await _given(context, cnic)) >= consents.MOST_HELPERS
    ):
        return answered(call, context, **_withheld(context, cnic))
    lines = await context.sources.store.read(lambda c: conversations.history(c, context.conversation, last=1))
    said = next((line.text for line in reversed(lines) if line.said), None)
    shown = "\n".join(Outbound.from_json(keys.open(said)).parts) if said else ""
    context.effects.append(
        lambda c: consents.give(
            c,
            keys,
            call.id,
            subject=keys.hash("cnic", cnic),
            recipient=keys.hash("phone", str(call.args["phone"])),
            scopes=HELPER_LEARNS,
            words=shown,
            evidence=f"{context.channel}:{context.message}",
            now=context.at,
        )
    )
    until = (context.at + consents.LASTS).date().isoformat()
    return answered(call, context, disclosure="own", until=until)


async def helper_end(call: Call, context: Context) -> Result:
    """`cnic` -> nobody but the beneficiary may ask any more."""
    cnic = str(call.args["cnic"])
    if await _level(call, context, cnic) != "own":
        return answered(call, context, **_withheld(context, cnic))
    subject = context.sources.keys.hash("cnic", cnic)

    def withdraw(connection: Connection) -> None:
        consents.withdraw(connection, subject, context.at)

    context.effects.append(withdraw)
    return answered(call, context, disclosure="own")


async def audit_mine(call: Call, context: Context) -> Result:
    """`cnic` -> for its owner alone `n` look-ups of the last year and the newest as `asked`: `on`, `by`."""
    cnic, keys = str(call.args["cnic"]), context.sources.keys
    if await _level(call, context, cnic) != "own":
        return answered(call, context, **_withheld(context, cnic))
    since = context.at - A_YEAR
    looked = await context.sources.store.read(lambda c: audit.of_subject(c, keys, cnic, since=since))
    asked = [{"on": one.at.date().isoformat(), "by": ASKERS[one.by]} for one in looked]
    return answered(call, context, disclosure="own", n=len(asked), asked=asked)


async def forget_me(call: Call, context: Context) -> Result:
    """-> `stays`: what is not erased, for the bot to say why. All else goes when this turn is written."""
    conversation, phone = context.conversation, context.phone
    stays = await context.sources.store.read(
        lambda c: forget.staying(c, conversation=conversation, phone=phone)
    )
    context.effects.append(
        lambda c: forget.forget(c, conversation=conversation, phone=phone, reply=context.reply, at=context.at)
    )
    kept = [("complaint", stays.complaints), ("change_request", stays.changes), ("opt_out", stays.stopped)]
    return answered(call, context, stays=[*(name for name, some in kept if some), "audit", "registry"])


async def _level(call: Call, context: Context, cnic: str) -> str:
    found = await enquire(context.sources.desk, context.asker, cnic, NOTHING, purpose=call.name)
    return found.grant.level


async def _given(context: Context, cnic: str) -> Sequence[Consent]:
    subject = context.sources.keys.hash("cnic", cnic)
    return await context.sources.store.read(lambda c: consents.in_force(c, subject, context.at))


def _withheld(context: Context, cnic: str) -> dict[str, object]:
    return {
        "disclosure": "none",
        "last4": cnic[-4:],
        "provable": context.provable and context.phone is None,
        "code": context.sources.notices.reach_phones,
    }

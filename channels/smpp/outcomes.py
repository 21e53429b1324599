"""What became of a message, by the responses to its segments."""

from collections.abc import Mapping, Sequence

from bot.messages import Outbound
from channels import Failed, Sent
from channels.smpp import codes, receipts
from channels.smpp.line import Lost
from channels.smpp.pdu import Pdu
from channels.smpp.profile import Profile

REASONS: Mapping[int, tuple[str, bool]] = {
    0x01: ("too_long", False),
    codes.INVALID_BIND_STATE: ("misconfigured", False),
    codes.SYSTEM_ERROR: ("unavailable", True),
    0x0A: ("misconfigured", False),
    codes.INVALID_DESTINATION: ("unknown_number", False),
    0x33: ("unknown_number", False),
    0x45: ("unavailable", True),
    0x48: ("misconfigured", False),
    0x49: ("misconfigured", False),
    0x50: ("misconfigured", False),
    0x51: ("misconfigured", False),
    codes.TRY_LATER: ("unavailable", True),
}
"""Status of a submit_sm_resp -> why, and whether to try again (SMPP 3.4, 5.1.3)."""


def outcome(profile: Profile, outbound: Outbound, answers: Sequence[Pdu | Lost]) -> Sent | Failed:
    """Sent, or why not and whether to try again."""
    accepted = [each for each in answers if isinstance(each, Pdu) and each.status == codes.OK]
    if len(accepted) == len(answers):
        id = accepted[-1].body
        assert isinstance(id, str)
        return Sent(f"{profile.name}:{receipts.reference(id, profile.response_ids)}" if id else "")
    if accepted or Lost.UNANSWERED in answers:  # some of it is there, or may be
        again = outbound.priority in profile.repeatable
        return Failed("unavailable", retry=True) if again else Failed("unknown")
    refused = [each for each in answers if isinstance(each, Pdu)]
    if not refused:
        return Failed("unavailable", retry=True)
    status = refused[0].status
    reason, retry = REASONS.get(status, ("refused", False))
    return Failed(reason, retry=retry, code=f"{status:#x}")

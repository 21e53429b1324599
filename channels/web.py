"""The site's own chat: plain form posts in, a redirect back to the page out. Works without scripts.

Every page carries a fresh one-time id; the message posted from it has that id, so a double submit on a
bad line is one message. The first id of a visitor becomes the conversation's cookie.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs

from bot.messages import Inbound, Limits, Outbound
from channels import Failed, Received, Refused, Request, Response, Sent

COOKIE = "haqdar"
KEEP_SECONDS = 12 * 3600
"""A shared phone forgets the conversation after this; the page's own button forgets it at once."""

LIMITS = Limits(alphabet="text", units=2000, parts=2, choices=10, choice_length=60)

FORM = "application/x-www-form-urlencoded"
_ID = re.compile(r"[0-9a-f]{32}")
_COOKIE = re.compile(rf"(?:^|;)\s*{COOKIE}=([0-9a-f]{{32}})\s*(?:;|$)")
_PATH = re.compile(r"/([A-Za-z]{2,3}(?:-[A-Za-z]{4})?)/")


def visitor(headers: Mapping[str, str]) -> str:
    """The conversation that a request's cookie names, "" where it names none."""
    found = _COOKIE.search(headers.get("cookie", ""))
    return found[1] if found else ""


@dataclass(frozen=True, slots=True)
class Web:
    """The chat page. `secure` sets cookies that only travel by HTTPS."""

    secure: bool = True
    name: str = "web"
    limits: Limits = LIMITS
    proves_phone: bool = False

    def receive(self, request: Request) -> Received | Refused:
        """The form's message: `id`, and `text` or the `choice` of the button that was pressed."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
            return Refused(400, "not a form")
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return Refused(403, "posted from another site")
        try:
            text = request.body.decode()
            fields = parse_qs(text, keep_blank_values=True, max_num_fields=20)
        except ValueError:
            return Refused(400, "not a form")
        id, path = fields.get("id", [""])[0], _PATH.match(request.target)
        if not _ID.fullmatch(id) or path is None:
            return Refused(400, "a form that no page of ours carries")
        inbound = Inbound(
            id=id,
            channel=self.name,
            sender=visitor(request.headers) or id,
            at=request.at,
            text=fields.get("text", [""])[0],
            choice=fields.get("choice", [None])[0],
            language=path[1],
            language_chosen=True,
            network=request.client,
        )
        return Received(inbounds=(inbound,))

    def answer(self, outbounds: Sequence[Outbound]) -> Response | None:
        """Back to the page, in the language of the reply, where the reply is the last message."""
        if not outbounds:
            return Response(204)
        last = outbounds[-1]
        secure = "; Secure" if self.secure else ""
        cookie = f"{COOKIE}={last.recipient}; Path=/; Max-Age={KEEP_SECONDS}; HttpOnly; SameSite=Lax"
        headers = {"Location": f"/{last.language}/#last", "Set-Cookie": cookie + secure}
        return Response(303, headers=headers)

    async def send(self, outbound: Outbound) -> Sent | Failed:
        """Nothing is pushed to a page: it shows the message when it is next opened."""
        return Sent(outbound.id)

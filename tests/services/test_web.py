"""The HTTP face: webhooks and the chat page, over real HTTP."""

import gzip
import json
import re
from collections.abc import Iterator
from urllib.parse import urlencode

import httpx
import pytest

from channels.web import Web
from services.app import clock
from services.privacy.identifiers import Keys
from services.store.engine import open_store
from services.store.tables import inbound as inbound_table
from services.store.tables import outbound
from services.turns import Parts
from services.web.webhooks import LARGEST_BODY
from tests.channels.doubles import SECRET, signed
from tests.services.deployment import deploy, rows, sample, settle
from tests.services.served import served

PAGES = ("ur", "ur-Latn", "en")
ID = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def parts(migrated_sqlite: object, tmp_path: object, keys: Keys) -> Iterator[Parts]:
    import shutil

    file = f"{tmp_path}/haqdar.db"
    shutil.copy(str(migrated_sqlite), file)
    store = open_store(f"sqlite:///{file}", patience=1)
    settle(store, keys)
    yield deploy(store, keys, channels={"web": Web(secure=False)}, clock=clock)
    store.close()


@pytest.fixture
def web(parts: Parts) -> Iterator[httpx.Client]:
    with served(parts) as client:
        yield client


def sms(
    web: httpx.Client, text: str, *, id: str = "SM1", sender: str = "+923990000001", **more: str
) -> httpx.Response:
    body = urlencode({"MessageSid": id, "From": sender, "Body": text, **more}).encode()
    request = signed("/in/sms", body)
    return web.post("/in/sms", content=body, headers=dict(request.headers))


def test_an_sms_is_answered_in_the_response(web: httpx.Client) -> None:
    ready = sample("enrolled, payment ready")
    answer = sms(web, ready.cnic, sender=ready.phone)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/xml")
    assert "13,500" in answer.text
    assert sms(web, ready.cnic, sender=ready.phone).text == answer.text


def test_a_wrong_signature_stores_and_says_nothing(web: httpx.Client, parts: Parts) -> None:
    body = b"MessageSid=SM1&From=%2B923990000001&Body=salam"
    for headers in ({}, {"X-Twilio-Signature": "wrong"}):
        answer = web.post("/in/sms", content=body, headers=headers)
        assert (answer.status_code, answer.content) == (403, b"")
    answer = web.post("/in/telegram", content=b'{"update_id": 1}')
    assert (answer.status_code, answer.content) == (403, b"")
    assert not rows(parts.store, inbound_table)


def test_the_request_s_own_host_is_not_trusted(web: httpx.Client) -> None:
    body = b"MessageSid=SM1&From=%2B923990000001&Body=salam"
    forged = signed("/in/sms", body, public_url="http://evil.example")
    headers = {**forged.headers, "host": "evil.example", "x-forwarded-host": "evil.example"}
    assert web.post("/in/sms", content=body, headers=headers).status_code == 403


HOSTILE = {
    "ten kilobytes": "paise " * 1700,
    "ten kilobytes of digits": "9" * 10_000,
    "control characters": "\x00\x01\x02\x1b[31m\x7f",
    "an emoji flood": "😀" * 1000,
    "an empty body": "",
    "only spaces": "   \n ",
    "twelve digits": "900000000001",
    "fourteen digits": "90000000000123",
    "markup": "<script>alert(1)</script> ]]> & {amount} %s",
    "marks upon marks": "ا" + "\u0651" * 500,
    "directions": "\u202e\u202d\u2066paise",
    "a lone surrogate's place": "\ufffd\uffff",
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_bad_input_gets_a_short_answer_never_silence(name: str, web: httpx.Client) -> None:
    answer = sms(web, HOSTILE[name])
    assert answer.status_code == 200
    said = re.sub(r"<[^>]+>", "", answer.text)
    assert 20 < len(said) < 400
    assert "<script>" not in answer.text.removeprefix("<?xml")


def test_pictures_and_voice_notes(web: httpx.Client) -> None:
    picture = sms(web, "", NumMedia="1", MediaContentType0="image/jpeg")
    voice = sms(web, "", id="SM2", NumMedia="1", MediaContentType0="audio/ogg")
    assert picture.text != voice.text
    assert "<Message" in picture.text


def test_a_body_larger_than_any(web: httpx.Client) -> None:
    assert web.post("/in/sms", content=b"x" * (LARGEST_BODY + 1)).status_code == 413
    form = {"id": ID, "text": "x" * LARGEST_BODY}
    too_large = web.post("/ur/", data=form)
    assert too_large.status_code == 413
    assert "alert" in too_large.text


def test_a_receipt_raises_the_status(web: httpx.Client, parts: Parts) -> None:
    ref = re.search(r"ref=(\w+)", sms(web, "salam").text)
    assert ref
    target = f"/in/sms?ref={ref[1]}"
    request = signed(target, b"MessageSid=SM9&MessageStatus=delivered")
    answer = web.post(target, content=request.body, headers=dict(request.headers))
    assert answer.status_code == 200
    assert "<Message" not in answer.text
    assert rows(parts.store, outbound)[0].status == "delivered"


def test_telegram_answers_in_the_response_and_settles_the_button(web: httpx.Client, parts: Parts) -> None:
    pressed = {
        "update_id": 6,
        "callback_query": {
            "id": "9", "chat_instance": "1", "data": "menu",
            "from": {"id": 77, "is_bot": False, "first_name": "A"},
            "message": {"message_id": 5, "date": 1, "chat": {"id": 77, "type": "private"}},
        },
    }  # fmt: skip
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    answer = web.post("/in/telegram", content=json.dumps(pressed), headers=headers)
    said = answer.json()
    assert said["method"] == "sendMessage"
    assert said["reply_markup"]["inline_keyboard"]
    empty = web.post("/in/telegram", content=b'{"update_id": 8}', headers=headers)
    assert (empty.status_code, empty.content) == (200, b"")


def test_unknown_addresses_and_methods(web: httpx.Client) -> None:
    for path in ("/in/fax", "/in/web", "/docs", "/openapi.json", "/xx/"):
        assert web.post(path).status_code in (404, 405)
    assert web.get("/in/sms").status_code == 405


def test_health(web: httpx.Client) -> None:
    assert web.get("/health").json() == {
        "ready": True,
        "channels": ["played", "sms", "telegram", "web", "whatsapp"],
    }


# The chat page


def say(web: httpx.Client, text: str = "", *, page: str = "ur", **fields: str) -> httpx.Response:
    found = re.search(r'name="id" value="([0-9a-f]{32})"', web.get(f"/{page}/").text)
    assert found
    return web.post(f"/{page}/", data={"id": found[1], "text": text, **fields})


@pytest.mark.parametrize("page", PAGES)
def test_the_page_is_small_and_needs_nobody_else(web: httpx.Client, page: str) -> None:
    shown = web.get(f"/{page}/")
    assert shown.status_code == 200
    assert len(gzip.compress(shown.content)) <= 8 * 1024
    assert "<script" not in shown.text
    hosts = re.findall(r"""(?:src|href|action)=["']?(?:https?:)?//([^/"']+)""", shown.text)
    assert hosts == []
    assert shown.headers["referrer-policy"] == "no-referrer"
    assert shown.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    assert f'lang="{page}"' in shown.text
    assert ('dir="rtl"' in shown.text.partition(">")[2][:60]) == (page == "ur")


def test_home_leads_to_the_default_language(web: httpx.Client) -> None:
    assert web.get("/").headers["location"] == "/ur/"


def test_a_conversation_on_the_page(web: httpx.Client) -> None:
    first = say(web, "میری قسط کب آئے گی؟")
    assert first.status_code == 303
    assert first.headers["location"] == "/ur/#last"
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    page = web.get("/ur/").text
    assert "میری قسط کب آئے گی؟" in page
    assert page.index("میری قسط") < page.index("شناختی کارڈ نمبر")


def test_a_number_is_not_left_standing_on_the_screen(web: httpx.Client) -> None:
    cnic = "9000000000012"
    for typed in (cnic, "90000-0000001-2", "۹۰۰۰۰۰۰۰۰۰۰۱۲"):
        answer = say(web, typed)
        assert cnic not in str(answer.headers)
        page = web.get("/ur/").text
        assert typed not in page
    assert "•0012" in web.get("/ur/").text


def test_a_double_submit_is_answered_once(web: httpx.Client, parts: Parts) -> None:
    for _ in range(3):
        assert web.post("/ur/", data={"id": ID, "text": "سلام"}).status_code == 303
    assert len(rows(parts.store, inbound_table)) == 1


def test_choices_are_buttons_that_post(web: httpx.Client) -> None:
    say(web, "menu", page="en")
    page = web.get("/en/").text
    assert '<button name="choice" value="payment_status">' in page
    say(web, page="en", choice="payment_status")
    page = web.get("/en/").text
    assert "My payment" in page, "a pressed button is shown by its words"
    assert "13-digit" in page


def test_the_conversation_can_be_forgotten(web: httpx.Client) -> None:
    say(web, "hello", page="en")
    assert "hello" in web.get("/en/").text
    forgotten = web.post("/en/forget")
    assert forgotten.status_code == 303
    assert "Max-Age=0" in forgotten.headers["set-cookie"]
    web.cookies.clear()
    assert "hello" not in web.get("/en/").text


def test_another_visitor_sees_nothing_of_it(web: httpx.Client) -> None:
    say(web, "hello", page="en")
    web.cookies.clear()
    assert "hello" not in web.get("/en/").text


def test_what_people_write_is_not_markup(web: httpx.Client) -> None:
    say(web, "<img src=x onerror=alert(1)>", page="en")
    page = web.get("/en/").text
    assert "<img" not in page
    assert "&lt;img" in page


def test_a_form_that_no_page_of_ours_carries(web: httpx.Client) -> None:
    refused = web.post("/ur/", data={"id": "1", "text": "x"})
    assert refused.status_code == 400
    assert "alert" in refused.text
    assert (
        web.post("/ur/", data={"id": ID, "text": "x"}, headers={"sec-fetch-site": "cross-site"}).status_code
        == 403
    )


def test_several_parts_and_pages_keep_the_cookie(web: httpx.Client) -> None:
    for text in (
        "hello",
        "menu",
        "when will my money come",
        "menu",
        "hello",
        "thanks",
        "menu",
        "hello",
        "hi",
    ):
        say(web, text, page="en")
    page = web.get("/en/").text
    assert len(gzip.compress(page.encode())) <= 8 * 1024
    assert page.count("<li") <= 16

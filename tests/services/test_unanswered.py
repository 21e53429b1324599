"""What was not understood: kept masked, sealed and not for long; grouped for people to learn from."""

from datetime import timedelta

import pytest

from bot.messages import Heard
from services import unanswered
from services.privacy.identifiers import Keys
from services.store.engine import Store
from services.store.tables import unanswered as table
from services.unanswered import Text, clusters, masked, worth_keeping
from tests.services.deployment import NOW, deploy, inbound, rows, settle
from tests.services.test_turns import taken


def test_numbers_and_addresses_are_masked() -> None:
    text = "mera 90000-0000001-2 ya ۹۰۰ ya www.evil.example.com dekho"
    assert masked(text) == "mera #####-#######-# ya ### ya <link> dekho"
    assert len(masked("x" * 1000)) == unanswered.LONGEST


@pytest.mark.parametrize(
    ("heard", "expects", "worth"),
    [
        (Heard(NOW, "wvxq plugh"), (), True),
        (Heard(NOW, "kya scene hai", "payment_status", 0.5), (), True),
        (Heard(NOW, "mera paisa", "payment_status", 0.9), (), False),
        (Heard(NOW, "9000000000012", slots={"cnic": "9000000000012"}), (), False),
        (Heard(NOW, "turbat", slots={"district": "kech"}), ("district",), False),
        (Heard(NOW, "us ne paise liye", slots={"text": "us ne paise liye"}), ("text",), False),
        (Heard(NOW, "..."), (), False),
    ],
)
def test_what_is_worth_keeping(heard: Heard, expects: tuple[str, ...], worth: bool) -> None:
    assert worth_keeping(heard, expects) is worth


def test_a_turn_keeps_what_it_did_not_understand_once(store: Store, keys: Keys) -> None:
    settle(store, keys)
    parts = deploy(store, keys)
    message = inbound("wvxq 1234 plugh", id="1")
    taken(parts, message, message, inbound("salam", id="2"))
    (kept,) = rows(store, table)
    assert b"wvxq" not in kept.text
    assert keys.open(kept.text) == "wvxq #### plugh"
    since = message.at - timedelta(days=1)
    assert len(store.read_now(lambda c: unanswered.kept(c, keys, since))) == 1


def test_texts_that_share_words_belong_together() -> None:
    texts = [
        Text("solar panel kab milega", "ur-Latn", "programme_info"),
        Text("laptop scheme", "en", ""),
        Text("solar pannel kab mile ga", "ur-Latn", "programme_info"),
        Text("solar panel milega", "ur-Latn", "payment_status"),
        Text("!", "", ""),
    ]
    first, *others = clusters(texts)
    assert [text.text for text in first.texts] == [texts[0].text, texts[2].text, texts[3].text]
    assert first.guess == "programme_info"
    assert {other.guess for other in others} == {""}

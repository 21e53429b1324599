"""How payments of one family are said beside one another."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bot import standing
from bot.texts import Catalogue
from services.catalogue import load_catalogue
from services.programmes.load import load_programmes

CATALOGUE: Catalogue = load_catalogue({}, load_programmes().texts())
CAMP, CENTRE = {"en": "BISP camp", "ur": "\u06a9"}, {"en": "Health centre", "ur": "\u06af"}


def payment(**said: object) -> dict[str, object]:
    return {"programme": "nashonuma", "cycle": "2026-Q3", "amount": 2500, "status": "ready", **said}


payments = st.builds(
    lambda programme, cycle, status, point, children: payment(
        programme=programme, cycle=cycle, status=status, point=point, children=children
    ),
    st.sampled_from(["nashonuma", "kafaalat"]),
    st.sampled_from(["2026-Q2", "2026-Q3"]),
    st.sampled_from(["ready", "blocked", "returned", "withdrawn", "on_the_way", "not_released"]),
    st.sampled_from([None, CAMP, CENTRE]),
    st.sampled_from([None, ["Amina"], ["Bilal"]]),
)


def lines(first: dict[str, object], *others: dict[str, object], form: str = "short") -> list[str]:
    """The lines beside the first payment."""
    said = standing._lines(first, others)
    return [CATALOGUE.text(say.key, "en", say.args, form=form) for say in said]  # type: ignore[arg-type]


@given(payments, st.lists(payments, max_size=5))
def test_no_two_lines_are_alike_and_no_money_is_lost(
    first: dict[str, object], others: list[dict[str, object]]
) -> None:
    for form in ("short", "long"):
        told = lines(first, *others, form=form)
        assert max(Counter(told).values(), default=1) == 1
    if len(others) <= standing.MOST_LINES:
        assert sum(say.args["amount"] for say in standing._lines(first, others)) == 2500 * len(others)


def test_a_line_says_what_differs_and_no_more() -> None:
    first = payment(point=CAMP, children=["Amina"])
    other = payment(programme="kafaalat", amount=13500)
    assert lines(first, other) == ["Kafaalat: Rs 13,500 is ready."]
    assert lines(first, {**first, "status": "blocked"}) == ["Nashonuma: Rs 2,500 is blocked."]
    assert lines(first, {**first, "cycle": "2026-Q2"}) == ["Nashonuma Apr-Jun 2026: Rs 2,500 is ready."]
    assert lines(first, {**first, "children": ["Bilal"]}) == ["Bilal - Nashonuma: Rs 2,500 is ready."]
    assert lines(first, {**first, "point": CENTRE}) == ["Health centre - Nashonuma: Rs 2,500 is ready."]


def test_her_own_among_her_children_s_needs_no_word_more() -> None:
    first, hers = payment(programme="kafaalat"), payment(point=CENTRE)
    assert lines(first, payment(children=["Bilal"], point=CAMP), hers) == [
        "Bilal - Nashonuma: Rs 2,500 is ready.",
        "Nashonuma: Rs 2,500 is ready.",
    ]


def test_what_nothing_tells_apart_is_one_sum() -> None:
    one = payment(status="blocked")
    assert lines(payment(), one, {**one, "reason": "limit_exceeded"}) == ["Nashonuma: Rs 5,000 is blocked."]
    assert one["amount"] == 2500, "what is told in full later keeps its own amount"


def test_lines_name_their_cycle_in_every_form_or_in_none_but_the_long() -> None:
    for tag in CATALOGUE.texts:
        for status in ("ready", "blocked", "on_the_way", "not_released", "returned", "withdrawn"):
            told = CATALOGUE.text(f"status.line.{status}", tag, payment(), form="short")
            assert ("2026" in told) is (status in standing.DATED), (tag, status)

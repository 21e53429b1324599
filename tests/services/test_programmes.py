"""The programmes' data: what is told on which day, and what the reader refuses."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.understand.normalise import loose
from services.catalogue import load_catalogue
from services.checks import sentences
from services.programmes.advice import Advice
from services.programmes.load import load_programmes, service_facts
from services.programmes.names import FOLDER, typed_names
from services.programmes.programme import Programmes

LATE = date(2026, 11, 24)


@pytest.fixture(scope="module")
def programmes() -> Programmes:
    return load_programmes()


@pytest.mark.parametrize(
    ("on", "rupees"),
    [
        (date(2020, 1, 31), 6000), (date(2022, 1, 31), 6000), (date(2022, 2, 1), 6500),
        (date(2022, 3, 1), 7000), (date(2022, 12, 31), 7000), (date(2023, 1, 1), 8500),
        (date(2023, 4, 1), 9000), (date(2023, 12, 31), 9000),
        (date(2024, 1, 1), 10500), (date(2024, 12, 31), 10500), (date(2025, 1, 1), 13500), (LATE, 13500),
    ],
)  # fmt: skip
def test_the_amount_of_each_day(programmes: Programmes, on: date, rupees: int) -> None:
    facts = programmes.facts("kafaalat", on)
    assert facts
    assert facts["amount"] == programmes.quarterly_amount("kafaalat", on, "f", 40) == rupees
    assert facts["source"]
    assert facts["source_date"]


def test_an_amount_that_is_not_confirmed_is_kept_but_not_told(programmes: Programmes) -> None:
    benefit = programmes.by_id["kafaalat"].benefit()
    assert benefit
    planned = benefit.amounts[-1]
    assert (planned.rates[0].rupees, planned.confidence) == (14500, "unsure")
    facts = programmes.facts("kafaalat", LATE)
    assert facts
    assert facts["amount"] == 13500


def test_before_a_programme_nothing_is_known(programmes: Programmes) -> None:
    assert programmes.facts("kafaalat", date(2019, 1, 1)) is None
    assert programmes.facts("no_such_programme", LATE) is None
    assert programmes.quarterly_amount("kafaalat", date(2019, 1, 1), "f", 40) is None


@pytest.mark.parametrize(
    ("sex", "age", "rupees"),
    [
        ("m", 4, 2000), ("f", 12, 2500), ("m", 13, 3000), ("f", 18, 3500), ("m", 22, 4000), ("f", 19, 4500),
        ("f", 3, None), ("m", 23, None),
    ],
)  # fmt: skip
def test_stipends_by_sex_and_age(programmes: Programmes, sex: str, age: int, rupees: int | None) -> None:
    assert programmes.quarterly_amount("taleemi_wazaif", LATE, sex, age) == rupees


def test_amounts_from_and_to(programmes: Programmes) -> None:
    facts = programmes.facts("taleemi_wazaif", LATE)
    assert facts
    assert (facts["amount"], facts["amount_to"], facts["per"]) == (2000, 4500, "quarter_child")
    kafaalat = programmes.facts("kafaalat", LATE)
    assert kafaalat
    assert "amount_to" not in kafaalat


def test_what_is_closed_is_told_as_closed(programmes: Programmes) -> None:
    for id, state in (
        ("emergency_cash", "closed"),
        ("rashan_riayat", "suspended"),
        ("himmat_card", "open"),
        ("savings_scheme", "unsure"),
        ("punjab_rashan_card", "unsure"),
    ):
        facts = programmes.facts(id, LATE)
        assert facts
        assert facts["state"] == state


def test_rules_name_their_source(programmes: Programmes) -> None:
    score = programmes.rule("kafaalat", "score_above")
    assert score["cut_off"] == programmes.score_limit == 32
    assert score["source"]["en"] == "Economic Survey"
    job = programmes.rule("kafaalat", "government_employee")
    assert job["source_date"] == "2021-01"
    assert "cut_off" not in job
    assert (
        programmes.rule("kafaalat", None)
        == programmes.rule("kafaalat", "whim")
        == programmes.rule("x", "y")
        == {}
    )


def test_the_service_s_own_numbers() -> None:
    assert service_facts() == {"code": "8171", "helpline": "0800-26477"}


SOURCES = {
    "S1": {"grade": "official", "name": {"en": "A", "ur": "ا"}, "title": "t", "date": "2024-01"},
    "S2": {"grade": "guide", "name": {"en": "B", "ur": "ب"}, "title": "t"},
    "S3": {"grade": "official", "name": {"en": "C", "ur": "ج"}, "title": "t"},
    "S4": {"grade": "press", "name": {"en": "D", "ur": "د"}, "title": "t", "date": 2024},
}
SAID = {"source": "S1", "confidence": "official"}
LATER = date(2025, 1, 1)
AMOUNT = {"from": date(2024, 1, 1), **SAID, "rates": [{"rupees": 5}]}
FACTS = """
facts:
  income: {kind: number, unit: rupees, low: 0, high: 1000, whole: true}
  region: {kind: choice, values: [north, south]}
  widow: {kind: yes_no}
  orphan: {kind: yes_no}
members:
  age: {kind: number, low: 0, high: 120, whole: true}
  sex: {kind: choice, values: [f, m]}
implications:
  - {if: {orphan: true}, then: {widow: false}}
chances:
  - source: S2
    confidence: unsure
    of: {income: {500: 0.5, 1000: 1}, region: {north: 0.5, south: 0.5}, widow: 0.1, orphan: 0.1}
"""


def _folder(tmp_path: Path, *, facts: str = FACTS, **changes: Any) -> Path:
    programme: dict[str, Any] = {
        "id": "x",
        "names": {"en": "X", "ur": "ایکس"},
        "about": {"en": "cash.", "ur": "رقم۔"},
        "also": ["x card", "ایکس کارڈ"],
        "run_by": {"en": "X", "ur": "ایکس"},
        "states": [{"state": "open", **SAID}],
        **changes,
    }
    (tmp_path / "sources.yaml").write_text(yaml.safe_dump(SOURCES), "utf-8")
    (tmp_path / "facts.yaml").write_text(facts, "utf-8")
    kept = {key: value for key, value in programme.items() if value is not None}
    (tmp_path / "x.yaml").write_text(yaml.safe_dump(kept, allow_unicode=True, sort_keys=False), "utf-8")
    return tmp_path


def _benefit(*amounts: dict[str, Any]) -> dict[str, Any]:
    return {"cash": {"per": "quarter", "amounts": list(amounts)}}


def _criterion(rule: Any, **said: Any) -> dict[str, Any]:
    return {"poor": [{**SAID, "rule": rule, **said}]}


def test_a_small_folder_is_read(tmp_path: Path) -> None:
    read = load_programmes(_folder(tmp_path, benefits=_benefit(AMOUNT)))
    facts = read.facts("x", LATE)
    assert facts
    assert facts["amount"] == 5
    assert read.by_id["x"].rules(LATE).criteria == ()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"colour": "red"}, "colour: no such key"),
        ({"id": "y"}, "id: is 'y'"),
        ({"names": {"en": "X"}}, "names: needs ur"),
        ({"about": None}, "about: is missing"),
        ({"also": []}, "also"),
        ({"part_of": "y"}, "there is no y.yaml"),
        ({"elsewhere": ["y"]}, "there is no y.yaml"),
        ({"enrolled": "income"}, "income is no yes-or-no fact"),
        ({"states": []}, "states"),
        ({"states": [{"state": "ajar", **SAID}]}, "states.0.state"),
        ({"states": [{"state": "open", "confidence": "official"}]}, "states.0.source: is missing"),
        ({"states": [{"state": "open", "source": "S1"}]}, "states.0.confidence: is missing"),
        ({"states": [{"state": "open", **SAID, "source": "S9"}]}, "S9 is not in sources.yaml"),
        ({"states": [{"state": "open", **SAID, "source": "S2"}]}, "official, but S2 is of grade guide"),
        ({"states": [{"state": "open", **SAID, "source": "S4"}]}, "official, but S4 is of grade press"),
        ({"states": [{"state": "open", **SAID}, {"state": "closed", **SAID}]}, "states.1: overlaps"),
        (
            {
                "states": [
                    {"state": "open", "to": LATER, **SAID},
                    {"state": "closed", "from": LATE, "to": LATER, **SAID},
                ]
            },
            "states.1: overlaps",
        ),
        (
            {
                "states": [
                    {"state": "open", "to": LATE, **SAID},
                    {"state": "closed", "from": LATER, **SAID},
                ]
            },
            "states.1: overlaps",
        ),
        ({"benefits": _benefit({**AMOUNT, "rates": [{"rupees": 0}]})}, "rupees"),
        ({"benefits": {"cash": {"amounts": [AMOUNT]}}}, "benefits.cash.per: is missing"),
        ({"benefits": _benefit({**AMOUNT, "source": "S3"})}, "S3 has no date"),
        ({"benefits": _benefit({**AMOUNT, "source": "S2"})}, "of grade guide"),
        ({"benefits": _benefit(AMOUNT, AMOUNT)}, "benefits.cash.amounts.1: overlaps"),
        ({"documents": [{**SAID, "bring": []}]}, "documents.0.bring"),
        ({"criteria": _criterion({"wealth": 3})}, "criteria.poor.0.rule.wealth: no such fact"),
        ({"criteria": _criterion({})}, "criteria.poor.0.rule"),
        ({"criteria": _criterion({"income": {"atmost": 3}})}, "needs one of above, at_least"),
        ({"criteria": _criterion({"income": {"at_most": -3}})}, "-3 is not between 0 and 1000"),
        ({"criteria": _criterion({"income": {"between": [9]}})}, "between needs two numbers"),
        ({"criteria": _criterion({"income": {"below": 5, "above": 9}})}, "nothing is so"),
        ({"criteria": _criterion({"income": {"at_most": 1000}})}, "can never fail"),
        ({"criteria": _criterion({"income": {"below": 0}})}, "can never be met"),
        ({"criteria": _criterion({"region": "west"})}, "'west' is none of north, south"),
        ({"criteria": _criterion({"region": {"one_of": "north"}})}, "one_of"),
        ({"criteria": _criterion({"region": {"one_of": ["north", "south"]}})}, "can never fail"),
        ({"criteria": _criterion({"widow": "yes please"})}, "neither true nor false"),
        ({"criteria": _criterion({"widow": True, "all": [{"widow": False}]})}, "can never be met"),
        ({"criteria": _criterion({"any": []})}, "needs a list of conditions"),
        ({"criteria": _criterion({"all": [5]})}, "is no table of conditions"),
        ({"criteria": _criterion({"some_member": {"age": {"below": 2}}})}, "needs `fact`"),
        ({"criteria": _criterion({"fact": "income", "head": {"age": {"below": 2}}})}, "needs `fact`"),
        (
            {"criteria": _criterion({"fact": "widow", "head": {"income": 2}})},
            "rule.head.income: no such fact",
        ),
        ({"criteria": _criterion({"fact": "widow", "head": {"sex": "f"}, "age": 3})}, "only fact and count"),
        (
            {"criteria": _criterion({"fact": "widow", "some_member": {"sex": "f"}, "count": 0})},
            "no number of people",
        ),
        (
            {
                "criteria": {
                    **_criterion({"income": {"below": 5}}),
                    "rich": [{**SAID, "rule": {"income": {"above": 9}}}],
                }
            },
            "criteria.rich: can never be met together with the others on income",
        ),
        (
            {"criteria": _criterion({"widow": True}), "exclusions": _criterion({"orphan": True})},
            "is a criterion too",
        ),
    ],
)
def test_what_is_wrong_is_refused_with_its_file_and_line(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValueError, match=r"^x\.yaml:\d+: ") as fault:
        load_programmes(_folder(tmp_path, **changes))
    assert told in str(fault.value)


def test_the_line_is_that_of_the_fault(tmp_path: Path) -> None:
    folder = _folder(tmp_path, criteria=_criterion({"any": [{"widow": True}, {"wealth": 3}]}))
    lines = (folder / "x.yaml").read_text("utf-8").splitlines()
    with pytest.raises(ValueError, match="no such fact") as fault:
        load_programmes(folder)
    number = int(str(fault.value).split(":")[1])
    assert "wealth" in lines[number - 1]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("widow: 0.1, ", "", "widow: has no chance"),
        ("widow: 0.1", "widow: 0.1, wealth: 0.1", "wealth: no such fact"),
        ("widow: 0.1", "widow: 1.5", "no share between 0 and 1"),
        ("north: 0.5, ", "", "needs shares of north, south"),
        ("500: 0.5, 1000: 1", "500: 0.5", "the last share is not 1"),
        ("500: 0.5, 1000: 1", "500: 0.5, 100: 1", "rising"),
        ("income: {500: 0.5, 1000: 1}", "income: 3", "needs a share of each value"),
        ("values: [north, south]", "values: []", "choices need them"),
        ("unit: rupees, low: 0, high: 1000", "unit: rupees, low: 0", "needs low and high"),
        ("then: {widow: false}", "then: {region: true}", "no yes-or-no fact"),
        ("then: {widow: false}", "then: {widow: false, orphan: true}", "one fact under if and one under"),
        ("implications:", "unions: {widow: [income]}\nimplications:", "income is no yes-or-no fact"),
        ("widow: {kind: yes_no}", "widow: {kind: maybe}", "facts.widow.kind"),
        ("widow: {kind: yes_no}", "widow: {kind: yes_no, after: income}", "income is no yes-or-no fact"),
        ("source: S2", "source: S9", "S9 is not in"),
    ],
)
def test_wrong_facts_are_refused_with_their_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in FACTS
    with pytest.raises(ValueError, match=r"^facts\.yaml:\d+: ") as fault:
        load_programmes(_folder(tmp_path, facts=FACTS.replace(old, new)))
    assert told in str(fault.value)


@pytest.mark.parametrize("text", ["- a list", "a: [", "", "id: x\nid: y", "id: x\nday: 2024-06-31"])
def test_a_file_that_is_no_table(tmp_path: Path, text: str) -> None:
    folder = _folder(tmp_path)
    (folder / "x.yaml").write_text(text, "utf-8")
    with pytest.raises(ValueError, match=r"x\.yaml"):
        load_programmes(folder)


def test_the_programme_of_the_contributing_page_works_as_it_says(tmp_path: Path) -> None:
    """Copied from the page as a policy officer would, beside our own: loaded, asked about and judged."""
    page = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text("utf-8")
    text = page.partition("```yaml\n")[2].partition("```")[0]
    for entry in Path(str(FOLDER)).glob("*.yaml"):
        (tmp_path / entry.name).write_text(entry.read_text("utf-8"), "utf-8")
    (tmp_path / "widows_grant.yaml").write_text(text, "utf-8")
    programmes = load_programmes(tmp_path)
    on = date(2026, 11, 25)
    facts = programmes.facts("widows_grant", on)
    assert facts
    assert (facts["state"], facts["amount"], facts["per"]) == ("open", 4000, "month")
    assert typed_names(tmp_path)["widows_grant"] == ["widows grant", "bewa grant", "بیوہ امداد"]

    catalogue = load_catalogue(service_facts(), programmes.texts())
    assert catalogue.text("programme.name.widows_grant", "sd") == "بیواؤں کی امداد"
    advice = Advice(programmes, {"lahore": "punjab"})
    said: dict[str, Any] = {"province": "lahore"}
    asked = []
    while "ask" in (told := advice.next(said, asked, on, programme="widows_grant")):
        fact = told["ask"]["fact"]
        assert catalogue.text(f"ask.{fact}", "en")
        asked.append(fact)
        said[fact] = 40_000 if fact == "household_income" else False
    (fit,) = told["fits"]
    assert fit["verdict"] == "not_eligible"
    key, args = fit["why"][0]
    assert catalogue.text(key, "en", args) == "The family earns Rs 40,000 a month: the limit is 39,999."


def test_what_is_not_confirmed_is_kept_but_decides_nothing(tmp_path: Path) -> None:
    criterion = _criterion({"income": {"below": 500}}, source="S2", confidence="blog")
    read = load_programmes(_folder(tmp_path, criteria=criterion))
    assert read.by_id["x"].rules(LATE).criteria == ()
    state = [{"state": "open", "source": "S2", "confidence": "unsure"}]
    unsure = load_programmes(_folder(tmp_path, states=state))
    facts = unsure.facts("x", LATE)
    assert facts
    assert facts["state"] == "unsure"
    assert not unsure.by_id["x"].open(LATE)


def test_a_later_value_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    newer = {**AMOUNT, "from": LATER, "rates": [{"rupees": 9}]}
    read = load_programmes(_folder(tmp_path, benefits=_benefit(AMOUNT, newer)))
    assert [read.facts("x", day)["amount"] for day in (date(2024, 12, 31), LATER)] == [5, 9]  # type: ignore[index]
    assert read.facts("x", date(2023, 12, 31)) is not None
    assert "amount" not in read.facts("x", date(2023, 12, 31))  # type: ignore[operator]


def test_the_quick_reader_of_names_reads_what_the_whole_reader_reads(tmp_path: Path) -> None:
    whole = {id: list(one.file.also) for id, one in load_programmes().by_id.items()}
    assert typed_names() == whole
    _folder(tmp_path, also=["block style", "of a list"])
    assert typed_names(tmp_path) == {"x": ["block style", "of a list"]}


def test_two_programmes_may_not_share_a_name(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    copied = (folder / "x.yaml").read_text("utf-8").replace("id: x", "id: y")
    (folder / "y.yaml").write_text(copied, "utf-8")
    with pytest.raises(ValueError, match=r"y\.yaml: also: 'x card' is a name of x too"):
        load_programmes(folder)


def test_the_check_names_texts_that_a_programme_lacks(tmp_path: Path) -> None:
    rule = {**SAID, "rule": {"income": {"below": 500}}}
    way = [{**SAID, "how": "by_pigeon"}]
    programmes = load_programmes(_folder(tmp_path, criteria={"poverty_of_x": [rule]}, apply=way))
    told = "\n".join(sentences(programmes, load_catalogue(service_facts(), programmes.texts())))
    for key in ("why.poverty_of_x.met", "ask.income", "programme.apply.by_pigeon"):
        assert f"x.yaml needs the text {key}" in told


def test_a_name_is_one_programme_s() -> None:
    seen: dict[str, str] = {}
    for id, names in typed_names().items():
        for name in names:
            assert seen.setdefault(loose(name), id) == id, name


def test_people_s_spellings_of_ehsaas_and_benazir_are_known() -> None:
    names = {loose(name) for names in typed_names().values() for name in names}
    for spelling in ("ehsaas", "ehsas", "ehssas", "ahsas", "ahsaas", "ihsaas", "ihsas", "esas"):
        assert any(name.split()[0] == spelling for name in names), spelling


def test_no_fact_of_ours_lacks_a_source_or_speaks_of_the_future() -> None:
    for file in Path(str(FOLDER)).glob("*.yaml"):
        assert "TODO" not in file.read_text("utf-8")
    for programme in load_programmes().by_id.values():
        assert all(state.since <= LATE for state in programme.file.states)

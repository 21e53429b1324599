"""The programmes' data: what is told on which day, and what the reader refuses."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.programmes import Programmes, load_programmes, service_facts
from services.programmes.load import FOLDER

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
    planned = programmes.by_id["kafaalat"].amounts[-1]
    assert (planned.rates[0].rupees, planned.confidence) == (14500, "unconfirmed")
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
        ("himmat_card", "unsure"),
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


def _folder(tmp_path: Path, **changes: Any) -> Path:
    sources = {
        "S1": {"grade": "official", "name": {"en": "A", "ur": "ا"}, "title": "t", "date": "2024-01"},
        "S2": {"grade": "guide", "name": {"en": "B", "ur": "ب"}, "title": "t"},
        "S3": {"grade": "guide", "name": {"en": "C", "ur": "ج"}, "title": "t", "date": 2024},
    }
    programme: dict[str, Any] = {"id": "x", "states": [{"state": "open", "source": "S1"}], **changes}
    (tmp_path / "sources.yaml").write_text(yaml.safe_dump(sources), "utf-8")
    (tmp_path / "x.yaml").write_text(yaml.safe_dump(programme), "utf-8")
    return tmp_path


AMOUNT = {"since": date(2024, 1, 1), "source": "S1", "confidence": "official", "rates": [{"rupees": 5}]}


def test_a_small_folder_is_read(tmp_path: Path) -> None:
    read = load_programmes(_folder(tmp_path, amounts=[AMOUNT], per="quarter"))
    facts = read.facts("x", LATE)
    assert facts
    assert facts["amount"] == 5


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"colour": "red"}, "colour"),
        ({"id": "y"}, "id is 'y'"),
        ({"states": []}, "states"),
        ({"states": [{"state": "ajar", "source": "S1"}]}, "state"),
        ({"states": [{"state": "open", "source": "S9"}]}, "S9 is not in sources.yaml"),
        ({"amounts": [{**AMOUNT, "rates": [{"rupees": 0}]}], "per": "quarter"}, "rupees"),
        ({"amounts": [AMOUNT]}, "need per"),
        ({"amounts": [{**AMOUNT, "source": "S3"}], "per": "quarter"}, "not official"),
        ({"amounts": [{**AMOUNT, "source": "S2", "confidence": "press"}], "per": "quarter"}, "no date"),
        ({"documents": ["own_cnic"]}, "documents_source"),
        ({"apply": "office"}, "apply_source"),
        ({"rules": {"vehicle": {"source": "S2"}}}, "no date"),
    ],
)
def test_what_is_wrong_is_refused_with_its_file(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=r"x\.yaml") as fault:
        load_programmes(_folder(tmp_path, **changes))
    assert told in str(fault.value)


@pytest.mark.parametrize("text", ["- a list", "a: [", ""])
def test_a_file_that_is_no_table(tmp_path: Path, text: str) -> None:
    folder = _folder(tmp_path)
    (folder / "x.yaml").write_text(text, "utf-8")
    with pytest.raises(ValueError, match=r"x\.yaml"):
        load_programmes(folder)


def test_no_fact_of_ours_lacks_a_source_or_speaks_of_the_future() -> None:
    for file in Path(str(FOLDER)).glob("*.yaml"):
        assert "TODO" not in file.read_text("utf-8")
    for programme in load_programmes().by_id.values():
        assert all(state.since <= LATE for state in programme.states)

"""Every value of an extract: how it may be written, and what is said of what cannot be."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.imports.kinds import KINDS
from services.imports.layout import Layout
from services.imports.prepare import Prepared, masked, preparer
from services.imports.reading import parts
from services.imports.values import mobile, thirteen
from services.privacy.identifiers import Keys
from tests.services.importing import job, write

CNIC = "9000000000012"
NO_PROGRAMME = "is no programme that is known here"
NO_ROLE = "is none of head, spouse, child, parent, sibling, grandchild, other"
NO_DISTRICT = "is no district that is known here"
WHOLE: dict[str, dict[str, str]] = {
    "households": {"key": "1", "district": "kech", "phone": "", "score": "", "surveyed_on": ""},
    "members": {
        "household": "1", "cnic": CNIC, "cnic_expires_on": "", "name": "Sample", "sex": "f",
        "born_on": "1990-02-03", "role": "head",
    },
    "enrolments": {
        "cnic": CNIC, "programme": "kafaalat", "status": "enrolled", "reason": "", "since": "2025-01-01",
        "payee_cnic": "",
    },
    "payments": {
        "cnic": CNIC, "programme": "kafaalat", "cycle": "2026-Q3", "amount": "13500", "status": "ready",
        "reason": "", "on": "2026-10-01", "point": "", "provider": "", "account": "",
    },
    "points": {
        "key": "1", "district": "kech", "kind": "shop", "name": "Bazaar", "name_ur": "",
        "open_from": "2026-01-01", "open_until": "",
    },
    "grievances": {
        "reference": "A-1", "category": "staff", "status": "new", "at": "2026-01-01", "changed_at": "",
        "cnic": "", "phone": "", "district": "", "sensitive": "", "details": "",
    },
}  # fmt: skip
"""A row of each kind that is taken."""


def prepared(keys: Keys, tmp_path: Path, kind: str, layout: Layout | None = None, **changed: str) -> Prepared:
    """A row of an extract, made ready."""
    row = {**WHOLE[kind], **changed}
    file = write(tmp_path / "in.csv", tuple(row), tuple(row.values()))
    one = job(keys, kind, file, layout)
    (part,) = map(preparer(one.kind, one.bound, one.terms, one.keys), parts(one.extract, one.bound, 10, 0))
    return part


@pytest.mark.parametrize("kind", WHOLE)
def test_a_whole_row_is_taken(kind: str, keys: Keys, tmp_path: Path) -> None:
    part = prepared(keys, tmp_path, kind)
    assert (part.rejects, part.numbers) == ([], [1])


@pytest.mark.parametrize(
    ("kind", "column", "value", "shown", "why"),
    [
        ("members", "cnic", "900000000001", "############", "has 12 digits; a CNIC or B-form number has 13"),
        ("members", "cnic", "90000-00000012-3", "#####-########-#", "has 14 digits"),
        ("members", "cnic", "9.00E+12", "#.##x+##", "is no CNIC or B-form number"),
        ("members", "cnic", "0000000000000", "#############", "is the same digit again and again"),
        ("members", "cnic", "", "", "is missing"),
        ("members", "cnic", "NULL", "xxxx", "is missing"),
        ("members", "name", "  ", "", "is missing"),
        ("members", "name", "a" * 121, "x" * 60, "has 121 characters; 120 fit"),
        ("members", "born_on", "2026-11-26", "2026-11-26", "is in the future"),
        ("members", "born_on", "2025-02-29", "2025-02-29", "is no day that there is, written as 2026-11-25"),
        ("members", "born_on", "25/11/1990", "25/11/1990", "is no day"),
        ("members", "born_on", "1899-12-31", "1899-12-31", "is before 1900-01-01"),
        ("members", "sex", "woman", "woman", "is none of f, m, x"),
        ("households", "district", "Lahroe", "Lahroe", f"{NO_DISTRICT}; did you mean lahore?"),
        ("members", "role", "chidl", "chidl", f"{NO_ROLE}; did you mean child?"),
        ("households", "district", "qqqqqqqq", "qqqqqqqq", "is no district that is known here"),
        ("households", "district", "9000000000012", "#############", "is no district"),
        ("households", "phone", "042 1234567", "### #######", "is no mobile number such as 0300 1234567"),
        ("households", "score", "-1", "-1", "is not between 0 and 100"),
        ("households", "score", "nan", "nan", "is not between 0 and 100"),
        ("households", "score", "poor", "poor", "is no number"),
        ("households", "surveyed_on", "2027-01-01", "2027-01-01", "is in the future"),
        ("enrolments", "programme", "kafalat", "kafalat", f"{NO_PROGRAMME}; did you mean kafaalat?"),
        ("enrolments", "status", "Active", "Active", "is none of enrolled, under_verification"),
        ("payments", "amount", "-500", "-500", "is negative"),
        ("payments", "amount", "135.50", "135.50", "is no whole number of rupees"),
        ("payments", "amount", "99999999999", "###########", "is more than"),
        ("payments", "cycle", "2026-07", "2026-07", "is no year and quarter such as 2026-Q3"),
        ("payments", "on", "2026-12-31", "2026-12-31", "is in the future"),
        ("payments", "account", "12", "##", "has less than four digits"),
        ("payments", "provider", "a\0b", "a\0b", "has a character that is none"),
        ("grievances", "reference", "4829-1736", "4829-1736", "looks like a number that this service"),
        ("grievances", "reference", "A" * 13, "A" * 13, "has 13 characters; 12 fit"),
        ("grievances", "category", "noise", "noise", "is none of short_payment, staff"),
        ("grievances", "sensitive", "perhaps", "perhaps", "is neither yes nor no"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_without_anybodys_number(
    kind: str, column: str, value: str, shown: str, why: str, keys: Keys, tmp_path: Path
) -> None:
    part = prepared(keys, tmp_path, kind, **{column: value})
    (reject,) = part.rejects
    assert part.numbers == []
    assert (reject.row, reject.column, reject.value) == (1, column, shown)
    assert reject.why.startswith(why)


@pytest.mark.parametrize(
    ("kind", "column", "value", "kept"),
    [
        ("members", "born_on", " 1990-02-03 ", "1990-02-03"),
        ("members", "sex", "F", "f"),
        ("members", "cnic_expires_on", "2040-01-01", "2040-01-01"),
        ("households", "district", "ڈیرہ غازی خان", "dera_ghazi_khan"),
        ("households", "district", "DERA  GHAZI-KHAN", "dera_ghazi_khan"),
        ("households", "score", "27.456", 27.46),
        ("enrolments", "programme", "Benazir Kafaalat", "kafaalat"),
        ("enrolments", "status", "Under Verification", "under_verification"),
        ("payments", "amount", "Rs. 13,500/-", 13500),
        ("payments", "amount", "13500.00", 13500),
        ("payments", "amount", "0", 0),
        ("payments", "cycle", "2026 Q3", "2026-Q3"),
        ("payments", "provider", " Sample   Bank ", "Sample Bank"),
        ("points", "name_ur", "بازار", "بازار"),
        ("points", "name_ur", "", "Bazaar"),
        ("grievances", "sensitive", "no", False),
    ],
)
def test_values_in_the_ways_that_people_write_them(
    kind: str, column: str, value: str, kept: Any, keys: Keys, tmp_path: Path
) -> None:
    part = prepared(keys, tmp_path, kind, **{column: value})
    assert part.rejects == []
    assert part.columns[column] == [kept]


def test_only_the_end_of_an_account_is_kept(keys: Keys, tmp_path: Path) -> None:
    part = prepared(keys, tmp_path, "payments", account="PK36 SMPL 0000 0099 8877")
    assert part.columns["account_last4"] == ["8877"]


def test_a_row_is_told_all_that_is_wrong_with_it(keys: Keys, tmp_path: Path) -> None:
    part = prepared(keys, tmp_path, "members", cnic="1", born_on="x", sex="")
    assert [(one.row, one.column) for one in part.rejects] == [(1, "born_on"), (1, "cnic"), (1, "sex")]


def test_days_and_words_of_the_extract(keys: Keys, tmp_path: Path) -> None:
    layout = Layout(
        dates=("%d/%m/%Y", "%d-%b-%y"),
        codes={"sex": {"Aurat": "f", "Mard": "m"}, "role": {"Wife": "spouse"}},
        districts={"D.G.Khan City": "Dera Ghazi Khan"},
        empty=("-",),
    )
    told = {"born_on": "03/02/1990", "sex": "aurat", "role": "WIFE", "cnic_expires_on": "5-Jan-31"}
    part = prepared(keys, tmp_path, "members", layout, **told)
    assert [part.columns[name][0] for name in told] == ["1990-02-03", "f", "spouse", "2031-01-05"]
    assert not prepared(keys, tmp_path, "members", layout, cnic_expires_on="-").columns["cnic_expires_on"][0]
    wrong = prepared(keys, tmp_path, "members", layout, born_on="02/30/1990").rejects
    assert "2026-11-25 or 25/11/2026 or 25-Nov-26" in wrong[0].why
    place = prepared(keys, tmp_path, "households", layout, district="dg khan city".replace("dg", "d g"))
    assert place.columns["district"] == ["dera_ghazi_khan"]


def test_a_translation_into_nothing_is_refused(keys: Keys, tmp_path: Path) -> None:
    layout = Layout(codes={"sex": {"Aurat": "woman"}})
    with pytest.raises(ValueError, match="the mapping translates into woman: sex is none of f, m, x"):
        prepared(keys, tmp_path, "members", layout)
    with pytest.raises(ValueError, match="the mapping translates into atlantis: district is no district"):
        prepared(keys, tmp_path, "households", Layout(districts={"x": "atlantis"}))


def test_a_district_of_another_province_is_a_mistake(keys: Keys, tmp_path: Path) -> None:
    assert not prepared(keys, tmp_path, "households", Layout(province="balochistan")).rejects
    (reject,) = prepared(keys, tmp_path, "households", Layout(province="punjab")).rejects
    assert reject[1:] == ("district", "", "lies in another province than the extract says")
    told = prepared(keys, tmp_path, "households", province="Punjab")
    assert [one.column for one in told.rejects] == ["district"]
    assert not prepared(keys, tmp_path, "households", province="").rejects
    with pytest.raises(ValueError, match="the mapping's province is none of azad_kashmir"):
        prepared(keys, tmp_path, "households", Layout(province="atlantis"))


@given(st.from_regex(r"\A(\+92|0092|92|0)?-?3[0-9]{2}[- ]?[0-9]{7}\Z"))
def test_every_form_of_a_mobile_number_is_the_same(text: str) -> None:
    assert mobile(text) == "+92" + text.replace("-", "").replace(" ", "")[-10:]


@given(st.integers(0, 10**13 - 1))
def test_a_cnic_is_its_digits(number: int) -> None:
    digits = f"{number:013d}"
    if len(set(digits)) > 1:
        assert thirteen(f"{digits[:5]}-{digits[5:12]}-{digits[12]}") == digits


def test_digits_of_other_keyboards() -> None:
    assert thirteen("۹۰۰۰۰۰۰۰۰۰۰۱۲") == CNIC
    assert mobile("۰۳۹۹۱۲۳۴۵۶۷") == "+923991234567"


@given(st.text(max_size=80), st.booleans())
def test_no_number_is_repeated(text: str, shown: bool) -> None:
    assert "9000000000012" not in masked(f"9000000000012 {text}", shown)
    assert "9000000-000012" not in masked(f"9000000-000012 {text}", shown)


def test_the_kinds_are_all_measured_by_a_whole_row() -> None:
    assert WHOLE.keys() == KINDS.keys()

"""Extracts as files and their mappings: what can be read, and what is said of what cannot."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.imports import layout as layouts
from services.imports.ahead import ahead
from services.imports.kinds import KINDS
from services.imports.layout import Layout, bind, read_layout
from services.imports.reading import Extract, open_extract, parts
from tests.extracts import COLUMNS

ALL = {kind.name: {column.name for column in kind.columns} for kind in KINDS.values()}
EXAMPLE = Path(layouts.__file__).with_name("example_mapping.toml")


def told(extract: Extract, names: str = "a b", size: int = 2, done: int = 0) -> list[tuple[Any, ...]]:
    """The parts of a file: numbers, values of each column, odd rows, and up to where it is done."""
    columns = dict(zip("abcdefgh", names.split(), strict=False))
    return [
        (part.numbers, [one.to_pylist() for one in part.columns.values()], part.odd, part.through)
        for part in parts(extract, columns, size, done)
    ]


def csv(folder: Path, text: str | bytes, name: str = "in.csv") -> Path:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def test_rows_keep_their_numbers_whatever_stands_between(tmp_path: Path) -> None:
    text = 'a,b\n1,x\n2\n3,"y\nz"\n\n4,w,w\n5,v\n6,u\n7\n'
    extract = open_extract(csv(tmp_path, text))
    assert told(extract) == [
        ([1, 3], [["1", "3"], ["x", "y\nz"]], [2], 3),
        ([5, 6], [["5", "6"], ["v", "u"]], [4], 6),
        ([], [[], []], [7], 7),
    ]
    assert told(extract, done=3) == [
        ([5, 6], [["5", "6"], ["v", "u"]], [4], 6),
        ([], [[], []], [7], 7),
    ]
    assert told(extract, done=5, size=5) == [([6], [["6"], ["u"]], [], 6), ([], [[], []], [7], 7)]
    assert told(extract, done=7) == []


def test_rows_are_numbered_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.tablefiles.BLOCK", 64)
    lines = [f"{n},{n}" if n % 7 else f"{n}" for n in range(1, 101)]
    extract = open_extract(csv(tmp_path, "\n".join(["a,b", *lines])))
    for done in (0, 13, 14, 50):
        found = told(extract, size=10, done=done)
        numbers = [number for part in found for number in part[0]]
        assert numbers == [n for n in range(done + 1, 101) if n % 7]
        assert [value for part in found for value in part[1][0]] == [str(n) for n in numbers]
        assert [n for part in found for n in part[2]] == [n for n in range(done + 1, 101) if n % 7 == 0]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (b"\xef\xbb\xbfa,b\n1,2\n", [["1"], ["2"]]),
        (b"a;b\r\n1;2\r\n", [["1"], ["2"]]),
        (b"b\ta\n2\t1", [["1"], ["2"]]),
        (b'"a", b \n"1",2\n', [["1"], ["2"]]),
        ("a,b\n\u06f1,\u06a9\n".encode(), [["\u06f1"], ["\u06a9"]]),
    ],
)
def test_csv_as_programs_write_it(text: bytes, rows: list[list[str]], tmp_path: Path) -> None:
    assert [part[1] for part in told(open_extract(csv(tmp_path, text)))] == [rows]


@pytest.mark.parametrize("text", ["a,b", "a,b\n", "a,b\n\n"])
def test_a_file_without_rows(text: str, tmp_path: Path) -> None:
    assert told(open_extract(csv(tmp_path, text))) == []


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("in.xlsx", b"", "neither .parquet nor .csv"),
        ("in.csv", b"", "empty"),
        ("in.csv", b"PK\x03\x04\xff\xff", "is an Excel workbook: save it as CSV UTF-8 first"),
        ("in.csv", "a,b\n".encode("utf-16"), "is in UTF-16: save it as CSV UTF-8"),
        ("in.csv", "a\n1\n\u0633\u0646\u062f\u06be".encode("utf-8")[:-1], "is not in UTF-8 (line 3)"),
        ("in.csv", b"a\n1\nM\xfcller\n", "is not in UTF-8 (line 3): it may be in Windows-1256"),
        ("in.csv", b"a,a\n1,2\n", "several columns are called a"),
        ("in.parquet", b"PAR1 and so on", "Parquet"),
        ("none.csv", None, "No such file"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(name: str, text: bytes | None, why: str, tmp_path: Path) -> None:
    file = tmp_path / name if text is None else csv(tmp_path, text, name)
    with pytest.raises(ValueError, match=r".") as fault:
        open_extract(file)
    assert why in str(fault.value)
    assert str(file) in str(fault.value)


def test_a_parquet_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "in.parquet"
    pq.write_table(pa.table({"a": list(range(10_000))}), file, row_group_size=1000)
    whole = file.read_bytes()
    file.write_bytes(whole[:-100])
    with pytest.raises(ValueError, match=r"in\.parquet"):
        open_extract(file)
    file.write_bytes(whole[:2000] + b"\0" * 3000 + whole[5000:])
    extract = open_extract(file)
    with pytest.raises(ValueError, match=r"in\.parquet"):
        told(extract, "a", 1000)


def test_a_file_none_of_whose_rows_fits_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.imports.reading.MOST_ODD", 5)
    with pytest.raises(ValueError, match="Expected 2 columns, got 1"):
        told(open_extract(csv(tmp_path, "a,b\n" + "1\n" * 9)))


def test_types_of_parquet_become_text(tmp_path: Path) -> None:
    columns = {
        "a": pa.array([9000000000012, None]),
        "b": pa.array([9000000000012.0, 27.5]),
        "c": pa.array([Decimal("27.50"), None]),
        "d": pa.array([date(2026, 1, 2), None]),
        "e": pa.array([datetime(2026, 1, 2, 3, 4), None]),
        "f": pa.array(["kech", None]).dictionary_encode(),
        "g": pa.array([True, None]),
        "h": pa.array(["x", "y"], pa.large_string()),
    }
    file = tmp_path / "in.parquet"
    pq.write_table(pa.table(columns), file)
    extract = open_extract(file)
    assert extract.rows == 2
    ((_, values, _, _),) = told(extract, "a b c d e f g h")
    assert values == [
        ["9000000000012", None], ["9000000000012", "27.5"], ["27.50", None], ["2026-01-02", None],
        ["2026-01-02", None], ["kech", None], ["true", None], ["x", "y"],
    ]  # fmt: skip
    pq.write_table(pa.table({"a": pa.array([[1]])}), file)
    with pytest.raises(ValueError, match=r"column a is of type list<.*>, not text"):
        open_extract(file)


def test_the_digest_is_of_the_content(tmp_path: Path) -> None:
    one, same, other = (csv(tmp_path, text, f"{n}.csv") for n, text in enumerate(("a\n1", "a\n1", "a\n2")))
    assert open_extract(one).digest == open_extract(same).digest != open_extract(other).digest


def test_the_example_mapping_is_understood() -> None:
    for kind in KINDS:
        found = read_layout(EXAMPLE, kind, ALL)
        assert found.columns.keys() == ALL[kind] - {"province"}, "every column is shown"
        assert found.dates == ["%d/%m/%Y", "%d-%b-%Y"]
    assert read_layout(EXAMPLE, "members", ALL).codes["sex"] == {
        "Female": "f",
        "Male": "m",
        "Transgender": "x",
    }
    assert read_layout(None, "members", ALL) == Layout()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[members", "Expected ']'"),
        ("[membrs]", "'membrs' is not known (did you mean members?); there are dates, districts"),
        ("[members]\ncnic = 'x'", "[members]: 'cnic' is not known; there are codes, columns"),
        ("[members.columns]\ncnik = 'x'", "[members.columns]: 'cnik' is not known (did you mean cnic?)"),
        (
            "[payments.codes.statis]\na = 'b'",
            "[payments.codes]: 'statis' is not known (did you mean status?)",
        ),
        ("[members.columns]\ncnic = 3", "[members.columns]: every value must be a text"),
        ("[members.codes]\nsex = 'f'", "[members.codes.sex]: every value must be a text"),
        ("members = 3", "members must be a table"),
        ("dates = '%d'", "dates: must be text"),
        ("dates = ['%d/%m']", "dates: '%d/%m' does not say a day; an example that does is \"%d/%m/%Y\""),
        ("dates = ['%']", "dates: '%' does not say a day"),
        ("province = 3", "province: must be text"),
    ],
)
def test_a_mapping_that_is_wrong_says_what_to_mend(text: str, why: str, tmp_path: Path) -> None:
    file = csv(tmp_path, text, "mapping.toml")
    with pytest.raises(ValueError, match=r"mapping\.toml") as fault:
        read_layout(file, "members", ALL)
    assert why in str(fault.value)


def test_columns_are_found_or_missed() -> None:
    columns = {"cnic": True, "born_on": True, "phone": False}
    layout = Layout({"cnic": "CNIC_NO"})
    assert bind(layout, ["born_on", "CNIC_NO", "x"], columns) == {"cnic": "CNIC_NO", "born_on": "born_on"}
    with pytest.raises(
        ValueError, match=r"takes cnic from 'CNIC_NO', which the extract does not have \(did you"
    ):
        bind(layout, ["born_on", "cnic_no"], columns)
    with pytest.raises(
        ValueError, match=r'born_on is needed: .* as born_on = "..."; the extract has CNIC_NO, x'
    ):
        bind(layout, ["CNIC_NO", "x"], columns)


def test_items_are_made_ahead_of_their_use() -> None:
    made: list[int] = []

    def items() -> Any:
        for number in range(100):
            made.append(number)
            yield number

    assert list(ahead(items())) == list(range(100))
    made.clear()
    left = ahead(items())
    assert next(left) == 0
    left.close()
    assert len(made) < 100, "who does not want more gets no more"

    def failing() -> Any:
        yield 1
        raise KeyError("lost")

    found = ahead(failing())
    assert next(found) == 1
    with pytest.raises(KeyError, match="lost"):
        next(found)


def test_the_generator_knows_all_kinds() -> None:
    for kind, columns in COLUMNS.items():
        assert {*columns} | {"province"} >= ALL[kind]

"""Households by the million: the same verdicts as one by one, kept through a stop, refused where wrong."""

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from services.cli import app
from services.eligibility.decision import decide
from services.programmes import bulk
from services.programmes.bulk import Done, FileSource, run
from services.programmes.load import load_programmes
from services.programmes.reach import count

PROGRAMMES = load_programmes()
VOCABULARY = PROGRAMMES.vocabulary
ON = date(2026, 11, 25)
RULES = [PROGRAMMES.by_id[id].rules(ON) for id in ("kafaalat", "kisan_card", "dhee_rani")]
COLUMNS = (
    "household", "district", "enrolled", "province", "poverty_score", "poverty_score_on", "land_acres",
    "ever_married_woman", "vehicle", "filtered", "bank_default", "bride_in_need",
)  # fmt: skip


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "ROWS", 100)


def _households(rows: int, seed: int = 3) -> list[dict[str, Any]]:
    chance = np.random.default_rng(seed)

    def one_of(*values: Any) -> Any:
        return values[int(chance.integers(0, len(values)))]

    return [
        {
            "household": f"H{number}",
            "district": one_of("lahore", "kech", "swat"),
            "enrolled": one_of("", "kafaalat", "kafaalat nashonuma"),
            "province": one_of("punjab", "sindh", None),
            "poverty_score": one_of(10.0, 32.0, 32.5, 60.0, None),
            "poverty_score_on": one_of("2026-01-01", "2019-01-01", None),
            "land_acres": one_of(0.0, 1.0, 12.5, 13.0, None),
            **{name: one_of(True, False, None) for name in COLUMNS[7:]},
        }
        for number in range(rows)
    ]


def _csv(file: Path, rows: list[dict[str, Any]]) -> Path:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return file


def _parquet(file: Path, rows: list[dict[str, Any]]) -> Path:
    dated = [
        {**row, "poverty_score_on": row["poverty_score_on"] and date.fromisoformat(row["poverty_score_on"])}
        for row in rows
    ]
    pq.write_table(pa.Table.from_pylist(dated), file)
    return file


def _expected(row: dict[str, Any]) -> dict[str, Any]:
    score = {"value": row["poverty_score"], "source": "registry", "on": row["poverty_score_on"]}
    facts = {name: row[name] for name in COLUMNS[6:]}
    settled = VOCABULARY.household({**facts, "province": row["province"], "poverty_score": score}, ON)
    found: dict[str, Any] = {}
    for rules in RULES:
        decision = decide(rules, settled.household, ON)
        found[rules.programme] = decision.verdict
        for state in ("failed", "unknown"):
            named = [r.criterion.id for r in decision.rows if r.state == state]
            found[f"{rules.programme}.{state}"] = " ".join(named)
    return found


@pytest.mark.parametrize("write", [_csv, _parquet])
@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_a_file_is_judged_as_its_households_are_one_by_one(tmp_path: Path, write: Any, ending: str) -> None:
    rows = _households(437)
    source = write(tmp_path / ("in.csv" if write is _csv else "in.parquet"), rows)
    output = tmp_path / f"out.{ending}"
    seen: list[Done] = []
    done = run(FileSource(source), output, RULES, VOCABULARY, ON, seen.append)
    assert done == Done(437, 0, 5) == seen[-1]
    if ending == "csv":
        with output.open(encoding="utf-8") as file:
            told = list(csv.DictReader(file))
    else:
        told = pq.read_table(output).to_pylist()
    assert [one["household"] for one in told] == [row["household"] for row in rows]
    for one, row in zip(told, rows, strict=True):
        assert {name: one[name] for name in _expected(row)} == _expected(row)
        assert one["district"] == row["district"]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted([source.name, output.name])


def test_a_run_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    source, output = _csv(tmp_path / "in.csv", _households(437)), tmp_path / "out.csv"

    def stop(done: Done) -> None:
        if done.parts == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(FileSource(source), output, RULES, VOCABULARY, ON, stop)
    assert not output.exists()
    seen: list[Done] = []
    run(FileSource(source), output, RULES, VOCABULARY, ON, seen.append)
    assert [done.parts for done in seen] == [3, 4, 5]
    whole = tmp_path / "whole.csv"
    run(FileSource(source), whole, RULES, VOCABULARY, ON)
    assert output.read_text("utf-8") == whole.read_text("utf-8")


def test_the_parts_of_another_run_are_not_gone_on_with(tmp_path: Path) -> None:
    source, output = _csv(tmp_path / "in.csv", _households(150)), tmp_path / "out.csv"

    def stop(done: Done) -> None:
        if done.parts:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(FileSource(source), output, RULES, VOCABULARY, ON, stop)
    for rules, day in ((RULES[:2], ON), (RULES, date(2026, 11, 24))):
        with pytest.raises(ValueError, match="parts of another run"):
            run(FileSource(source), output, rules, VOCABULARY, day)
    _csv(source, _households(151))
    with pytest.raises(ValueError, match="Delete it to begin anew"):
        run(FileSource(source), output, RULES, VOCABULARY, ON)


def test_a_household_that_cannot_be_is_told_and_not_judged(tmp_path: Path) -> None:
    rows = _households(120)
    wrong = {
        2: ("land_acres", "-3", "is not between 0"), 5: ("land_acres", "many", "is no number"),
        7: ("vehicle", "perhaps", "is none of yes, no"), 101: ("province", "bihar", "is none of punjab"),
        110: ("poverty_score_on", "soon", "is no date"), 111: ("poverty_score_on", "2027-01-01", "is after"),
    }  # fmt: skip
    for number, (column, value, _) in wrong.items():
        rows[number - 1][column] = value
    source, output = _csv(tmp_path / "in.csv", rows), tmp_path / "out.csv"
    done = run(FileSource(source), output, RULES, VOCABULARY, ON)
    assert (done.rows, done.rejected) == (120, len(wrong))
    with (tmp_path / "out.csv.rejects.csv").open(encoding="utf-8") as file:
        told = {int(one["row"]): one for one in csv.DictReader(file)}
    assert told.keys() == wrong.keys()
    for number, (column, value, why) in wrong.items():
        assert (told[number]["column"], told[number]["value"]) == (column, str(value))
        assert why in told[number]["why"]
    with output.open(encoding="utf-8") as file:
        judged = list(csv.DictReader(file))
    assert [number for number, one in enumerate(judged, 1) if not one["kafaalat"]] == sorted(wrong)


def test_bounds_stand_for_a_number(tmp_path: Path) -> None:
    rows = [
        {"household": 1, "land_acres_low": 13, "land_acres_high": ""},
        {"household": 2, "land_acres_low": 2, "land_acres_high": 5},
        {"household": 3, "land_acres_low": "", "land_acres_high": ""},
        {"household": 4, "land_acres_low": 9, "land_acres_high": 4},
    ]
    source, output = _csv(tmp_path / "in.csv", rows), tmp_path / "out.csv"
    run(FileSource(source), output, RULES[1:2], VOCABULARY, ON)
    with output.open(encoding="utf-8") as file:
        told = list(csv.DictReader(file))
    assert [one["kisan_card.failed"] for one in told] == ["farm_land", "", "", ""]
    assert [one["kisan_card.unknown"] for one in told] == [
        "province bank_default", "province bank_default", "province farm_land bank_default", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("in.xlsx", "", "neither .parquet nor .csv"),
        ("in.csv", "", "empty"),
        ("in.csv", "a,b\n1,2\n", "no column is called like a fact"),
        ("in.csv", "vehicle,taxpayer\nyes\n", "in.csv: CSV parse error"),
        (
            "in.csv",
            "vehicle,poverty_scor\nyes,3\n",
            "column 'poverty_scor' is no fact; did you mean poverty_score?",
        ),
        ("in.parquet", "this is no parquet", "in.parquet: "),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, name: str, text: str, told: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(ValueError, match=r".") as fault:
        run(FileSource(tmp_path / name), tmp_path / "out.csv", RULES, VOCABULARY, ON)
    assert told in str(fault.value)
    assert not list(tmp_path.glob("*.parts"))  # nothing in the way of the mended file
    with pytest.raises(ValueError, match="neither"):
        run(
            FileSource(_csv(tmp_path / "ok.csv", _households(3))), tmp_path / "out.xls", RULES, VOCABULARY, ON
        )


def test_reach_counts_who_is_left_out_and_what_one_visit_would_settle(tmp_path: Path) -> None:
    rows = _households(437)
    found = count(FileSource(_csv(tmp_path / "in.csv", rows)), RULES, VOCABULARY, ON)
    assert (found.rows, found.rejected) == (437, 0)
    for rules in RULES:
        programme = rules.programme
        for district in ("lahore", "kech", "swat"):
            here = [row for row in rows if row["district"] == district]
            out = [row for row in here if programme not in row["enrolled"].split()]
            eligible = [row for row in out if _expected(row)[programme] == "eligible"]
            assert found.eligible[district, programme] == len(eligible)
            assert found.enrolled[district, programme] == len(here) - len(out)
    # Farmers of Punjab of whose land nothing is known but who have no overdue loan wait for that one fact.
    lone = [
        row
        for row in rows
        if row["district"] == "swat"
        and (row["province"], row["land_acres"], row["bank_default"]) == ("punjab", None, False)
    ]
    assert found.hanging["swat", "kisan_card", "land_acres"] == len(lone) > 0
    lines = list(found.lines())
    assert [line["eligible_not_enrolled"] for line in lines] == sorted(
        (line["eligible_not_enrolled"] for line in lines), reverse=True, key=int
    )


def test_reach_takes_a_fact_for_enrolment_and_districts_however_they_are_written(tmp_path: Path) -> None:
    rows = [
        {
            "district": "Dera Bugti",
            "land_acres": 5,
            "province": "punjab",
            "bank_default": "no",
            "vehicle": "yes",
        },
        {
            "district": " dera_bugti",
            "land_acres": 5,
            "province": "punjab",
            "bank_default": "no",
            "vehicle": "no",
        },
        {"district": "", "land_acres": 5, "province": "punjab", "bank_default": "no", "vehicle": "no"},
    ]
    source = FileSource(_csv(tmp_path / "in.csv", rows))
    found = count(source, RULES[1:2], VOCABULARY, ON, told_by={"kisan_card": "vehicle"})
    assert found.enrolled == {("dera_bugti", "kisan_card"): 1}
    assert found.eligible == {("dera_bugti", "kisan_card"): 1, ("-", "kisan_card"): 1}


def test_reach_needs_to_know_where_people_live(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("vehicle\nyes\n", "utf-8")
    with pytest.raises(ValueError, match="district"):
        count(FileSource(tmp_path / "in.csv"), RULES, VOCABULARY, ON)


def _haqdar(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
    told = CliRunner().invoke(app, arguments, input=stdin)
    fault = str(told.exception) if told.exception and not isinstance(told.exception, SystemExit) else ""
    return told.exit_code, told.stdout, told.stderr + fault


def test_the_commands_judge_files_and_the_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, output = _csv(tmp_path / "in.csv", _households(120)), tmp_path / "out.csv"
    code, out, _ = _haqdar(
        "eligible", "--input", str(source), "--output", str(output), "--programme", "kisan_card",
        "--as-of", "2026-11-25",
    )  # fmt: skip
    assert code == 0
    assert "120 households, 1 programmes" in out
    code, out, _ = _haqdar(
        "reach", "--input", str(source), "--programme", "kisan_card", "--output", f"{output}2"
    )
    assert code == 0
    assert "kisan_card" in Path(f"{output}2").read_text("utf-8")

    monkeypatch.setenv("HAQDAR_DATA_DIR", str(tmp_path / "data"))
    assert _haqdar("demo-data", "--households", "300")[0] == 0
    code, out, told = _haqdar("eligible", "--registry", "--output", str(tmp_path / "own.parquet"))
    assert (code, told.splitlines()) == (0, ["0 households", "300 households"])
    own = pq.read_table(tmp_path / "own.parquet").to_pylist()
    assert len(own) == 300
    assert {"eligible", "not_eligible", "not_yet_known"} >= {one["kafaalat"] for one in own}
    above = [one for one in own if "poverty_score" in one["kafaalat.failed"]]
    assert above
    assert any("kafaalat" in one["enrolled"] for one in own)
    code, out, _ = _haqdar("reach", "--registry")
    assert code == 0
    assert "one fact" in out


def test_the_commands_refuse_what_does_not_fit_together(tmp_path: Path) -> None:
    for arguments, told in (
        (("eligible", "--registry"), "--output"),
        (("eligible", "--output", "x.csv"), "--input FILE, or --registry"),
        (("eligible", "--registry", "--input", __file__, "--output", "x.csv"), "--input FILE, or --registry"),
        (("eligible", "--facts", "-", "--programme", "no_such"), "no programme is called 'no_such'"),
        (("eligible", "--facts", "-", "--programme", "panagah"), "no confirmed conditions"),
        (("programmes", "no_such"), "no programme is called 'no_such'"),
        (("eligible", "--facts", "-", "--language", "zz"), "no language is called 'zz'"),
    ):
        code, _, err = _haqdar(*arguments, stdin="{}")
        assert code != 0
        assert told in err, (arguments, err)


def test_facts_are_judged_with_why_in_a_language() -> None:
    lines = '{"id": "A", "land_acres": 30, "province": "punjab"}\n\n{"land_acres": -1}\nno json\n[]\n{}\n'
    code, out, err = _haqdar(
        "eligible", "--facts", "-", "--programme", "kisan_card", "--language", "en", stdin=lines
    )
    told = [json.loads(line) for line in out.splitlines()]
    assert code == 1
    assert [one["id"] for one in told] == ["A", 5]
    assert told[0]["why"][0] == "The land is 30 acres: it must be 1 to 12.5."
    assert told[1]["verdict"] == "not_yet_known"
    assert "land_acres: -1" in err
    assert "no JSON" in err
    assert "[] is no table of facts" in err
    code, out, _ = _haqdar(
        "eligible", "--facts", "-", "--programme", "kisan_card", stdin='[{"land_acres": 3}]'
    )
    assert code == 0
    assert json.loads(out)["missing"] == ["province", "bank_default"]


def test_programmes_are_listed_and_shown_with_their_sources() -> None:
    code, out, _ = _haqdar("programmes", "--json", "--as-of", "2021-01-01")
    told = {one["id"]: one for one in json.loads(out)}
    assert code == 0
    assert told["kafaalat"]["now"] == "Rs 6,000 per quarter"
    assert told["hunarmand"]["state"] == "not yet"
    code, out, _ = _haqdar("programmes", "kafaalat", "--as-of", "2023-02-01")
    assert code == 0
    assert "* 2023-01-01: Rs 8,500" in out
    assert "  2025-01-01: Rs 13,500" in out
    assert "official: ARY" in out
    assert json.loads(_haqdar("programmes", "kafaalat", "--json")[1])["id"] == "kafaalat"
    assert "Kafaalat" in _haqdar("programmes")[1]

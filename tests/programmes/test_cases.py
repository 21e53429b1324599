"""Replays the cases, and refuses a criterion or a date's edge that none of them covers."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from services.eligibility.decision import Decision
from services.programmes.load import load_programmes
from services.programmes.model import TOLD

HERE = Path(__file__).parent
PROGRAMMES = load_programmes()
WITH_RULES = sorted(id for id, one in PROGRAMMES.by_id.items() if one.days())


class Case(NamedTuple):
    """One line of a file, with the household that it makes."""

    programme: str
    name: str
    on: date
    household: dict[str, Any]
    verdict: str
    failed: list[str]
    unknown: list[str]


def _cases(id: str) -> list[Case]:
    read = yaml.safe_load((HERE / f"{id}.yaml").read_text("utf-8"))
    assert read.keys() == {"day", "household", "cases"}, id
    found = []
    for raw in read["cases"]:
        assert raw.keys() <= {"name", "day", "but", "verdict", "failed", "unknown"}, raw
        household = {**read["household"], **raw.get("but", {})}
        failed, unknown = raw.get("failed", []), raw.get("unknown", [])
        on = raw.get("day", read["day"])
        found.append(Case(id, raw["name"], on, household, raw["verdict"], failed, unknown))
    return found


ALL = [case for id in WITH_RULES for case in _cases(id)]


def _decide(case: Case) -> Decision:
    settled = PROGRAMMES.vocabulary.household(case.household, case.on)
    return PROGRAMMES.decide(case.programme, settled)


def _in_state(decision: Decision, state: str) -> set[str]:
    return {row.criterion.id for row in decision.rows if row.state == state}


@pytest.mark.parametrize("case", ALL, ids=[f"{case.programme}: {case.name}" for case in ALL])
def test_case(case: Case) -> None:
    decision = _decide(case)
    told = (decision.verdict, _in_state(decision, "failed"), _in_state(decision, "unknown"))
    assert told == (case.verdict, set(case.failed), set(case.unknown))


@pytest.mark.parametrize("id", WITH_RULES)
def test_every_criterion_is_met_failed_and_unknown_in_some_case(id: str) -> None:
    seen: dict[str, set[str]] = {}
    for case in _cases(id):
        for row in _decide(case).rows:
            seen.setdefault(row.criterion.id, set()).add(row.state)
    for criterion, versions in PROGRAMMES.by_id[id].conditions.items():
        if any(version.condition.confidence in TOLD for version in versions):
            assert seen.get(criterion) == {"met", "failed", "unknown"}, criterion


@pytest.mark.parametrize("id", WITH_RULES)
def test_every_edge_of_a_date_has_a_case_on_its_day_and_on_the_day_before(id: str) -> None:
    days = {case.on for case in _cases(id)}
    for versions in PROGRAMMES.by_id[id].conditions.values():
        for version in versions:
            said = version.condition
            if said.confidence not in TOLD:
                continue
            for edge in (said.since, said.until):
                if edge and edge > date.min:
                    assert edge in days, f"no case on {edge}"
                    assert edge - timedelta(days=1) in days, f"no case on the day before {edge}"


def test_names_of_cases_are_sentences_and_each_is_its_own() -> None:
    names = [(case.programme, case.name) for case in ALL]
    assert len(names) == len(set(names))
    assert all(len(name.split()) >= 3 for _, name in names)


def test_there_is_a_file_for_each_programme_with_rules() -> None:
    assert sorted(file.stem for file in HERE.glob("*.yaml")) == WITH_RULES

"""The life of a complaint: a table of who may do what when, and what any order of deeds leaves behind."""

from datetime import timedelta
from itertools import count, pairwise, product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.complaints import cases
from services.complaints.cases import Case
from services.complaints.categories import LAST, LEVELS, load_categories
from services.complaints.life import (
    ACTIONS,
    ROLES,
    STATUSES,
    Action,
    Role,
    Staff,
    State,
    Status,
    after,
    begun,
    names,
    refusal,
    visible,
    whereabouts,
)
from services.privacy.identifiers import Keys
from services.store.conversations import Overtaken
from services.store.engine import Store
from tests.services.deployment import NOW

TERMS = load_categories()
USUAL, STAFF = TERMS.by_id["appeal"], TERMS.by_id["staff"]

TABLE = """
assign    new assigned in_progress                        local district headquarters          assigned
progress  new assigned                                    local district headquarters          in_progress
close     new assigned in_progress                        local district headquarters          for_approval
note      new assigned in_progress for_approval closed    local district headquarters          =
read      new assigned in_progress for_approval closed    local district headquarters          =
confirm   for_approval                                    citizen                              closed
deny      for_approval                                    citizen                              in_progress
reopen    closed                                          citizen district headquarters        in_progress
add       new assigned in_progress for_approval           citizen                              =
escalate  new assigned in_progress                        clock                                =
expire    for_approval                                    clock                                closed
"""
"""Deed, states in which it may be done, by whom, and the state after it (= where it stays)."""


def allowed() -> dict[tuple[str, str, str], str]:
    found = {}
    for line in TABLE.strip().splitlines():
        action, *rest, becomes = line.split()
        since = [word for word in rest if word in STATUSES]
        for status, role in product(since, [word for word in rest if word in ROLES]):
            found[action, status, role] = status if becomes == "=" else becomes
    return found


def state(status: Status, *, level: int = 0, sensitive: bool = False) -> State:
    """A complaint whose time has come."""
    return State(status, level, sensitive, NOW, NOW - timedelta(days=1), "kech")


@pytest.mark.parametrize("action", ACTIONS)
def test_every_deed_in_every_state_by_everybody(action: Action) -> None:
    table = allowed()
    for status, role in product(STATUSES, ROLES):
        why = refusal(state(status), action, role, TERMS, NOW)
        assert (why is None) == ((action, status, role) in table), (action, status, role, why)
        if why is None:
            then = after(state(status), action, role, category=USUAL, terms=TERMS, at=NOW, to="x")
            assert then.status == table[action, status, role]
        hidden = refusal(state(status, sensitive=True), action, role, TERMS, NOW)
        assert hidden == ("hidden" if role == "local" else why)


def test_the_table_names_every_deed() -> None:
    assert {action for action, _, _ in allowed()} == set(ACTIONS)


def test_what_went_up_is_answered_from_there() -> None:
    reach = {
        role: [n for n in range(LAST + 1) if not refusal(state("new", level=n), "close", role, TERMS, NOW)]
        for role in ("local", "district", "headquarters")
    }
    assert reach == {"local": [0], "district": [0, 1], "headquarters": [0, 1, 2, 3, 4]}
    assert refusal(state("new", level=2), "close", "district", TERMS, NOW) == "level"
    assert refusal(state("new", level=2), "note", "local", TERMS, NOW) is None


def test_the_clock_waits_for_its_time() -> None:
    early = NOW - timedelta(seconds=1)
    assert refusal(state("new"), "escalate", "clock", TERMS, early) == "status"
    never = State("new", LAST, False, None, NOW)
    assert refusal(never, "escalate", "clock", TERMS, NOW + timedelta(days=999)) == "status"


def test_the_citizen_may_open_again_for_a_while_and_the_staff_always() -> None:
    late = NOW + TERMS.reopen
    assert refusal(state("closed"), "reopen", "citizen", TERMS, late) == "too_late"
    assert refusal(state("closed"), "reopen", "citizen", TERMS, late - timedelta(days=1)) is None
    assert refusal(state("closed"), "reopen", "district", TERMS, late) is None


def moved(was: State, action: Action, role: Role, to: str | None = None) -> State:
    return after(was, action, role, category=USUAL, terms=TERMS, at=NOW, to=to)


def test_a_no_goes_one_office_up_and_the_staff_s_own_opening_does_not() -> None:
    deeds: tuple[tuple[Action, Role, Status, int], ...] = (
        ("deny", "citizen", "for_approval", 1),
        ("reopen", "citizen", "closed", 1),
        ("reopen", "headquarters", "closed", 0),
        ("escalate", "clock", "new", 1),
    )
    for action, role, status, level in deeds:
        then = moved(state(status), action, role)
        assert then.level == level
        assert then.due_at == NOW + timedelta(days=7)
    top = moved(state("for_approval", level=LAST - 1), "deny", "citizen")
    assert (LEVELS[top.level], top.due_at) == ("ombudsman", None)
    assert moved(state("for_approval", level=LAST), "deny", "citizen").level == LAST


def test_who_works_on_it() -> None:
    assert moved(state("new"), "assign", "district", "ali").assignee == "ali"
    assert moved(state("new"), "progress", "local", "sana").assignee == "sana"
    given_to = moved(state("new"), "assign", "district", "ali")
    assert moved(given_to, "progress", "local", "sana").assignee == "ali"


def test_when_the_clock_acts_next() -> None:
    assert begun(USUAL, None, NOW).due_at == NOW + timedelta(days=7)
    assert moved(state("new"), "assign", "local", "ali").due_at == NOW
    assert moved(state("new"), "close", "local").due_at == NOW + TERMS.no_answer
    assert moved(state("for_approval"), "confirm", "citizen").due_at is None


def test_whereabouts() -> None:
    begins = whereabouts("4829-1736", begun(STAFF, None, NOW))
    assert begins == {
        "reference": "4829-1736", "status": "new", "level": "district", "due": "2026-12-04", "next": "zone",
    }  # fmt: skip
    for status in ("for_approval", "closed"):
        assert "due" not in whereabouts("4829-1736", state(status))
    assert "due" not in whereabouts("4829-1736", State("new", LAST, False, None, NOW))


@pytest.mark.parametrize(
    ("role", "district", "plain", "sensitive"),
    [
        ("local", "kech", True, False),
        ("local", "multan", False, False),
        ("district", "kech", True, True),
        ("district", "multan", False, False),
        ("headquarters", None, True, True),
    ],
)
def test_who_sees_what(role: Role, district: str | None, plain: bool, sensitive: bool) -> None:
    staff = Staff("ali", role, district)
    assert visible(state("new"), staff) is plain
    assert visible(state("new", sensitive=True), staff) is sensitive
    assert visible(begun(USUAL, None, NOW), staff) is (role == "headquarters"), (
        "nobody's district is headquarters'"
    )


@pytest.mark.parametrize(
    ("text", "person", "named"),
    [
        ("the clerk Aslam asked for money", "Aslam Khan", True),
        ("clerk ASLAM-KHAN", "aslam khan", True),
        ("Khan sahib was rude", "Aslam Khan", False),
        ("کلرک اسلم نے مانگے", "اسلم", True),
        ("ali was rude", "Ali Raza", False),
        ("ali raza was rude", "Ali Raza", True),
        ("somebody", "...", False),
    ],
)
def test_who_is_named(text: str, person: str, named: bool) -> None:
    assert names(["nothing", text], person) is named


NUMBERS = count()


def new(store: Store, keys: Keys, category: str = "appeal") -> Case:
    """A complaint in the database, of nobody's conversation."""
    number = next(NUMBERS)
    kind = TERMS.by_id[category]
    case = Case(
        f"call {number}",
        f"{number:09d}",
        b"c" * 16,
        category,
        keys.seal("{}"),
        NOW,
        None,
        begun(kind, "kech", NOW),
    )
    store.run_now(lambda connection: cases.begin(connection, keys, case))
    return case


DEEDS = st.lists(st.tuples(st.sampled_from(ACTIONS), st.sampled_from(ROLES), st.integers(0, 12)), max_size=14)


@given(deeds=DEEDS, category=st.sampled_from(["appeal", "staff"]))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_of_deeds_leaves_state_and_events_in_step(
    store: Store, keys: Keys, deeds: list[tuple[Action, Role, int]], category: str
) -> None:
    id = new(store, keys, category).id
    kind, now, done = TERMS.by_id[category], NOW, 1
    for action, role, days in deeds:
        now += timedelta(days=days)
        case = store.read_now(lambda c: cases.again(c, id))
        assert case
        if refusal(case.state, action, role, TERMS, now):
            continue
        then = after(case.state, action, role, category=kind, terms=TERMS, at=now, to="ali")
        said = {"action": action}
        store.run_now(
            lambda c, case=case, then=then, now=now, said=said, role=role: cases.change(  # type: ignore[misc]
                c, keys, case, then, actor=role, at=now, said=said
            )
        )
        done += 1
        assert then.level >= case.state.level, "never down"

    last = store.read_now(lambda c: cases.again(c, id))
    events = store.read_now(lambda c: cases.events(c, keys, id))
    assert last
    assert [event.number for event in events] == list(range(1, done + 1))
    assert (events[-1].status, events[-1].said["level"]) == (last.state.status, last.state.level)
    closings = [e for before, e in pairwise(events) if e.status == "closed" != before.status]
    assert {event.actor for event in closings} <= {"citizen", "clock"}, "the staff close nothing"
    open_ = last.state.status in ("new", "assigned", "in_progress")
    expected = last.state.status == "for_approval" or (open_ and last.state.level < LAST)
    assert (last.state.due_at is not None) == expected


def test_whoever_comes_second_is_told(store: Store, keys: Keys) -> None:
    case = new(store, keys)
    first = moved(case.state, "assign", "local", "ali")
    second = moved(case.state, "assign", "local", "sana")

    def change(then: State) -> None:
        store.run_now(
            lambda c: cases.change(c, keys, case, then, actor="x", at=NOW, said={"action": "assign"})
        )

    change(first)
    with pytest.raises(Overtaken):
        change(second)
    found = store.read_now(lambda c: cases.again(c, case.id))
    assert found
    assert found.state.assignee == "ali"
    assert len(store.read_now(lambda c: cases.events(c, keys, case.id))) == 2

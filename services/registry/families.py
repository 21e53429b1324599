"""Synthetic families of any number: the same for the same seed, and nobody who exists.

CNICs begin with 9 and phone numbers with +92399, which are not given out. Both follow from the
number of the household alone, so a sample can be named without looking into a database.
"""

import tomllib
from bisect import bisect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from itertools import accumulate, count
from random import Random
from typing import Any, NamedTuple, TypeAlias

from services.registry.rows import (
    EnrolmentRow,
    Family,
    HouseholdRow,
    MemberRow,
    PaymentRow,
    PointRow,
)

Amount: TypeAlias = Callable[[str, date, str, int], int | None]
"""(programme, day, sex, age in years) -> rupees for the quarter, None where nothing would be paid."""

PHONES = 10**7
"""As many numbers as +92399 leaves; further households have none registered."""

WOMAN, HUSBAND, MOTHER, FATHER = 1, 2, 91, 92
"""Numbers of members within a household: odd for women. Daughters are 3, 5, ..., sons 4, 6, ..."""

CYCLES = 4
"""Quarters with payments, the current one included."""


@dataclass(frozen=True, slots=True)
class Country:
    """What the families live under; the caller takes it from places and programmes.

    `places`: districts, as `services.locales.load_places` reads them. `cut_off`: the highest poverty
    score that Kafaalat takes.
    """

    places: Mapping[str, Mapping[str, Any]]
    amount: Amount
    cut_off: float


class Fate(NamedTuple):
    """How the woman of a household stands, and what became of her newest payment if she is paid."""

    status: str
    reason: str | None
    outcome: str
    hindrance: str | None


def demo_cnic(household: int, member: int = WOMAN) -> str:
    """The CNIC of a member, unlike any other's; its last digit is even for women, as in real ones."""
    # Multiplying by a number without the factors 2 and 5 mixes the digits and keeps them distinct.
    mixed = (household * 100 + member) * 61_803_398_873 % 10**11
    return f"9{mixed:011d}{household % 5 * 2 + (member + 1) % 2}"


def demo_phone(household: int) -> str:
    """The registered phone of a household, unlike any other's for numbers below `PHONES`."""
    return f"+92399{household * 6_180_339 % PHONES:07d}"


def sample_fates() -> list[Fate]:
    """Every status and reason that there is: the fates of the first households of any registry."""
    return [
        *(Fate(status, reason, "withdrawn", None) for status, reason in _weighted("standings").items),
        *(Fate("enrolled", None, *outcome) for outcome in _weighted("outcomes").items),
    ]


def payment_points(today: date, country: Country) -> list[PointRow]:
    """The payment points of every district: as many in each, in the same order."""
    begins, ends = _quarter(today, 0).begins, _quarter(today, -1).begins
    long_ago = str(today - timedelta(days=1000))
    return [
        PointRow(
            id=number,
            district=district,
            kind=kind["kind"],
            name=kind["name"].format_map(country.places[district]),
            name_ur=kind["name_ur"].format_map(country.places[district]),
            open_from=str(begins) if kind["kind"] == "camp" else long_ago,
            open_until=str(ends) if kind["kind"] == "camp" else None,
        )
        for number, (district, kind) in enumerate(
            ((district, kind) for district in country.places for kind in _data()["points"]), 1
        )
    ]


def generate(households: int, *, seed: int, today: date, country: Country) -> Iterator[Family]:
    """That many families, one at a time; a longer registry of the same seed begins with the same."""
    world = _world(today, country)
    random = Random(seed).random
    ids = count(1), count(1), count(1)
    for number in range(1, households + 1):
        yield _family(number, world, random, *ids)


class _Person(NamedTuple):
    number: int
    role: str
    sex: str
    age: int


class _Quarter(NamedTuple):
    cycle: str
    begins: date
    ago: int


@dataclass(frozen=True, slots=True)
class _Weighted:
    """Items to draw from, each as often as its weight says."""

    items: Sequence[Any]
    sums: Sequence[float]

    @classmethod
    def of(cls, weights: Mapping[Any, float]) -> "_Weighted":
        return cls(list(weights), list(accumulate(weights.values())))

    def at(self, drawn: float) -> Any:
        """The item for a number from 0 to 1, 1 excluded."""
        return self.items[bisect(self.sums, drawn * self.sums[-1], 0, len(self.items) - 1)]


@dataclass(frozen=True, slots=True)
class _World:
    """Everything that is the same for all families, made once."""

    country: Country
    amount: Amount
    quarters: list[_Quarter]
    days: list[str]
    districts: _Weighted
    points: int
    providers: list[str]
    samples: list[Fate]
    standings: _Weighted
    outcomes: _Weighted
    children: _Weighted
    names: Mapping[str, list[str]]
    shares: Mapping[str, Any]

    def day(self, ago: float) -> str:
        """The day that was so many days ago, or is to come for a negative number."""
        return self.days[int(ago) + _AHEAD]


_AHEAD, _BACK = 11 * 366, 95 * 366
_PAID = {"enrolled": 0, "suspended": 1, "exited": 2}
"""Status -> how many of the newest quarters are not paid any more; nobody else was ever paid."""


def _world(today: date, country: Country) -> _World:
    data = _data()
    provinces = [place["province"] for place in country.places.values()]
    return _World(
        country=country,
        amount=cache(country.amount),
        quarters=[_quarter(today, back) for back in range(CYCLES)],
        days=[str(today - timedelta(days=ago)) for ago in range(-_AHEAD, _BACK)],
        districts=_Weighted.of(
            {
                (index, code): data["provinces"][province] / provinces.count(province)
                for index, (code, province) in enumerate(zip(country.places, provinces, strict=True))
            }
        ),
        points=len(data["points"]),
        providers=data["providers"],
        samples=sample_fates(),
        standings=_weighted("standings"),
        outcomes=_weighted("outcomes"),
        children=_Weighted.of(dict(enumerate(data["people"]["children"]))),
        names={
            sex: [f"{first} {last}" for first in names["first"] for last in names["last"]]
            for sex, names in data["names"].items()
        },
        shares=data["people"],
    )


def _family(
    number: int,
    world: _World,
    random: Callable[[], float],
    member_ids: Iterator[int],
    enrolment_ids: Iterator[int],
    payment_ids: Iterator[int],
) -> Family:
    fate = world.samples[number - 1] if number <= len(world.samples) else _fate(world, random)
    place, district = world.districts.at(random())
    since = 20 + random() * 1400
    people = _people(world, random)
    members = [_member(next(member_ids), number, person, fate, world, random) for person in people]
    enrolments: list[EnrolmentRow] = []
    payments: list[PaymentRow] = []
    for index, programme, status, reason in _enrolments(people, fate, world, random):
        enrolment = EnrolmentRow(
            id=next(enrolment_ids),
            member=members[index].id,
            programme=programme,
            status=status,
            reason=reason,
            since=world.day(since),
            payee=members[0].id if index else None,
        )
        enrolments.append(enrolment)
        for quarter in world.quarters[_PAID.get(status, CYCLES) :]:
            person = people[index]
            amount = world.amount(programme, quarter.begins, person.sex, person.age)
            if amount is not None and quarter.ago - 91 < since:
                payment = _payment(
                    next(payment_ids), enrolment.id, quarter, amount, fate, place, world, random
                )
                payments.append(payment)
    household = HouseholdRow(
        number,
        district,
        demo_phone(number) if number < PHONES else None,
        *_survey(fate, since, world, random),
    )
    return Family(household, members, enrolments, payments)


def _fate(world: _World, random: Callable[[], float]) -> Fate:
    status, reason = world.standings.at(random())
    if status != "enrolled":
        return Fate(status, reason, "withdrawn", None)
    return Fate(status, reason, *world.outcomes.at(random()))


def _survey(
    fate: Fate, since: float, world: _World, random: Callable[[], float]
) -> tuple[float | None, str | None]:
    """Poverty score and day of the survey, such as lead to this fate."""
    if fate.reason == "never_surveyed":
        return None, None
    limit = world.country.cut_off
    above = fate.reason == "score_above"
    score = 100 - random() * (99 - limit) if above else random() * limit
    age = since + 30 + random() * 90 + (1500 if fate.reason == "survey_old" else 0)
    return round(score, 2), world.day(age)


def _people(world: _World, random: Callable[[], float]) -> list[_Person]:
    shares = world.shares
    age = 20 + int(random() * 40)
    married = random() < shares["husband"]
    people = [_Person(WOMAN, "spouse" if married else "head", "f", age)]
    if married:
        people.append(_Person(HUSBAND, "head", "m", age + int(random() * 10)))
    oldest = min(22, age - 17)
    girl, boy = 3, 4
    for _ in range(world.children.at(random())):
        years = int(random() * oldest)
        if random() < 0.5:
            people.append(_Person(girl, "child", "f", years))
            girl += 2
        else:
            people.append(_Person(boy, "child", "m", years))
            boy += 2
    if random() < shares["parent"]:
        years = age + 18 + int(random() * 12)
        people.append(_Person(MOTHER, "parent", "f", years))
    return people


def _member(
    id: int, household: int, person: _Person, fate: Fate, world: _World, random: Callable[[], float]
) -> MemberRow:
    number, role, sex, age = person
    names = world.names[sex]
    cnic = demo_cnic(household, number)
    expires = None
    if number == WOMAN and "cnic_expired" in fate:
        expires = world.day(1 + random() * 700)
    elif age >= 18:
        expires = world.day(-30 - random() * 3500)
    return MemberRow(
        id,
        household,
        cnic,
        cnic[-4:],
        expires,
        names[int(random() * len(names))],
        sex,
        world.day((age + random()) * 365.25),
        role,
    )


def _enrolments(
    people: list[_Person], fate: Fate, world: _World, random: Callable[[], float]
) -> Iterator[tuple[int, str, str, str | None]]:
    """Index of the person, programme, status and reason. A child needs an enrolled mother."""
    yield 0, "kafaalat", fate.status, fate.reason
    if fate.status != "enrolled":
        return
    now = world.quarters[0].begins
    share = world.shares["enrolled_child"]
    infants = 0
    for index, person in enumerate(people):
        if person.role != "child" or random() >= share:
            continue
        status = "enrolled" if random() < 0.92 else "under_verification"
        for programme in ("taleemi_wazaif", "nashonuma"):
            if world.amount(programme, now, person.sex, person.age) is not None:
                infants += programme == "nashonuma"
                yield index, programme, status, None
    if infants:
        yield 0, "nashonuma", "enrolled", None


def _payment(
    id: int,
    enrolment: int,
    quarter: _Quarter,
    amount: int,
    fate: Fate,
    place: int,
    world: _World,
    random: Callable[[], float],
) -> PaymentRow:
    newest = quarter is world.quarters[0]
    first = place * world.points + 1
    if newest:
        status, reason = fate.outcome, fate.hindrance
        on = world.day(random() * (quarter.ago + 1))
        point = first + int(random() * world.points)
    else:
        collected = random() < world.shares["collected"]
        status, reason = ("withdrawn", None) if collected else ("returned", "not_collected")
        on = world.day(quarter.ago - 15 - random() * 45)
        point = first + 1 + int(random() * (world.points - 1))
    return PaymentRow(
        id,
        enrolment,
        quarter.cycle,
        amount,
        status,
        reason,
        None if status == "not_released" else on,
        None if status in ("not_released", "on_the_way") else point,
        world.providers[place % len(world.providers)],
        f"{enrolment * 7919 % 10_000:04d}",
    )


def _quarter(today: date, back: int) -> _Quarter:
    """The quarter so many before that of today."""
    year, index = divmod(today.year * 4 + (today.month - 1) // 3 - back, 4)
    begins = date(year, index * 3 + 1, 1)
    return _Quarter(f"{year}-Q{index + 1}", begins, (today - begins).days)


def _weighted(table: str) -> _Weighted:
    """Pairs of a status and its reason, None where it has none."""
    return _Weighted.of(
        {
            (status, reason or None): weight
            for status, reasons in _data()[table].items()
            for reason, weight in reasons.items()
        }
    )


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((files("services.registry") / "demo.toml").read_text("utf-8"))

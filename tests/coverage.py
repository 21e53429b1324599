"""`python -m tests.coverage`: what the tests ran of each room, and whether that is enough."""

import io
import sys

import coverage

FLOORS = {"bot": 100.0, "channels": 100.0, "services": 90.0}
"""Percent of statements and branches of each room that the tests must have run."""


def main() -> int:
    """Compare what the test run noted with the floors; 1 if a room is below."""
    measured = coverage.Coverage()
    measured.load()
    low = False
    for room, floor in FLOORS.items():
        found = measured.report(include=[f"{room}/*"], file=io.StringIO())
        sys.stdout.write(f"coverage of {room:<9}{found:6.2f} % (at least {floor:.0f} %)\n")
        if found < floor:
            low = True
            measured.report(include=[f"{room}/*"], skip_covered=True, show_missing=True)
    return int(low)


if __name__ == "__main__":
    sys.exit(main())

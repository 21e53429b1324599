"""`make bench`: every benchmark, one line a result."""

import sys

from benchmarks import audit, eligibility, engine, guard, lookup, smpp, turns, understanding

if __name__ == "__main__":
    kept = [
        understanding.run(),
        eligibility.run(),
        engine.run(),
        *(audit.run(kind) for kind in ("sqlite", "postgresql")),
        *(turns.run(kind) for kind in ("sqlite", "postgresql")),
        *(lookup.run(kind) for kind in ("sqlite", "postgresql")),
        guard.run("sqlite"),
        guard.run("postgresql", 2000),
        smpp.run(),
    ]
    sys.exit(not all(kept))

"""`make bench`: every benchmark, one line a result."""

import sys

from benchmarks import engine, turns, understanding

if __name__ == "__main__":
    kept = [understanding.run(), engine.run(), *(turns.run(kind) for kind in ("sqlite", "postgresql"))]
    sys.exit(not all(kept))

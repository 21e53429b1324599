"""One process of a host at a time: by a lock on a file, which the system releases when the process ends."""

import fcntl
from pathlib import Path
from typing import IO


def held(path: Path) -> IO[bytes] | None:
    """The lock, released when it is closed; None while another process has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file

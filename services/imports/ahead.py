"""An iterator that is run in a thread of its own, so that the next item is made while this one is used."""

from collections.abc import Iterable, Iterator
from queue import Full, Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterable[T], depth: int = 1) -> Iterator[T]:
    """The same items in the same order, up to `depth` of them waiting. What fails there is raised here."""
    made: Queue[tuple[T] | BaseException | None] = Queue(depth)
    left = Event()

    def put(item: tuple[T] | BaseException | None) -> None:
        while not left.is_set():
            try:
                return made.put(item, timeout=0.1)
            except Full:
                continue

    def make() -> None:
        try:
            for item in items:
                put((item,))
                if left.is_set():
                    return
            put(None)
        except BaseException as fault:  # whatever it is, it belongs to whoever asked for the items
            put(fault)

    thread = Thread(target=make, name="ahead", daemon=True)
    thread.start()
    try:
        while (item := made.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item[0]
    finally:
        left.set()
        thread.join()

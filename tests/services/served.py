"""A deployment behind a real server on a real port."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import uvicorn

from services.app import build_web
from services.settings import Settings
from services.turns import Parts
from tests.services.deployment import built


@contextmanager
def served(parts: Parts, settings: Settings | None = None) -> Iterator[httpx.Client]:
    """A client of the running service; it does not follow redirects."""
    app = build_web(built(parts), settings or Settings())
    config = uvicorn.Config(app, port=0, log_level="error", access_log=False, timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()

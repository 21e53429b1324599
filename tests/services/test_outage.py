"""The database is away for a while: nothing is acknowledged, and the provider's retry is answered."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
import sqlalchemy as sa

from services.privacy.identifiers import Keys
from services.store.engine import Store, open_store
from services.store.tables import outbound
from tests.channels.doubles import signed
from tests.services.deployment import deploy, rows
from tests.services.served import served

BODY = b"MessageSid=SM1&From=%2B923990000001&Body=salam"


@contextmanager
def away(url: str) -> Iterator[None]:
    """Nobody can use the database meanwhile."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        store = open_store(url)
        with store.engine.begin() as other:
            other.exec_driver_sql("BEGIN IMMEDIATE")  # the one writer's place is taken
            yield
        store.close()
        return
    server = f"user=postgres host={parsed.query['host']} dbname=postgres"
    with psycopg.connect(server, autocommit=True) as connection:
        name = parsed.database
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
        yield
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())


def test_a_retry_after_the_outage_is_answered_once(database_url: str, keys: Keys) -> None:
    store: Store = open_store(database_url, pool=2, patience=0.3)
    with served(deploy(store, keys)) as client:
        request = signed("/in/sms", BODY)
        send = {"content": request.body, "headers": dict(request.headers)}
        with away(database_url):
            for _ in range(2):
                refused = client.post("/in/sms", **send)
                assert refused.status_code == 503
                assert refused.headers["retry-after"]
                assert not refused.content
            page = client.post("/ur/", data={"id": "0" * 32, "text": "سلام"})
            assert page.status_code == 503
            assert "alert" in page.text
            if "sqlite" not in database_url:  # SQLite can still be read
                assert client.get("/health").status_code == 503
                shown = client.get("/ur/", headers={"cookie": "haqdar=" + "0" * 32})
                assert shown.status_code == 503
        assert not rows(store, outbound)
        answers = {client.post("/in/sms", **send).content for _ in range(2)}
        assert len(answers) == 1
        assert b"<Message" in answers.pop()
        assert len(rows(store, outbound)) == 1
        assert client.get("/health").json()["ready"]


@pytest.mark.parametrize("target", ["/in/sms?ref=x"])
def test_a_receipt_during_the_outage_comes_again(database_url: str, keys: Keys, target: str) -> None:
    store = open_store(database_url, pool=2, patience=0.3)
    with served(deploy(store, keys)) as client:
        request = signed(target, b"MessageSid=SM1&MessageStatus=delivered")
        with away(database_url):
            assert client.post(target, content=request.body, headers=dict(request.headers)).status_code == 503
        assert client.post(target, content=request.body, headers=dict(request.headers)).status_code == 200

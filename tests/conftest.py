"""Fixtures that every test may use. `store` runs a test twice: on SQLite and on PostgreSQL."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.texts import Catalogue
from bot.understand import Words
from services.app import build_catalogue
from services.privacy.identifiers import Keys
from services.store.engine import Store, open_store
from services.store.migrations import migrate
from services.vocabulary import load_words
from tests import databases


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update` writes the conversations anew; look at the difference before you commit it."""
    parser.addoption("--update", action="store_true", help="write the goldens anew")


def pytest_configure(config: pytest.Config) -> None:
    """One folder for all processes of a run: pytest-xdist starts its workers after this."""
    if not hasattr(config, "workerinput"):
        databases.begin_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    """The process that made the folder clears it away."""
    if not hasattr(config, "workerinput"):
        databases.end_run()


@pytest.fixture(scope="session")
def postgresql() -> str:
    """Where the PostgreSQL server of this run is."""
    return databases.postgresql_server()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every table and no row, to be copied."""
    file = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    store = open_store(f"sqlite:///{file}")
    migrate(store)
    store.close()
    return file


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql: str) -> Iterator[str]:
    """Name of a PostgreSQL database with every table and no row, to be copied."""
    with databases.postgresql_database(postgresql) as name:
        store = open_store(databases.postgresql_url(postgresql, name))
        migrate(store)
        store.close()
        yield name


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Each kind of database in turn."""
    return str(request.param)


@pytest.fixture
def empty_url(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """URL of a database without tables."""
    if database == "sqlite":
        yield f"sqlite:///{tmp_path / 'haqdar.db'}"
    else:
        server = request.getfixturevalue("postgresql")
        with databases.postgresql_database(server) as name:
            yield databases.postgresql_url(server, name)


@pytest.fixture
def database_url(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """URL of a database with every table and no row."""
    if database == "sqlite":
        file = tmp_path / "haqdar.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), file)
        yield f"sqlite:///{file}"
    else:
        server = request.getfixturevalue("postgresql")
        template = request.getfixturevalue("migrated_postgresql")
        with databases.postgresql_database(server, template=template) as name:
            yield databases.postgresql_url(server, name)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An open store with every table and no row."""
    store = open_store(database_url, pool=4, patience=1)
    yield store
    store.close()


@pytest.fixture(scope="session")
def keys() -> Keys:
    """Keys of a secret that only tests have."""
    return Keys.from_secret(b"a secret that is only for the tests")


@pytest.fixture(scope="session")
def words() -> Words:
    """What people say, in all languages."""
    return load_words()


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """What the bot says, in all languages."""
    return build_catalogue()

"""The partners' file: what is read from it, and what is said of what cannot be right."""

import asyncio
import hashlib
import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from services import checks, partners
from services.app import build, partners_of
from services.cli import app
from services.dci.keys import read_private, read_public, write_set
from services.dci.signatures import DIALECTS
from services.partners import KINDS, ClientPartner, Peer, RegistryPartner, load_partners
from services.privacy.identifiers import Keys
from services.registry import SCOPES
from services.registry.chosen import DEFAULT, PartnerSource, connect
from services.registry.lookup import Connected
from services.registry.sql import SqlRegistry
from services.settings import Settings
from services.store.engine import Store
from tests.dci.parties import THEM, US
from tests.dci.peers import write_keys
from tests.services.deployment import NOW

US_TABLE = f"""
[us]
id = "{US}"
key = "{US}.pem"
"""

REGISTRY = f"""
[[registries]]
name = "nser"
kind = "ibr"
id = "{THEM}"
base = "https://sr.example.org/dci/"
dialect = "openspp"
keys = "{THEM}.pub"
token = {{ file = "token" }}
scopes = ["enrolment.status"]
programmes = {{ KAFAALAT = "kafaalat" }}
"""

CLIENT = f"""
[[clients]]
name = "mis"
id = "{THEM}"
dialect = "jws-detached"
keys = "{THEM}.pub"
token_sha256 = "{hashlib.sha256(b"theirs").hexdigest()}"
fields = ["enrolment"]
"""


def load(folder: Path, text: str, **environ: str) -> Any:
    write_keys(folder)
    (folder / "token").write_text("the-token\n", "ascii")
    (folder / "empty").touch()
    file = folder / "partners.toml"
    file.write_text(text, "utf-8")
    return load_partners(file, environ)


def test_a_whole_file(tmp_path: Path) -> None:
    partners = load(tmp_path, US_TABLE + REGISTRY + CLIENT)
    (registry,), (client,) = partners.registries, partners.clients
    assert registry.base == "https://sr.example.org/dci"
    assert registry.token.get_secret_value() == "the-token"
    assert (registry.id_type, registry.locale, registry.largest) == ("UIN", "urd", 256 * 1024)
    assert registry.signs is DIALECTS["openspp"]
    assert (client.per_minute, client.batch, client.search_by) == (60, 1, {"UIN"})
    assert partners.us.signing.id == partners.us.key.id
    named = load(tmp_path, US_TABLE + 'key_id = "2026"')
    assert named.us.signing.id == "2026"
    assert (named.registries, named.clients) == ((), ())
    for shown in (repr(partners), repr(registry)):
        assert "the-token" not in shown


PAYMENTS = REGISTRY.replace('"ibr"', '"payments"').replace('"enrolment.status"', '"payment.timeline"')


@pytest.mark.parametrize("registry", [REGISTRY, PAYMENTS + 'programme = "kafaalat"'])
def test_a_partner_is_a_source_whose_connections_are_let_go_of(
    registry: str, keys: Keys, store: Store, tmp_path: Path
) -> None:
    partners = load(tmp_path, US_TABLE + registry.replace("scopes", "timeout = 1.5\nscopes"))
    ours = SqlRegistry(store, keys, lambda: NOW.date())

    def sources(name: str) -> list[Connected]:
        chosen = (*DEFAULT, PartnerSource(kind="partner", name=name))
        return connect(chosen, store=ours, keys=keys, clock=lambda: NOW, partners=partners)

    own, theirs = sources("nser")
    assert (own.close, theirs.registry.name) == (None, "nser")
    assert theirs.close is not None
    assert theirs.timeout == 1.5, "its own is shorter"
    asyncio.run(theirs.close())
    for strange in ("nadra", "store"):
        with pytest.raises(ValueError, match=strange):
            sources(strange)


def test_the_page_for_operators_says_what_is_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(partners.__file__).parent / "PARTNERS.md").read_text("utf-8")
    blocks = re.findall(r"```toml\n# (\w+)/(\S+)\n(.*?)```", page, re.S)
    assert [name for _, name, _ in blocks] == ["haqdar.toml", "partners.toml"] * 2
    for side in ("registry", "helpline"):
        CliRunner().invoke(app, ["partner-key", str(tmp_path / f"{side}.pem")])
        key = read_private((tmp_path / f"{side}.pem").read_bytes())
        (tmp_path / f"{side}.pub").write_text(json.dumps(write_set([key.public])))
    monkeypatch.setenv("REGISTRY_TOKEN", "t")
    for _, name, text in blocks:
        (tmp_path / name).write_text(text, "utf-8")
        monkeypatch.setenv("HAQDAR_CONFIG", str(tmp_path / "haqdar.toml"))
        if name == "partners.toml":
            read = load_partners(tmp_path / name, {"REGISTRY_TOKEN": "t"})
            settings = Settings(data_dir=tmp_path / read.us.id, partners=tmp_path / name)
            asyncio.run(build(settings).parts.sources.close())
    token, hashed = (re.search(pattern, page) for pattern in (r"REGISTRY_TOKEN=(\S+)", r'sha256 = "(\w+)"'))
    assert token
    assert hashed
    assert hashlib.sha256(token[1].encode()).hexdigest() == hashed[1]
    for table in (ClientPartner, RegistryPartner):
        assert not {name for name in table.model_fields if f"`{name}`" not in page}


def test_a_token_from_the_environment(tmp_path: Path) -> None:
    text = US_TABLE + REGISTRY.replace('{ file = "token" }', '{ env = "NSER_TOKEN" }')
    assert load(tmp_path, text, NSER_TOKEN="other").registries[0].token.get_secret_value() == "other"
    with pytest.raises(ValueError, match=r"registries\.0\.token: .*no token in NSER_TOKEN"):
        load(tmp_path, text)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('{ file = "token" }', '"the-token"', r"registries\.0\.token: .*does not stand here"),
        ('{ file = "token" }', '{ file = "token", env = "A" }', r"registries\.0\.token: .*does not stand"),
        ('{ file = "token" }', '{ file = "none" }', r"registries\.0\.token: .*none cannot be read"),
        ('"sr.example.org.pub"', '"none.pub"', r"registries\.0\.keys: .*none\.pub cannot be read"),
        ('"sr.example.org.pub"', '"token"', r"registries\.0\.keys: .*neither a public key"),
        ('"sr.example.org.pub"', "5", r"registries\.0\.keys: .*name a file"),
        ("https://sr", "http://sr", r"registries\.0\.base: .*an https address"),
        ("https://sr", "https://user@sr", r"registries\.0\.base: .*an https address"),
        ("/dci/", "/dci?a=1", r"registries\.0\.base: .*an https address"),
        ('"openspp"', '"none"', r"registries\.0\.dialect: "),
        ('kind = "ibr"', 'kind = "crvs"', r"registries\.0\.kind: "),
        ('kind = "ibr"', 'kind = "social"', r"registries\.0: .*scopes of kind social are person\.link"),
        ('kind = "ibr"', 'kind = "payments"\nprogramme = "kafaalat"', r"scopes of kind payments"),
        ('programmes = { KAFAALAT = "kafaalat" }', "", r"an ibr needs programmes"),
        ('["enrolment.status"]', "[]", r"scopes of kind ibr"),
        ('name = "nser"', 'name = "NSER"', r"registries\.0\.name: "),
        ('name = "nser"', 'name = "nser"\ncolour = "red"', r"registries\.0\.colour: "),
        ('{ file = "token" }', '{ file = "empty" }', r"registries\.0\.token: .*no token in empty"),
        ('name = "nser"', 'name = "nser"\ntimeout = 99', r"registries\.0\.timeout: "),
        ('name = "nser"', 'name = "nser"\nreference = "("', r"registries\.0\.reference: .*no regular"),
        ('name = "nser"', 'name = "nser"\nreference = "x"', r"registries\.0\.reference: .*year and quarter"),
        ('name = "nser"', 'name = "nser"\nca = "none.pem"', r"registries\.0\.ca: .*cannot be read"),
        ('name = "nser"', 'name = "nser"\nalgorithms = ["none"]', r"registries\.0\.algorithms"),
        ('name = "nser"', 'name = "nser"\nalgorithms = ["RS256"]', r"no key is of an algorithm"),
        ('name = "mis"', 'name = "mis"\ntoken = "theirs"', r"clients\.0\.token: "),
        ('fields = ["enrolment"]', 'fields = ["poverty_score"]', r"clients\.0\.fields"),
        ("token_sha256 = ", 'token_sha256 = "theirs" #', r"clients\.0\.token_sha256: "),
        ("[us]", "[we]", r"us: Field required"),
        ("[us]", "[us", r"partners\.toml: "),
        ('key = "bot.example.org.pem"', 'key = "bot.example.org.pub"', r"us\.key: .*not an unencrypted"),
        ("[[clients]]", REGISTRY + "[[clients]]", r"two partners have the same name"),
        ("[[clients]]", CLIENT.replace('"mis"', '"two"') + "[[clients]]", r"two clients have the same id"),
    ],
)
def test_what_cannot_be_right_is_named_and_not_shown(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = US_TABLE + REGISTRY + CLIENT
    assert old in text
    with pytest.raises(ValueError, match=said) as raised:
        load(tmp_path, text.replace(old, new, 1))
    assert "the-token" not in str(raised.value)


def test_payments_need_to_know_of_what_and_of_whom(tmp_path: Path) -> None:
    payments = REGISTRY.replace('"ibr"', '"payments"').replace("enrolment.status", "payment.timeline")
    good = payments + 'programme = "kafaalat"\nca = "token"\nreference = "(?P<year>.*)(?P<quarter>.)"\n'
    assert load(tmp_path, US_TABLE + good).registries[0].ca == tmp_path / "token"
    for bad in (payments, good + 'payee = "somebody"'):
        with pytest.raises(ValueError, match="payments need programme"):
            load(tmp_path, US_TABLE + bad)


def test_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none\.toml"):
        load_partners(tmp_path / "none.toml", {})


def test_loopback_may_do_without_tls(tmp_path: Path) -> None:
    text = US_TABLE + REGISTRY.replace("https://sr.example.org", "http://127.0.0.1:9000")
    assert load(tmp_path, text).registries[0].base == "http://127.0.0.1:9000/dci"


def test_every_dialect_can_be_named_and_every_kind_has_scopes() -> None:
    assert set(Peer.model_fields["dialect"].annotation.__args__) == set(DIALECTS)  # type: ignore[union-attr]
    assert all(scopes < SCOPES for scopes in KINDS.values())


def test_check_says_what_to_mend(tmp_path: Path) -> None:
    load(tmp_path, US_TABLE + REGISTRY)
    file = tmp_path / "partners.toml"
    settings = Settings(data_dir=tmp_path / "var", partners=file)
    partners = partners_of(settings)
    assert partners is not None
    assert partners_of(Settings()) is None
    out = Console(record=True, width=400)
    assert not checks.report(settings, out)
    file.write_text(US_TABLE + REGISTRY.replace("openspp", "none") + CLIENT.replace("mis", "MIS"), "utf-8")
    faults = checks.report(settings, out)
    assert len(faults) == 2
    assert "registries.0.dialect" in out.export_text()


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "ours.pem"
    made = CliRunner().invoke(app, ["partner-key", str(file)])
    assert made.exit_code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    private = read_private(file.read_bytes())
    (public,) = read_public(made.stdout[made.stdout.index("-----BEGIN") :].encode())
    assert public.verify(b"text", private.sign(b"text"))
    assert private.id in made.stdout
    assert "PRIVATE" not in made.stdout
    again = CliRunner().invoke(app, ["partner-key", str(file)])
    assert isinstance(again.exception, FileExistsError)
    assert read_private(file.read_bytes()).id == private.id


def test_a_token_and_its_hash() -> None:
    made = CliRunner().invoke(app, ["partner-token"]).stdout
    found = re.fullmatch(r"token +(\S+)\ntoken_sha256 +([0-9a-f]{64})\n", made)
    assert found
    assert len(found[1]) == 43
    assert hashlib.sha256(found[1].encode()).hexdigest() == found[2]

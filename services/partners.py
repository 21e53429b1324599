"""Partner systems, from one TOML file: registries that we ask, and clients that may ask us.

The file names keys and secrets, and holds none: a token is read from a file or an environment variable,
and of a token that a client shows us only the SHA-256 is known. `haqdar partner-key` and `haqdar
partner-token` make both; a token of theirs is random, so nobody can find it from its hash.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias
from urllib.parse import urlsplit

import tomli
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from services.dci.keys import Algorithm, PrivateKey, PublicKey, allowed, read_private, read_public
from services.dci.signatures import DIALECTS, Dialect
from services.registry import Scope

KINDS: Mapping[str, frozenset[Scope]] = {
    "social": frozenset({"person.link", "survey.recency"}),
    "ibr": frozenset({"person.link", "enrolment.status"}),
    "payments": frozenset({"payment.timeline"}),
}
"""What a registry of each kind can tell: a social one, one of beneficiaries, a G2P Connect payment system."""

TellableField: TypeAlias = Literal["name", "sex", "survey_date", "enrolment"]
"""What a client may be told besides the identifier that it asked with."""

_LOCAL = ("127.0.0.1", "localhost", "::1")


def _read(value: Any, info: ValidationInfo) -> bytes:
    """The content of a file that is named relative to the partners' file."""
    if not isinstance(value, str):
        raise ValueError("name a file")
    try:
        return (Path(info.context["folder"]) / value).read_bytes()  # type: ignore[index]
    except OSError as fault:
        raise ValueError(f"{value} cannot be read: {fault.strerror}") from None


def _file(value: Any, info: ValidationInfo) -> Path:
    _read(value, info)
    return Path(info.context["folder"]) / str(value)  # type: ignore[index]


def _private(value: Any, info: ValidationInfo) -> PrivateKey:
    return read_private(_read(value, info))


def _public(value: Any, info: ValidationInfo) -> tuple[PublicKey, ...]:
    return read_public(_read(value, info))


def _token(value: Any, info: ValidationInfo) -> SecretStr:
    match value:
        case {"env": str(name), **rest} if not rest:
            found = str(info.context["environ"].get(name, ""))  # type: ignore[index]
        case {"file": str(name), **rest} if not rest:
            found = _read(name, info).decode().strip()
        case _:
            raise ValueError('a token does not stand here: {env = "NAME"} or {file = "path"}')
    if not re.fullmatch(r"[\x21-\x7e]+", found):
        raise ValueError(f"there is no token in {name}")
    return SecretStr(found)


def _base(url: str) -> str:
    parsed = urlsplit(url)
    secure = parsed.scheme == "https" or (parsed.scheme == "http" and parsed.hostname in _LOCAL)
    if not secure or not parsed.hostname or parsed.query or parsed.fragment or parsed.username:
        raise ValueError("an https address without a query is needed")
    return url.rstrip("/")


def _pattern(value: str) -> str:
    try:
        names = set(re.compile(value).groupindex)
    except re.error as fault:
        raise ValueError(f"no regular expression: {fault}") from None
    if not {"year", "quarter"} <= names:
        raise ValueError("it must name the groups year and quarter")
    return value


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:/-]{1,90}$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Us(_Table):
    """Who we are to partners: `id` in headers, the private key that signs, where answers would go."""

    id: Name
    key: Annotated[PrivateKey, BeforeValidator(_private)]
    key_id: Name | None = None
    uri: str = ""

    @property
    def signing(self) -> PrivateKey:
        """The key under the name that partners know it by."""
        return PrivateKey(self.key_id or self.key.id, self.key.algorithm, self.key.key)


class Peer(_Table):
    """What is agreed with any partner: its id, how it signs, by which keys and algorithms."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]
    id: Name
    dialect: Literal["spdci-cavage", "openspp", "jws-detached", "openg2p", "jws-header"]
    keys: Annotated[tuple[PublicKey, ...], BeforeValidator(_public)]
    algorithms: frozenset[Algorithm] = frozenset({"EdDSA"})
    programmes: dict[str, str] = {}
    """Its programme ids -> ours."""

    locale: Annotated[str, Field(pattern=r"^[a-z]{3}$")] = "urd"

    @model_validator(mode="after")
    def _has_keys(self) -> Self:
        allowed(self.keys, self.algorithms)
        return self

    @property
    def signs(self) -> Dialect:
        """How it signs, and how we sign to it."""
        return DIALECTS[self.dialect]

    @property
    def trusted(self) -> tuple[PublicKey, ...]:
        """Its keys, as far as their algorithms are agreed."""
        return allowed(self.keys, self.algorithms)


class RegistryPartner(Peer):
    """A system that we ask about one person at a time."""

    kind: Literal["social", "ibr", "payments"]
    base: Annotated[str, AfterValidator(_base)]
    paths: dict[Literal["search", "enrolled", "status"], str] = {}
    token: Annotated[SecretStr, BeforeValidator(_token)]
    scopes: frozenset[Scope]
    id_type: str = "UIN"
    reg_type: str = ""
    reg_record_type: str = ""
    ask: Literal["search", "enrolled"] = "search"
    purpose: str = ""
    districts: dict[str, str] = {}
    """Its codes or names of places -> our codes of districts."""

    payee: str = "cnic:{cnic}@bisp"
    reference: Annotated[str, AfterValidator(_pattern)] = r"(?P<year>20\d\d)-?Q(?P<quarter>[1-4])"
    programme: str = ""
    timeout: Annotated[float, Field(gt=0, le=10)] = 2.5
    largest: Annotated[int, Field(ge=1024, le=4 * 1024 * 1024)] = 256 * 1024
    ca: Annotated[Path | None, BeforeValidator(_file)] = None
    proxy: str | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not self.scopes or not self.scopes <= KINDS[self.kind]:
            raise ValueError(f"scopes of kind {self.kind} are {', '.join(sorted(KINDS[self.kind]))}")
        if self.kind == "payments" and not (self.programme and "{cnic}" in self.payee):
            raise ValueError("payments need programme, and {cnic} in payee")
        if self.kind == "ibr" and not self.programmes:
            raise ValueError("an ibr needs programmes: its ids and ours")
        return self


class ClientPartner(Peer):
    """A system that may ask us; its name is the first part of the path it asks at."""

    token_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    fields: frozenset[TellableField]
    search_by: frozenset[str] = frozenset({"UIN"})
    per_minute: Annotated[int, Field(ge=1)] = 60
    per_day: Annotated[int, Field(ge=1)] = 5000
    batch: Annotated[int, Field(ge=1, le=20)] = 1
    """Persons in one message."""


class Partners(_Table):
    """Everybody whom we exchange messages with."""

    us: Us
    registries: tuple[RegistryPartner, ...] = ()
    clients: tuple[ClientPartner, ...] = ()

    @model_validator(mode="after")
    def _are_told_apart(self) -> Self:
        for group in (self.registries, self.clients):
            names = [one.name for one in group]
            if len(set(names)) < len(names):
                raise ValueError("two partners have the same name")
        ids = [client.id for client in self.clients]
        if len(set(ids)) < len(ids):
            raise ValueError("two clients have the same id")
        return self


def load_partners(file: Path, environ: Mapping[str, str]) -> Partners:
    """The partners of a file. ValueError names each value that cannot be right, and never shows it."""
    try:
        written = tomli.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomli.TOMLDecodeError) as fault:
        raise ValueError(f"{file}: {fault}") from None
    context = {"folder": file.parent, "environ": environ}
    try:
        return Partners.model_validate(written, context=context)
    except ValidationError as fault:
        lines = (f"{file}: {'.'.join(map(str, one['loc']))}: {one['msg']}" for one in fault.errors())
        raise ValueError("\n".join(lines)) from None

"""What must be known of an operator's SMPP account: as it stands in the settings, one `[[smpp]]` each."""

import ssl
from pathlib import Path
from typing import Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from bot.alphabets import TABLES
from channels.smpp.receipts import IdFormat
from channels.smpp.texts import Default

Mode: TypeAlias = Literal["transceiver", "transmitter", "receiver"]


class Profile(BaseModel):
    """One account. What an operator's contract does not say is best asked before going live."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9-]{1,20}$", description="our name for it; it stands in references")
    host: str = Field(min_length=1, description="address of the SMSC")
    port: int = Field(2775, ge=1, le=65535)
    tls: bool = Field(False, description="its certificate is checked against `tls_name`, or else `host`")
    tls_name: str = ""
    ca: Path | None = Field(None, description="certificate authorities (PEM); empty: the system's")
    system_id: str = Field(min_length=1, max_length=15)
    password: SecretStr = SecretStr("")
    system_type: str = Field("", max_length=12)
    address_range: str = Field("", max_length=40)
    binds: tuple[Mode, ...] = Field(("transceiver",), min_length=1, max_length=8)
    source: str = Field(
        "8171", max_length=20, description="the short code, or whatever people see as the sender"
    )
    source_ton: int = Field(0, ge=0, le=6)
    source_npi: int = Field(0, ge=0, le=18)
    service_type: str = Field("", max_length=5)
    country: str = Field("92", pattern=r"^[1-9][0-9]{0,2}$", description="of numbers that come without one")
    prefixes: tuple[str, ...] = Field((), description="+92300, ...: who is written to by this operator first")
    ussd: bool = Field(False, description="its binds also carry USSD: menus on the same code")
    default_alphabet: Default = Field("gsm7", description="what data_coding 0 means there")
    tables: tuple[str, ...] = Field((), description="national language tables that it carries: urdu")
    message_class: int | None = Field(None, ge=0, le=3, description="0 shows a text without keeping it")
    response_ids: IdFormat = Field("text", description="how message ids are written in responses")
    receipt_ids: IdFormat = Field("text", description="how they are written in receipts")
    receipts: bool = Field(True, description="ask for delivery receipts")
    window: int = Field(
        10, ge=1, le=1000, description="messages of one bind that may wait for their response"
    )
    rate: float | None = Field(None, gt=0, description="messages a second that one bind may send")
    queue: int = Field(1000, ge=1, description="messages that may wait to be sent")
    waiting: float = Field(20, gt=0, description="seconds that they may")
    response_timeout: float = Field(10, gt=0)
    keepalive: float = Field(30, gt=0, description="seconds of silence after which the link is tried")
    reconnect: float = Field(20, gt=0, description="most seconds between two tries to bind")
    inbound: int = Field(50, ge=1, description="texts of people that may be answered at the same time")
    repeatable: tuple[Literal["reply", "notice", "bulk"], ...] = Field(
        (), description="kinds of message that are sent again where it is not known whether they went out"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        strange = sorted(set(self.tables) - set(TABLES))
        if strange:
            raise ValueError(f"no tables are called {strange[0]}: {', '.join(TABLES)}")
        if self.tables and self.default_alphabet == "latin1":
            raise ValueError("national language tables need septets, not latin1, as the default alphabet")
        if all(mode == "receiver" for mode in self.binds):
            raise ValueError("one of the binds must be able to send")
        return self

    @property
    def encryption(self) -> ssl.SSLContext | None:
        """How the link is encrypted; certificate and name are always checked. OSError for a bad `ca`."""
        if not self.tls:
            return None
        return ssl.create_default_context(cafile=str(self.ca) if self.ca else None)

    @property
    def server_name(self) -> str | None:
        """The name that the certificate must be of."""
        return (self.tls_name or self.host) if self.tls else None

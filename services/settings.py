"""Every setting, from the environment (HAQDAR_...) or a TOML file; nothing else reads either."""

import os
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from services.registry.chosen import DEFAULT, Chosen

CONFIG = "HAQDAR_CONFIG"
"""Environment variable that names the TOML file; without it `haqdar.toml` is read if it is there."""


class Settings(BaseSettings):
    """The environment goes before the file. Secrets are masked wherever settings are shown."""

    model_config = SettingsConfigDict(env_prefix="HAQDAR_", extra="forbid")

    data_dir: Path = Field(Path("var"), description="folder of the embedded database and of its key")
    database_url: str = Field("", description="sqlite:///path or postgresql://...; empty: SQLite in data_dir")
    secret_key: SecretStr | None = Field(
        None, description="at least 32 characters; empty: made once and kept in data_dir"
    )
    secret_key_previous: tuple[SecretStr, ...] = Field(
        (), description="the secret keys before it, newest first: they are needed as long as the database is"
    )
    public_url: str = Field(
        "",
        description="what providers call, and what their signatures are checked against; empty: this machine",
    )
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=1, le=65535, description="port to listen on")
    default_language: str = Field("ur", description="language of a conversation before it is known")
    deadline: float = Field(3.0, gt=0, le=10, description="seconds that look-ups may take in one turn")
    pool: int = Field(8, ge=1, le=64, description="PostgreSQL connections of one process")
    disclosure: Literal["registered_phone", "anyone"] = Field(
        "registered_phone",
        description="who learns a status: the registered phone, or anyone the bare word",
    )
    sources: tuple[Chosen, ...] = Field(
        DEFAULT, description="registries that are asked, as [[sources]]; by default our own tables"
    )
    refusal_bucket: float | None = Field(
        None,
        ge=0,
        le=10,
        description="a refusal leaves at a multiple of so many seconds, more than sources take, so that its "
        "time tells nothing; empty: 0.25, or a tenth more than the longest timeout of a source elsewhere "
        "that knows phones",
    )
    guard_limits: Path | None = Field(None, description="file in place of services/privacy/guard.toml")
    trusted_proxies: str = Field(
        "127.0.0.1",
        description="proxies whose X-Forwarded-For tells where a web visitor comes from, by commas",
    )
    partners: Path | None = Field(
        None, description="TOML file of partner systems: registries to ask, clients to answer"
    )
    complaint_categories: Path | None = Field(
        None, description="file of categories and deadlines of complaints; empty: the one that comes along"
    )
    twilio_account_sid: str = Field("", description="Twilio account, AC...")
    twilio_auth_token: SecretStr | None = Field(None, description="Twilio auth token")
    twilio_sms_sender: str = Field("", description="number or messaging service (MG...) for SMS")
    twilio_whatsapp_sender: str = Field("", description="WhatsApp sender, whatsapp:+...")
    telegram_token: SecretStr | None = Field(None, description="bot token from BotFather")
    telegram_secret: SecretStr | None = Field(
        None, description="secret that Telegram repeats in each webhook"
    )
    telegram_mode: Literal["webhook", "polling"] = Field(
        "webhook", description="polling needs no public address: for development"
    )

    @model_validator(mode="after")
    def _fill_public_url(self) -> Self:
        self.public_url = self.public_url or f"http://127.0.0.1:{self.port}"
        return self

    @property
    def database(self) -> str:
        """The database URL that is in force."""
        return self.database_url or f"sqlite:///{self.data_dir / 'haqdar.db'}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then environment, then the TOML file."""
        file = Path(os.environ.get(CONFIG, "haqdar.toml"))
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, file)

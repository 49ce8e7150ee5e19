"""One frozen Settings from the environment; it refuses default secrets outside development."""

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.money import CurrencyCode, Limit

EXAMPLE_SENDER = "policies@paybind.example"
_DATABASES = ("sqlite:///", "postgresql://", "postgres://", "postgresql+asyncpg://")
_REDIS = ("redis://", "rediss://")
LIVE_NEEDS = (
    "stripe_webhook_secret",
    "sendgrid_api_key",
    "sendgrid_webhook_public_key",
    "paybind_encryption_keys",
)


class Settings(BaseSettings):
    """Names of the environment in upper case; ``.env`` is read too. Amounts are minor units."""

    model_config = SettingsConfigDict(
        env_file=os.environ.get("PAYBIND_ENV_FILE", ".env"),
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    # What this installation is
    paybind_mode: Literal["test", "live"] = "test"
    paybind_env: Literal["development", "production"] = "development"
    paybind_home: Path = Path(".paybind")
    public_url: str | None = Field(None, alias="BACKEND_API_URL")

    # Where the parts are; port 0 picks a free one
    temporal_address: str | None = None
    temporal_namespace: str = "default"
    temporal_port: int = 7233
    temporal_ui_port: int = 8233
    database_url: str | None = None
    api_host: str = "127.0.0.1"
    api_port: int = 8085
    simulators_port: int = 8086
    worker_metrics_port: int = 9464  # on api_host
    metrics_peers: str | None = Field(
        None, pattern=r"^(none|\w+=[^\s,=]+:\d+(,\w+=[^\s,=]+:\d+)*)$"
    )

    # Stripe
    stripe_secret_key: SecretStr | None = None
    stripe_publishable_key: str | None = None  # not used: the page that pays is Stripe's
    stripe_webhook_secret: SecretStr | None = None
    stripe_currency: str = "SGD"  # of the tool initiate_purchase where none is named
    stripe_api_base: str | None = None

    # JustiFi
    justifi_client_id: str | None = None
    justifi_client_secret: SecretStr | None = None
    justifi_base_url: str | None = None
    justifi_sub_account: str | None = None
    justifi_webhook_secret: SecretStr | None = None

    # SendGrid
    sendgrid_api_key: SecretStr | None = None
    sendgrid_api_base: str | None = None
    sendgrid_webhook_public_key: str | None = None
    email_from: str = EXAMPLE_SENDER
    email_from_name: str = "Paybind Insurance"

    finance_email: str | None = None  # who hears of payouts that failed or are overdue

    # What else stands on policies and under letters
    email_address: str = "1 Example Quay|Singapore 049315"  # the postal one, line|line
    brand_telephone: str | None = None
    brand_signatory: str = "Chief Underwriting Officer"

    # Pages
    payment_success_url: str | None = None
    payment_cancel_url: str | None = None
    widget_base_url: str | None = None
    codec_allowed_origins: tuple[str, ...] = ()

    # Secrets and places
    paybind_encryption_keys: SecretStr | None = None  # "id:base64,id:base64"; the first seals
    paybind_api_key: SecretStr | None = None  # the stdio MCP server speaks with it
    paybind_documents_url: str | None = None
    paybind_redis_url: SecretStr | None = None  # never needed: what replicas share for speed

    # Agents
    paybind_mcp_toolsets: str = "purchases"  # comma-separated
    paybind_mcp_read_only: bool = False
    langsmith_tracing: bool = False
    langsmith_api_key: SecretStr | None = None
    langsmith_endpoint: str | None = None
    langsmith_project: str | None = None

    # Rules of this installation
    max_amount_minor: int = Field(1_000_000, ge=0)  # meant for two decimal places
    max_amounts_minor: Mapping[CurrencyCode, int] = {}
    refund_approval_above_minor: int = Field(50_000, ge=0)
    refund_approvals_above_minor: Mapping[CurrencyCode, int] = {}
    document_link_seconds: int = 3600
    renderer_processes: int = 1
    max_body_bytes: int = 512_000

    @field_validator("database_url")
    @classmethod
    def _is_of_a_known_database(cls, url: str | None) -> str | None:
        """It is not repeated: it may hold a password."""
        if url is None or url.startswith(_DATABASES):
            return url
        raise ValueError("DATABASE_URL must begin with sqlite:/// or postgresql://")

    @field_validator("paybind_redis_url")
    @classmethod
    def _is_of_a_redis(cls, url: SecretStr | None) -> SecretStr | None:
        """It is not repeated: it may hold a password."""
        if url is None or url.get_secret_value().startswith(_REDIS):
            return url
        raise ValueError("PAYBIND_REDIS_URL must begin with redis:// or rediss://")

    @model_validator(mode="after")
    def _tracing_has_its_key(self) -> Self:
        if self.langsmith_tracing and self.langsmith_api_key is None:
            raise ValueError("LANGSMITH_TRACING=true needs LANGSMITH_API_KEY")
        return self

    @model_validator(mode="after")
    def _justifi_is_whole_and_of_this_mode(self) -> Self:
        secret = self.justifi_client_secret
        if self.justifi_client_id is None or secret is None:
            if self.justifi_client_id is not None or secret is not None:
                raise ValueError("JUSTIFI_CLIENT_ID and JUSTIFI_CLIENT_SECRET go together")
            return self
        given = (self.justifi_client_id, secret.get_secret_value())
        are_live = {each.startswith("live_") for each in given}
        if True in are_live and self.paybind_mode != "live":
            raise ValueError("live JustiFi credentials need PAYBIND_MODE=live")
        if False in are_live and self.paybind_mode == "live":
            raise ValueError("PAYBIND_MODE=live needs live JustiFi credentials, or none")
        if self.paybind_mode == "live" and self.justifi_webhook_secret is None:
            raise ValueError("PAYBIND_MODE=live needs JUSTIFI_WEBHOOK_SECRET")
        return self

    @model_validator(mode="after")
    def _test_and_live_never_mix(self) -> Self:
        key = self.stripe_secret_key.get_secret_value() if self.stripe_secret_key else ""
        is_live_key = key.startswith(("sk_live_", "rk_live_"))
        if is_live_key and self.paybind_mode != "live":
            raise ValueError("a live Stripe key needs PAYBIND_MODE=live")
        if self.paybind_mode == "live":
            self._require_live(is_live_key)
        if self.paybind_env == "production" and self.paybind_encryption_keys is None:
            raise ValueError("PAYBIND_ENCRYPTION_KEYS must be set when PAYBIND_ENV=production")
        return self

    def _require_live(self, is_live_key: bool) -> None:
        if not is_live_key:
            raise ValueError("PAYBIND_MODE=live needs a live STRIPE_SECRET_KEY")
        missing = [name.upper() for name in LIVE_NEEDS if getattr(self, name) is None]
        if self.email_from == EXAMPLE_SENDER:
            missing.append("EMAIL_FROM")
        if missing:
            raise ValueError(f"PAYBIND_MODE=live needs {', '.join(missing)}")

    @property
    def livemode(self) -> bool:
        return self.paybind_mode == "live"

    @property
    def max_amount(self) -> Limit:
        return Limit(default_minor=self.max_amount_minor, by_currency=self.max_amounts_minor)

    @property
    def refund_approval_above(self) -> Limit:
        return Limit(
            default_minor=self.refund_approval_above_minor,
            by_currency=self.refund_approvals_above_minor,
        )

    @cached_property
    def database(self) -> str:
        """The SQLAlchemy URL, with PostgreSQL's async driver filled in."""
        url = self.database_url or f"sqlite:///{self.paybind_home.absolute() / 'paybind.db'}"
        for plain, driven in (
            ("postgresql://", "postgresql+asyncpg://"),
            ("postgres://", "postgresql+asyncpg://"),
        ):
            if url.startswith(plain):
                return driven + url.removeprefix(plain)
        return url

    @property
    def documents(self) -> str:
        return self.paybind_documents_url or str(self.paybind_home.absolute() / "documents")

    @property
    def api_bases(self) -> dict[str, str | None]:
        """Where providers are reached, by connection_code; None and no entry: their own address."""
        return {
            "stripe": self.stripe_api_base,
            "sendgrid": self.sendgrid_api_base,
            "justifi": self.justifi_base_url,
        }

    @property
    def redis_url(self) -> str | None:
        return self.paybind_redis_url.get_secret_value() if self.paybind_redis_url else None

    @property
    def paying_out(self) -> tuple[str, ...]:
        """The providers whose own accounts, of the keys set here, tell of payouts."""
        return ("justifi",) if self.justifi_client_id is not None else ()

    @property
    def accounts_of_the_environment(self) -> frozenset[str]:
        """By connection_code: those whose API can be asked by the names of its operations."""
        return frozenset({"justifi"} if self.justifi_client_id is not None else ())

    @property
    def temporal(self) -> str:
        return self.temporal_address or f"127.0.0.1:{self.temporal_port}"

    @property
    def metrics_addresses(self) -> dict[str, str]:
        """Whose figures the api adds to its own, name by host:port; this machine's worker's."""
        if self.metrics_peers == "none":  # a word, because what is empty is as if it were not set
            return {}
        if self.metrics_peers is not None:
            return dict(peer.split("=") for peer in self.metrics_peers.split(","))
        if not self.worker_metrics_port:
            return {}
        return {"worker": f"127.0.0.1:{self.worker_metrics_port}"}

    @property
    def api_url(self) -> str:
        """The address customers and providers reach us at, without a trailing slash."""
        return (self.public_url or f"http://{self.api_host}:{self.api_port}").rstrip("/")

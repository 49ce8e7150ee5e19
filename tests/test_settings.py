"""What the settings refuse, and that .env.example and docker-compose.yml know them all."""

import json
import re
from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from connections import brand
from gateways.brand import Brand
from settings import EXAMPLE_SENDER, Settings

HOUSE = Path(__file__).parents[1]
KEYS = "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
LIVE = {
    "PAYBIND_MODE": "live",
    "STRIPE_SECRET_KEY": "sk_live_x",
    "STRIPE_WEBHOOK_SECRET": "whsec_x",
    "SENDGRID_API_KEY": "SG.x",
    "SENDGRID_WEBHOOK_PUBLIC_KEY": "MFkw",
    "EMAIL_FROM": "policies@insurer.example",
    "PAYBIND_ENCRYPTION_KEYS": KEYS,
}
PUBLIC = {"PAYBIND_MODE", "SENDGRID_WEBHOOK_PUBLIC_KEY", "EMAIL_FROM", "JUSTIFI_CLIENT_ID"}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An empty environment, away from anybody's .env."""
    monkeypatch.chdir(tmp_path)
    return monkeypatch


def read(environment: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        environment.setenv(name, value)
    return Settings()


def test_nothing_has_to_be_set_on_a_developers_machine(environment: pytest.MonkeyPatch) -> None:
    settings = read(environment)

    assert not settings.livemode
    assert settings.database.startswith("sqlite:///")
    assert settings.api_url == "http://127.0.0.1:8085"


def test_the_figures_of_the_worker_on_this_machine_are_added_unless_others_are_named(
    environment: pytest.MonkeyPatch,
) -> None:
    assert read(environment).metrics_addresses == {"worker": "127.0.0.1:9464"}
    assert read(environment, WORKER_METRICS_PORT="0").metrics_addresses == {}
    assert (
        read(environment, WORKER_METRICS_PORT="9464", METRICS_PEERS="none").metrics_addresses == {}
    )
    named = read(environment, METRICS_PEERS="worker=worker:9464,documents=10.0.0.8:9465")
    assert named.metrics_addresses == {"worker": "worker:9464", "documents": "10.0.0.8:9465"}


@pytest.mark.parametrize(
    "peers", ["worker", "none,a=b:1", "worker=worker", "worker:9464", "a=b:1,", "a=b:1, c=d:2"]
)
def test_workers_named_in_another_way_are_refused(
    environment: pytest.MonkeyPatch, peers: str
) -> None:
    with pytest.raises(ValidationError, match="metrics_peers"):
        read(environment, METRICS_PEERS=peers)


@pytest.mark.parametrize("key", ["sk_live_x", "rk_live_x"])
def test_a_live_key_is_refused_in_test_mode(environment: pytest.MonkeyPatch, key: str) -> None:
    with pytest.raises(ValidationError, match="PAYBIND_MODE=live"):
        read(environment, STRIPE_SECRET_KEY=key)


def test_live_mode_refuses_a_test_key(environment: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError, match="needs a live STRIPE_SECRET_KEY"):
        read(environment, **LIVE | {"STRIPE_SECRET_KEY": "sk_test_x"})


@pytest.mark.parametrize("missing", sorted(set(LIVE) - {"PAYBIND_MODE"}))
def test_live_mode_refuses_to_start_without(environment: pytest.MonkeyPatch, missing: str) -> None:
    with pytest.raises(ValidationError, match=missing):
        read(environment, **{name: value for name, value in LIVE.items() if name != missing})


def test_live_mode_starts_with_all_its_keys(environment: pytest.MonkeyPatch) -> None:
    assert read(environment, **LIVE).livemode


def test_live_mode_refuses_the_example_as_sender(environment: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError, match="EMAIL_FROM"):
        read(environment, **LIVE | {"EMAIL_FROM": EXAMPLE_SENDER})


JUSTIFI = {"JUSTIFI_CLIENT_ID": "test_id", "JUSTIFI_CLIENT_SECRET": "test_secret"}
LIVE_JUSTIFI = {
    "JUSTIFI_CLIENT_ID": "live_id",
    "JUSTIFI_CLIENT_SECRET": "live_secret",
    "JUSTIFI_WEBHOOK_SECRET": "sigk_x",
}


@pytest.mark.parametrize("left_out", ["JUSTIFI_CLIENT_ID", "JUSTIFI_CLIENT_SECRET"])
def test_half_of_justifis_credentials_is_refused(
    environment: pytest.MonkeyPatch, left_out: str
) -> None:
    with pytest.raises(ValidationError, match="go together"):
        read(environment, **JUSTIFI | {left_out: ""})


@pytest.mark.parametrize("live", ["JUSTIFI_CLIENT_ID", "JUSTIFI_CLIENT_SECRET"])
def test_live_justifi_credentials_are_refused_in_test_mode(
    environment: pytest.MonkeyPatch, live: str
) -> None:
    with pytest.raises(ValidationError, match="PAYBIND_MODE=live"):
        read(environment, **JUSTIFI | {live: "live_x"})


@pytest.mark.parametrize("name", ["JUSTIFI_CLIENT_ID", "JUSTIFI_CLIENT_SECRET"])
def test_live_mode_refuses_test_credentials_of_justifi(
    environment: pytest.MonkeyPatch, name: str
) -> None:
    with pytest.raises(ValidationError, match="live JustiFi credentials, or none"):
        read(environment, **LIVE | LIVE_JUSTIFI | {name: "test_x"})


def test_live_mode_goes_without_justifi_but_not_without_its_webhook_secret(
    environment: pytest.MonkeyPatch,
) -> None:
    assert read(environment, **LIVE).justifi_client_id is None
    assert read(environment, **LIVE | LIVE_JUSTIFI).justifi_client_id == "live_id"
    with pytest.raises(ValidationError, match="JUSTIFI_WEBHOOK_SECRET"):
        read(environment, **LIVE | LIVE_JUSTIFI | {"JUSTIFI_WEBHOOK_SECRET": ""})


def test_justifi_is_reached_at_its_own_address_unless_another_is_set(
    environment: pytest.MonkeyPatch,
) -> None:
    assert read(environment, **JUSTIFI).api_bases["justifi"] is None
    elsewhere = "http://127.0.0.1:8086/justifi/v1"
    assert read(environment, JUSTIFI_BASE_URL=elsewhere).api_bases["justifi"] == elsewhere


def test_the_address_of_a_redis_is_not_shown(environment: pytest.MonkeyPatch) -> None:
    redis = read(environment, PAYBIND_REDIS_URL="rediss://:password@redis:6379/0")
    with pytest.raises(ValidationError, match="redis://") as refused:
        read(environment, PAYBIND_REDIS_URL="http://:password@redis:6379/0")

    assert redis.redis_url == "rediss://:password@redis:6379/0"
    assert read(environment, PAYBIND_REDIS_URL="").redis_url is None
    assert "password" not in repr(redis)
    assert "password" not in str(refused.value)


def test_policies_and_letters_bear_the_insurers_name_and_address(
    environment: pytest.MonkeyPatch,
) -> None:
    settings = read(
        environment,
        EMAIL_FROM="policies@insurer.example",
        EMAIL_FROM_NAME="Insurer",
        EMAIL_ADDRESS="2 High Street | London E1 |",
        BRAND_TELEPHONE="+44 20 7946 0000",
        BRAND_SIGNATORY="A. Underwriter",
    )

    assert brand(settings) == Brand(
        name="Insurer",
        email="policies@insurer.example",
        address=("2 High Street", "London E1"),
        telephone="+44 20 7946 0000",
        signatory="A. Underwriter",
    )


def test_production_refuses_a_generated_encryption_key(environment: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError, match="PAYBIND_ENCRYPTION_KEYS must be set"):
        read(environment, PAYBIND_ENV="production")


def test_no_secret_shows_when_settings_are_printed(environment: pytest.MonkeyPatch) -> None:
    secrets = {**LIVE, **LIVE_JUSTIFI, "PAYBIND_API_KEY": "pbk_secret"}
    printed = repr(read(environment, **secrets))

    shown = [name for name, value in secrets.items() if value in printed]
    assert set(shown) <= PUBLIC


@pytest.mark.parametrize(
    ("given", "driven"),
    [
        ("postgresql://p:w@db/paybind", "postgresql+asyncpg://p:w@db/paybind"),
        ("postgres://p:w@db/paybind", "postgresql+asyncpg://p:w@db/paybind"),
        ("sqlite:///here.db", "sqlite:///here.db"),
        ("postgresql+asyncpg://db/paybind", "postgresql+asyncpg://db/paybind"),
    ],
)
def test_the_async_driver_is_filled_in(
    environment: pytest.MonkeyPatch, given: str, driven: str
) -> None:
    assert read(environment, DATABASE_URL=given).database == driven


def test_the_public_address_has_no_slash_at_its_end(environment: pytest.MonkeyPatch) -> None:
    settings = read(environment, BACKEND_API_URL="https://pay.example/")

    assert settings.api_url == "https://pay.example"


def test_policies_are_kept_where_it_is_said_and_beside_the_database_otherwise(
    environment: pytest.MonkeyPatch,
) -> None:
    assert read(environment).documents.endswith("/documents")
    bucket = "s3://policies/2026"
    assert read(environment, PAYBIND_DOCUMENTS_URL=bucket).documents == bucket


def test_limits_are_in_the_currency_of_what_they_limit(environment: pytest.MonkeyPatch) -> None:
    settings = read(
        environment,
        MAX_AMOUNT_MINOR="20000",
        MAX_AMOUNTS_MINOR='{"idr": 15000000000}',
        REFUND_APPROVALS_ABOVE_MINOR='{"JPY": 60000}',
    )

    limits = (settings.max_amount, settings.refund_approval_above)
    assert [limit.of("SGD").minor for limit in limits] == [20_000, 50_000]
    assert [limit.of("JPY").minor for limit in limits] == [200, 60_000]
    assert [limit.of("IDR").minor for limit in limits] == [15_000_000_000, 50_000]


def variables() -> dict[str, FieldInfo]:
    return {(field.alias or name).upper(): field for name, field in Settings.model_fields.items()}


def documented() -> dict[str, str]:
    """What .env.example holds, by name, the part for docker-compose.yml included."""
    text = (HOUSE / ".env.example").read_text("utf-8")
    return dict(re.findall(r"^#?([A-Z][A-Z0-9_]+)=(.*)$", text, re.MULTILINE))


def asked_for_by_compose() -> set[str]:
    text = (HOUSE / "docker-compose.yml").read_text("utf-8")
    return set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", text))


def written(default: object) -> str:
    if default is None:
        return ""
    return json.dumps(default) if isinstance(default, tuple | bool | dict) else str(default)


def test_env_example_documents_every_variable_and_no_other() -> None:
    assert set(documented()) == set(variables()) | asked_for_by_compose()


def test_env_example_tells_the_true_defaults() -> None:
    example = documented()

    assert {name: example[name] for name in variables()} == {
        name: written(field.default) for name, field in variables().items()
    }


def test_env_example_sets_nothing_when_copied_as_it_is() -> None:
    lines = (HOUSE / ".env.example").read_text("utf-8").splitlines()

    assert [line for line in lines if line and not line.startswith("#")] == []

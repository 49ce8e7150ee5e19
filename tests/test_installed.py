"""What `paybind up` leaves for the other commands, while it runs."""

import json
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from installed import left_for_commands, settings_of_command
from settings import Settings

CHOSEN = {
    "temporal_port": 20_001,
    "worker_metrics_port": 20_002,
    "stripe_secret_key": SecretStr("sk_test_simulated"),
    "stripe_webhook_secret": SecretStr("whsec_chosen"),
}


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Of a shell in which nothing is set but the home and ports."""
    monkeypatch.setenv("PAYBIND_HOME", str(tmp_path))
    monkeypatch.setenv("TEMPORAL_PORT", "0")
    monkeypatch.setenv("WORKER_METRICS_PORT", "9464")  # drawn anew by every installation
    return Settings()


def test_a_command_finds_what_the_running_installation_chose(given: Settings) -> None:
    with left_for_commands(given, given.model_copy(update=CHOSEN)):
        found = settings_of_command()

    assert found.temporal == "127.0.0.1:20001"
    assert found.database == given.database
    assert found.stripe_webhook_secret == CHOSEN["stripe_webhook_secret"]
    assert settings_of_command() == given  # it runs no more


def test_keys_that_were_given_are_not_written_and_those_chosen_only_for_their_owner(
    given: Settings, tmp_path: Path
) -> None:
    given = given.model_copy(update={"sendgrid_api_key": SecretStr("SG.of-the-customer")})

    with left_for_commands(given, given.model_copy(update=CHOSEN)):
        file = tmp_path / "installation.json"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert "SG.of-the-customer" not in file.read_text("utf-8")
        assert json.loads(file.read_text("utf-8"))["stripe_webhook_secret"] == "whsec_chosen"


@pytest.mark.parametrize(
    ("name", "value"),
    [("TEMPORAL_ADDRESS", "temporal.example:7233"), ("STRIPE_SECRET_KEY", "sk_test_another")],
)
def test_a_shell_that_means_another_installation_is_left_alone(
    given: Settings, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with left_for_commands(given, given.model_copy(update=CHOSEN)):
        monkeypatch.setenv(name, value)
        found = settings_of_command()

    assert found == Settings()
    assert found.stripe_webhook_secret is None


def test_a_shell_that_says_the_same_is_joined(
    given: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with left_for_commands(given, given.model_copy(update=CHOSEN)):
        monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:20001")
        assert settings_of_command().stripe_webhook_secret == CHOSEN["stripe_webhook_secret"]

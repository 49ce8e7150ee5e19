"""What a running `paybind up` chose by itself, left where the other commands find it."""

import contextlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from settings import Settings

# Where we look, and a port that is drawn whatever was asked for: neither says which one is meant.
_NOT_LEFT = {"paybind_home", "worker_metrics_port"}


@contextmanager
def left_for_commands(given: Settings, running: Settings) -> Iterator[None]:
    """Ports, addresses and the simulators' keys, as long as it runs; never a key that was given."""
    chosen = {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in running
        if value != getattr(given, name) and name not in _NOT_LEFT
    }
    chosen["temporal_address"] = running.temporal
    if given.database_url is None:
        chosen["database_url"] = running.database
    file = _file(running)
    draft = file.with_suffix(".new")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as state:
        json.dump(chosen, state)
    draft.replace(file)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def settings_of_command() -> Settings:
    """The environment's settings; what they leave open is as the running `paybind up` has it.

    Where they contradict it they mean another installation: then they stand alone.
    """
    settings = Settings()
    left: dict[str, object] = {}
    with contextlib.suppress(FileNotFoundError):
        left = json.loads(_file(settings).read_text("utf-8"))
    said = {name for name in settings.model_fields_set & left.keys() if getattr(settings, name)}
    if any(_plain(getattr(settings, name)) != left[name] for name in said):
        return settings
    return Settings.model_validate({name: left[name] for name in left.keys() - said})


def _plain(value: object) -> object:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _file(settings: Settings) -> Path:
    return settings.paybind_home / "installation.json"

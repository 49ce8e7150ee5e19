"""docker-compose.yml, the Dockerfile and the code agree."""

import re
from pathlib import Path
from typing import TypedDict

from ruamel.yaml import YAML

from settings import Settings

HOUSE = Path(__file__).parents[1]


class Service(TypedDict, total=False):
    image: str
    user: str
    read_only: bool
    cap_drop: list[str]
    command: list[str]
    expose: list[str]
    environment: dict[str, str | int | None]


def services() -> dict[str, Service]:
    with (HOUSE / "docker-compose.yml").open(encoding="utf-8") as file:
        read: dict[str, dict[str, Service]] = YAML(typ="safe").load(file)
    return read["services"]


def of_paybind() -> dict[str, Service]:
    return {n: s for n, s in services().items() if s["image"].startswith("paybind:")}


def test_every_variable_given_to_paybind_is_one_it_reads() -> None:
    known = {(field.alias or name).upper() for name, field in Settings.model_fields.items()}

    for name, service in of_paybind().items():
        assert set(service["environment"]) <= known, name


def test_the_api_is_told_of_every_worker_and_where_it_tells_its_figures() -> None:
    workers = {
        f"{name}={name}:{port}"
        for name, service in of_paybind().items()
        for port in service.get("expose", ())
        if service["command"][0] == "worker"
    }
    peers = str(services()["api"]["environment"]["METRICS_PEERS"])

    assert len(workers) == 2
    assert set(peers.removeprefix("${METRICS_PEERS:-").removesuffix("}").split(",")) == workers


def test_every_image_is_pinned_and_none_is_latest() -> None:
    tags = {service["image"].partition(":")[2] for service in services().values()}

    assert not tags & {"", "latest"}
    assert all(re.search(r"\d", tag) for tag in tags)


def test_every_service_gives_up_its_capabilities_and_paybind_writes_to_no_image() -> None:
    assert all(service["cap_drop"] == ["ALL"] for service in services().values())
    assert all(s["read_only"] and s["user"] == "10001:10001" for s in of_paybind().values())


def test_no_secret_has_a_default_in_the_compose_file() -> None:
    text = (HOUSE / "docker-compose.yml").read_text("utf-8")
    asked = re.findall(r"\$\{(\w+)(:[-?])?", text)
    secret = re.compile(r"PASSWORD|SECRET|API_KEY|ENCRYPTION")

    assert {mark for name, mark in asked if secret.search(name)} == {":?"}


def test_what_the_image_needs_is_let_into_the_build() -> None:
    let_in = set(re.findall(r"^!(\S+)$", (HOUSE / ".dockerignore").read_text(), re.MULTILINE))
    packages = {path.parent.name for path in HOUSE.glob("*/__init__.py")} - {"tests", "benchmarks"}

    assert packages | {"*.py", "templates", "requirements-production.lock"} <= let_in

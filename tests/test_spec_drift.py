"""`paybind spec-drift` tells what changed in words; what it could not read is never no change."""

import copy
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from pydantic import JsonValue
from typer.testing import CliRunner

from cli import app
from gateways.openapi_facts import facts_of_openapi
from gateways.spec_facts import Fact, Lock, UnreadableSpec, drift

HOUSE = Path(__file__).parents[1]
STRIPE_LOCK = HOUSE / "gateways/facts/stripe.lock.json"
Json = dict[str, JsonValue]

PAYOUT: Json = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "amount": {"type": "number"},
        "status": {"type": "string", "enum": ["paid", "failed"]},
        "bank_account": {"oneOf": [{"$ref": "#/components/schemas/Bank"}], "nullable": True},
        "fees": {"type": "array", "items": [{"$ref": "#/components/schemas/Fee"}]},
    },
    "required": ["id"],
}
DOCUMENT: Json = {
    "openapi": "3.0.0",
    "paths": {
        "/payouts/{payout_id}": {
            "get": {
                "parameters": [
                    {"in": "path", "name": "payout_id", "schema": {"type": "string"}},
                    {"$ref": "#/components/parameters/Sub"},
                ],
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Payout"}}
                        }
                    },
                    "404": {"description": "not kept"},
                },
            }
        },
        "/payments": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "properties": {"amount": {"type": "integer"}},
                                "required": ["amount"],
                            }
                        }
                    }
                },
                "responses": {
                    "402": {
                        "content": {
                            "application/json": {
                                "schema": {"properties": {"error": {"type": "object"}}}
                            }
                        }
                    }
                },
            }
        },
    },
    "x-webhooks": {
        "payouts": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"properties": {"id": {"type": "string"}}}}
                    }
                }
            }
        }
    },
    "components": {
        "parameters": {"Sub": {"in": "header", "name": "Sub-Account", "required": True}},
        "schemas": {
            "Payout": PAYOUT,
            "Bank": {"properties": {"last4": {"type": "string"}}},
            "Fee": {"properties": {"amount": {"type": "integer"}}},
        },
    },
}


@dataclass
class Desk:
    """Where the command is given a document, and a lock of the one above."""

    folder: Path
    lock: Path
    runner: CliRunner = field(default_factory=CliRunner)

    def compared(self, document: JsonValue) -> tuple[int, str]:
        place = self.folder / "document.json"
        place.write_text(json.dumps(document), "utf-8")
        return self.run(str(place))

    def run(self, against: str, *more: str) -> tuple[int, str]:
        words = ["spec-drift", "--against", against, "--lock", str(self.lock), *more]
        ran = self.runner.invoke(app, words)
        return ran.exit_code, ran.stdout

    def file(self, name: str, content: str | bytes) -> str:
        place = self.folder / name
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(place)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    opened = Desk(tmp_path, tmp_path / "lock.json")
    document = tmp_path / "locked.json"
    document.write_text(json.dumps(DOCUMENT), "utf-8")
    assert opened.run(str(document), "--write") == (0, "")
    return opened


@dataclass
class Publisher:
    url: str = ""
    status: int = 200
    body: bytes = b""
    claimed: int | None = None  # bytes, where more are announced than come


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    told = Publisher()

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(told.status)
            self.send_header("Content-Length", str(told.claimed or len(told.body)))
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, format: str, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        told.url = f"http://127.0.0.1:{server.server_port}/openapi.yaml"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield told
        server.shutdown()


def changed(name: str, value: JsonValue) -> Json:
    """The document with one field of its payout as it is said; None removes it."""
    document = copy.deepcopy(DOCUMENT)
    payout = copy.deepcopy(PAYOUT)
    properties = payout["properties"]
    assert isinstance(properties, dict)
    properties[name] = value
    if value is None:
        del properties[name]
    components = document["components"]
    assert isinstance(components, dict)
    components["schemas"] = {"Fee": {}, "Bank": {}, **_schemas(components), "Payout": payout}
    return document


def _schemas(components: Json) -> Json:
    schemas = components["schemas"]
    assert isinstance(schemas, dict)
    return schemas


PATH = "GET /payouts/{id}: answer"


def test_the_same_document_is_no_drift_as_json_or_as_yaml(desk: Desk) -> None:
    as_yaml = desk.file("document.yaml", yaml.safe_dump(DOCUMENT))

    assert desk.compared(DOCUMENT) == (0, "")
    assert desk.run(as_yaml) == (0, "")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("arrives_at", {"type": "string"}, "arrives_at was added (string)"),
        ("amount", None, "amount was removed"),
        ("amount", {"type": "string"}, "amount changed from number to string"),
        (
            "status",
            {"type": "string", "enum": ["paid", "forwarded"]},
            "status gained the value forwarded\n{path} status lost the value failed",
        ),
    ],
)
def test_an_added_a_removed_and_a_changed_field_are_told(
    desk: Desk, name: str, value: JsonValue, told: str
) -> None:
    assert desk.compared(changed(name, value)) == (1, f"{PATH} {told.format(path=PATH)}\n")


def test_what_becomes_required_or_goes_with_its_endpoint_is_told(desk: Desk) -> None:
    document = changed("status", {"type": "string", "enum": ["paid", "failed"]})
    paths, schemas = document["paths"], _schemas(document["components"])  # type: ignore[arg-type]
    assert isinstance(paths, dict)
    assert isinstance(schemas["Payout"], dict)
    schemas["Payout"]["required"] = ["amount"]
    del paths["/payments"]

    assert desk.compared(document) == (
        1,
        f"{PATH} amount became required\n{PATH} id is no longer required\nPOST /payments is gone\n",
    )


def test_an_endpoint_that_appears_is_told() -> None:
    fact = {"answer id": Fact(types=("string",), required=True, enum=("a", "b"))}

    assert list(drift({}, {"GET /balances": fact})) == ["GET /balances is new"]
    assert list(drift({"GET /x": {}}, {"GET /x": fact})) == [
        "GET /x: answer id was added (string; required; one of a, b)"
    ]
    assert next(drift({"GET /x": {"answer id": Fact()}}, {"GET /x": fact})) == (
        "GET /x: answer id changed from no type to string"
    )


def test_names_types_and_enums_are_kept_and_no_text() -> None:
    facts = facts_of_openapi(DOCUMENT, ["GET /payouts/{id}", "POST /payments", "EVENT payouts"])

    assert set(facts["GET /payouts/{id}"]) == {
        "path payout_id",
        "header Sub-Account",
        *("answer id", "answer amount", "answer status"),
        *("answer bank_account", "answer bank_account.last4", "answer fees"),
        "answer fees[].amount",
    }
    assert facts["GET /payouts/{id}"]["answer id"].types == ("string uuid",)
    assert facts["GET /payouts/{id}"]["answer bank_account"].types == ("null",)
    assert facts["GET /payouts/{id}"]["header Sub-Account"].required
    assert set(facts["POST /payments"]) == {"body amount", "decline error"}
    assert set(facts["EVENT payouts"]) == {"event id"}


def test_a_document_that_winds_without_end_is_read_to_a_depth() -> None:
    document = copy.deepcopy(DOCUMENT)
    schemas = _schemas(document["components"])  # type: ignore[arg-type]
    schemas["Bank"] = {"properties": {"bank": {"$ref": "#/components/schemas/Bank"}}}
    facts = facts_of_openapi(document, ["GET /payouts/{id}"])["GET /payouts/{id}"]
    schemas["Bank"] = {"$ref": "#/components/schemas/Bank"}

    assert "answer bank_account.bank.bank" in facts
    with pytest.raises(UnreadableSpec, match="refers to"):
        facts_of_openapi(document, ["GET /payouts/{id}"])


def test_what_alternatives_have_in_common_is_one_fact() -> None:
    document = copy.deepcopy(DOCUMENT)
    schemas = _schemas(document["components"])  # type: ignore[arg-type]
    bank: Json = {"properties": {"last4": {"type": "string", "enum": ["1"]}}}
    card: Json = {"properties": {"last4": {"type": "integer"}}}
    winding: Json = {"$ref": "#/components/schemas/Bank"}
    schemas["Bank"] = {"oneOf": [bank, card, winding]}
    facts = facts_of_openapi(document, ["GET /payouts/{id}"])["GET /payouts/{id}"]

    fact = facts["answer bank_account.last4"]
    assert (set(fact.types), fact.enum) == ({"string", "integer"}, ("1",))


def test_a_published_address_is_compared(desk: Desk, publisher: Publisher) -> None:
    publisher.body = yaml.safe_dump(DOCUMENT).encode()
    same = desk.run(publisher.url)
    publisher.body = yaml.safe_dump(changed("amount", None)).encode()

    assert same == (0, "")
    assert desk.run(publisher.url) == (1, f"{PATH} amount was removed\n")


def test_an_address_that_cannot_be_read_is_no_answer(desk: Desk, publisher: Publisher) -> None:
    publisher.status, publisher.body = 404, json.dumps(DOCUMENT).encode()
    missing = desk.run(publisher.url)
    publisher.status, publisher.body = 200, b"<html><body>Maintenance</body></html>"
    page = desk.run(publisher.url)
    publisher.body, publisher.claimed = json.dumps(DOCUMENT).encode(), 1_000_000
    cut = desk.run(publisher.url)

    assert [missing, page, cut] == [(2, "")] * 3
    assert desk.run("http://127.0.0.1:9/openapi.yaml") == (2, "")
    assert desk.run("http:///openapi.yaml") == (2, "")


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(DOCUMENT)[:-40],
        yaml.safe_dump(DOCUMENT, sort_keys=False)[:-400],
        yaml.safe_dump(DOCUMENT, sort_keys=False)[:600],
        "",
        "[]",
        "openapi: 3.0.0",
        "{" + '"a":{' * 100_000,
        "a: [b",
        json.dumps({"openapi": "3.0.0"}),
        json.dumps({"openapi": "3.0.0", "paths": {"/else": {"get": {}}}}),
        json.dumps(DOCUMENT | {"tags": [{"$ref": "#/components/schemas/CutOff"}]}),
        b"\xff\xfe\x00",
    ],
)
def test_a_bad_or_a_truncated_file_is_no_answer(desk: Desk, content: str | bytes) -> None:
    assert desk.run(desk.file("bad", content)) == (2, "")


def test_a_file_that_is_not_there_is_no_answer(desk: Desk, tmp_path: Path) -> None:
    assert desk.run(str(tmp_path / "none.json")) == (2, "")
    assert desk.run(str(tmp_path)) == (2, "")


def test_a_document_of_any_size_is_not_read(desk: Desk, tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as large:
        large.truncate(33 * 1024 * 1024)

    assert desk.run(str(tmp_path / "large")) == (2, "")


@pytest.mark.parametrize("content", ["", "{}", '{"of": "", "facts": {}}'])
def test_without_a_readable_lock_there_is_nothing_to_compare_with(desk: Desk, content: str) -> None:
    desk.lock.write_text(content, "utf-8")
    unreadable = desk.compared(DOCUMENT)
    desk.lock.unlink()

    assert [unreadable, desk.compared(DOCUMENT)] == [(2, "")] * 2


def test_what_was_written_is_told_once_and_is_the_new_lock(desk: Desk) -> None:
    document = changed("amount", None)
    place = desk.file("new.json", json.dumps(document))

    assert desk.run(place, "--write") == (0, f"{PATH} amount was removed\n")
    assert json.loads(desk.lock.read_text("utf-8"))["of"] == "as in new.json"  # no day, no folder
    assert desk.run(place) == (0, "")


@pytest.mark.slow
def test_the_installed_sdk_of_stripe_is_the_one_that_is_locked() -> None:
    ran = CliRunner().invoke(app, ["spec-drift", "--provider", "stripe"])

    assert (ran.exit_code, ran.stdout) == (0, "")


@pytest.mark.slow
def test_another_sdk_of_stripe_is_told_by_its_differences(tmp_path: Path) -> None:
    lock = Lock.read(STRIPE_LOCK.read_text("utf-8"))
    lock.facts["API"]["version"] = Fact(types=("2020-01-01.old",))
    del lock.facts["stripe.Refund"]["answer amount"]
    lock.facts["stripe.Payout"]["answer gone"] = Fact(types=("int",))
    place = tmp_path / "lock.json"
    place.write_text(lock.write(), "utf-8")

    ran = CliRunner().invoke(app, ["spec-drift", "--provider", "stripe", "--lock", str(place)])

    assert ran.exit_code == 1
    told = ran.stdout.splitlines()
    assert told[0].startswith("API: version changed from 2020-01-01.old to ")
    assert told[1:] == [
        "stripe.Payout: answer gone was removed",
        "stripe.Refund: answer amount was added (int)",
    ]


def test_stripe_is_not_compared_with_a_document(desk: Desk) -> None:
    assert desk.run(str(desk.lock), "--provider", "stripe") == (2, "")


@pytest.mark.slow
def test_justifis_models_are_those_of_the_locked_facts() -> None:
    pytest.importorskip("datamodel_code_generator")
    written = (HOUSE / "gateways/justifi_models.py").read_text("utf-8")
    show = "import justifi_models as m; print(m.generated(m.Lock.read(m.LOCK.read_text())), end='')"
    made = subprocess.run(
        [sys.executable, "-c", show],
        cwd=HOUSE / "scripts",
        capture_output=True,
        text=True,
        timeout=100,
    )

    assert made.stdout == written, made.stderr

"""The simulators in a process of their own, and a receiver for what they send."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
import sendgrid
import stripe
from pydantic import JsonValue, TypeAdapter
from stripe._base_address import BaseAddresses

from .justifi_desk import Desk, open_desk

HOUSE = Path(__file__).parents[2]
SECRET = "whsec_for_these_tests"
KEY = "sk_test_x"
PATIENCE = 15.0

Json = dict[str, JsonValue]
_JSON = TypeAdapter(Json)


@dataclass(frozen=True)
class Webhook:
    path: str
    headers: Message
    body: bytes

    @property
    def json(self) -> Json:
        return _JSON.validate_json(self.body)


@dataclass
class Receiver:
    """Takes every webhook; `answers` holds the statuses of the next ones, then it is 200."""

    url: str = ""
    received: list[Webhook] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def types(self) -> list[str]:
        return [str(webhook.json["type"]) for webhook in self.of("/stripe")]

    def of(self, path: str) -> list[Webhook]:
        return [webhook for webhook in self.received if webhook.path == path]

    def wait_for(self, *types: str) -> None:
        until(lambda: set(types) <= set(self.types()))


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@dataclass
class Simulators:
    arguments: list[str]
    url: str = ""
    sendgrid_public_key: str = ""
    process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "simulators", *self.arguments]
        self.process = subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        said = json.loads(self.process.stdout.readline())
        self.url, self.sendgrid_public_key = said["simulators"], said["sendgrid_public_key"]

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate(timeout=5)

    @property
    def client(self) -> stripe.StripeClient:
        return self.client_of(KEY)

    def client_of(self, key: str) -> stripe.StripeClient:
        hosts: BaseAddresses = {
            "api": self.url,
            "connect": self.url,
            "files": self.url,
            "meter_events": self.url,
        }
        return stripe.StripeClient(key, base_addresses=hosts, max_network_retries=0)

    @property
    def mail_client(self) -> sendgrid.SendGridAPIClient:
        client = sendgrid.SendGridAPIClient("SG.test", host=self.url)
        client.client.timeout = 10
        return client

    def post(self, path: str, **body: JsonValue) -> Json:
        answer = httpx.post(self.url + path, json=body, timeout=10)
        assert answer.is_success, answer.text
        return _JSON.validate_json(answer.content or b"{}")

    def get(self, path: str) -> Json:
        return _JSON.validate_json(httpx.get(self.url + path, timeout=10).content)

    def new_session(
        self,
        amount: int = 12_500,
        currency: str = "sgd",
        success_url: str = "https://shop.test/thanks?session={CHECKOUT_SESSION_ID}",
        key: str = KEY,
    ) -> stripe.checkout.Session:
        return self.client_of(key).v1.checkout.sessions.create(
            {
                "mode": "payment",
                "line_items": [
                    {
                        "quantity": 1,
                        "price_data": {
                            "currency": currency,
                            "unit_amount": amount,
                            "product_data": {"name": "Travel cover"},
                        },
                    }
                ],
                "success_url": success_url,
                "cancel_url": "https://shop.test/cancelled",
                "client_reference_id": "pur_1",
                "customer_email": "jenny@example.com",
                "metadata": {"purchase_id": "pur_1"},
                "payment_intent_data": {"metadata": {"purchase_id": "pur_1"}},
            }
        )

    def pay(self, session_id: str, **how: JsonValue) -> Json:
        return self.post("/_simulator/pay", session_id=session_id, **how)

    def paid_intent(self, card: str = "4242424242424242", amount: int = 12_500) -> str:
        return str(self.pay(self.new_session(amount).id, card=card)["payment_intent"])

    def script(self, **fault: JsonValue) -> None:
        self.post("/_simulator/faults", **fault)


@pytest.fixture(scope="session")
def shared_receiver() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.received.append(Webhook(self.path, self.headers, body))
            self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield receiver
        server.shutdown()


def arguments_for(receiver: Receiver) -> list[str]:
    return [
        *("--stripe-webhook-url", receiver.url + "/stripe", "--stripe-webhook-secret", SECRET),
        *("--stripe-key", KEY),
        *("--sendgrid-webhook-url", receiver.url + "/sendgrid"),
        *("--webhook-first-retry", "0.05", "--settle-after", "3600"),
    ]


@pytest.fixture(scope="session")
def shared_simulators(shared_receiver: Receiver) -> Iterator[Simulators]:
    simulators = Simulators(arguments_for(shared_receiver))
    simulators.start()
    yield simulators
    simulators.kill()


@pytest.fixture
def simulators(shared_simulators: Simulators) -> Simulators:
    """One process for all tests, emptied before each."""
    shared_simulators.post("/_simulator/reset")
    return shared_simulators


@pytest.fixture
def receiver(shared_receiver: Receiver, simulators: Simulators) -> Receiver:
    assert simulators.url
    shared_receiver.received.clear()
    shared_receiver.answers.clear()
    return shared_receiver


@pytest.fixture
def start(shared_receiver: Receiver) -> Iterator[Callable[..., Simulators]]:
    """Starts further simulators, with options of the test's own."""
    shared_receiver.received.clear()
    shared_receiver.answers.clear()
    with ExitStack() as started:

        def start_one(*arguments: str) -> Simulators:
            simulators = Simulators([*arguments_for(shared_receiver), *arguments])
            simulators.start()
            started.callback(simulators.kill)
            return simulators

        yield start_one


@pytest.fixture(scope="session")
async def shared_desk(shared_receiver: Receiver) -> AsyncIterator[Desk]:
    async with open_desk(f"{shared_receiver.url}/justifi") as opened:
        yield opened


@pytest.fixture
async def desk(shared_desk: Desk, shared_receiver: Receiver) -> Desk:
    """JustiFi's double in this process, emptied, with a token of its configured platform."""
    await shared_desk.steer("/reset")
    shared_receiver.received.clear()
    shared_receiver.answers.clear()
    await shared_desk.authenticate()
    return shared_desk

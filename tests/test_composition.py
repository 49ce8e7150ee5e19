"""What an installation sets is what its services and its worker do."""

import asyncio
import base64
import multiprocessing
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import SecretStr
from temporalio.client import Client

from api.examples import QUOTE
from composition import build_services, webhook_gateways
from connections import connect_database, connect_temporal
from domain.errors import Code, Gone, Invalid, NotFound
from domain.events import EventOutcome
from domain.tenants import PLATFORM_TENANT, Caller, Scope
from gateways.justifi_webhooks import JustifiWebhooks
from gateways.keyring import Keyring
from persistence.database import Database
from persistence.migrate import migrate
from services.catalogue import Services
from services.openings import PurchaseRequest
from services.operations import OperationWish
from services.quotes import QuoteRequest
from settings import Settings
from tests.api.door import SECRET, event_about, signature_of
from tests.fake_payments import FakePayments
from tests.fakes import FakeMail, FakePrinter
from tests.gateways.scripted_justifi import scripted_justifi, some
from tests.gateways.test_signed_urls import AT_ONCE, POLICY
from tests.workflows.servers import start_skipping_server
from worker import documents_worker, purchases_worker, run_worker
from workflows import options

CALLER = Caller(tenant_id="ten_acme", key_id="key_1", scopes=frozenset(Scope))
OPERATOR = CALLER.model_copy(update={"tenant_id": PLATFORM_TENANT})
OFFER = QuoteRequest.model_validate(QUOTE)
WISH = PurchaseRequest(quote_id=str(QUOTE["quote_id"]), user_id="user_mei", price=OFFER.price)
TEST: dict[str, object] = {"paybind_mode": "test", "stripe_secret_key": None}
BOTH_USES = {"/v1/payments", "/v1/payouts"}


@dataclass(frozen=True)
class House:
    """One database and one Temporal, over which installations are built by their settings."""

    base: Settings
    client: Client
    database: Database

    def settings(self, **changes: object) -> Settings:
        return Settings.model_validate({**dict(self.base), **changes})

    def services(self, **changes: object) -> Services:
        return build_services(self.settings(**changes), self.client, self.database)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with await start_skipping_server() as server:
        settings = Settings(
            paybind_home=tmp_path,
            temporal_address=server.client.service_client.config.target_host,
            worker_metrics_port=0,
        )
        await migrate(settings.database)
        client, database = await connect_temporal(settings), connect_database(settings)
        yield House(settings, client, database)
        await database.close()


def live() -> dict[str, object]:
    """What live mode asks to be set."""
    sendgrid = ec.generate_private_key(ec.SECP256R1()).public_key()
    der = sendgrid.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {
        "paybind_mode": "live",
        "stripe_secret_key": "sk_live_x",
        "stripe_webhook_secret": SECRET,
        "sendgrid_api_key": "SG.x",
        "sendgrid_webhook_public_key": base64.b64encode(der).decode(),
        "paybind_encryption_keys": Keyring.generate("live"),
        "email_from": "policies@insurer.example",
    }


async def test_a_price_above_the_maximum_is_neither_quoted_nor_sold(house: House) -> None:
    await house.services(max_amount_minor=OFFER.price.minor).quotes.register(CALLER, OFFER)
    strict = house.services(max_amount_minor=OFFER.price.minor - 1)

    for asked in (strict.quotes.register(CALLER, OFFER), strict.purchases.start(CALLER, WISH)):
        with pytest.raises(Invalid) as refused:
            await asked
        assert refused.value.code is Code.AMOUNT_TOO_LARGE


async def test_what_a_live_installation_sells_is_live(house: House) -> None:
    settings, payments = house.settings(**live()), FakePayments()
    services = build_services(settings, house.client, house.database)
    quote = await services.quotes.register(CALLER, OFFER)
    async with purchases_worker(house.client, settings, house.database, payments, FakeMail()):
        purchase = await services.purchases.start(CALLER, WISH)

    assert quote.livemode
    view = await services.purchases.get(CALLER, purchase.order.purchase_id)
    assert view.livemode


async def test_a_quote_of_the_other_mode_is_not_sold(house: House) -> None:
    await house.services().quotes.register(CALLER, OFFER)

    with pytest.raises(NotFound) as refused:
        await house.services(**live()).purchases.start(CALLER, WISH)

    assert refused.value.code is Code.UNKNOWN_QUOTE


@pytest.mark.parametrize(
    ("livemode", "outcome"),
    [(True, EventOutcome.UNKNOWN_TYPE), (False, EventOutcome.UNMATCHED)],
)
async def test_a_live_installation_takes_up_no_event_of_test_mode(
    house: House, livemode: bool, outcome: EventOutcome
) -> None:
    body = event_about({"id": "prod_1", "object": "product"}, "product.created", livemode=livemode)
    signed = {"stripe-signature": signature_of(body)}

    [taken] = await house.services(**live()).webhooks.receive("stripe", body, signed)

    assert taken.outcome is outcome


async def test_what_is_told_of_real_letters_is_live(house: House) -> None:
    """SendGrid's events do not say so themselves."""
    told = '{"sg_event_id": "sg_1", "event": "delivered"}'

    for settings in (house.settings(**live()), house.settings(**{**live(), **TEST})):
        event = webhook_gateways(settings)["sendgrid"].read(told)
        assert event.livemode is settings.livemode


async def test_a_document_link_lives_as_long_as_is_set(house: House) -> None:
    token = house.services().urls.document_url(POLICY).rpartition("/")[2]

    lasting, over = house.services(), house.services(document_link_seconds=AT_ONCE)

    assert lasting.policies.urls.read_document(token) == POLICY.number
    with pytest.raises(Gone):
        over.policies.urls.read_document(token)


@asynccontextmanager
async def working(settings: Settings, queue: str) -> AsyncIterator[None]:
    """A worker as a process runs it, until it is told to stop."""
    ready = asyncio.Event()
    running = asyncio.create_task(run_worker(settings, (queue,), ready.set))
    try:
        await asyncio.wait_for(ready.wait(), 60)
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


@pytest.mark.slow
async def test_as_many_printers_run_as_are_set(house: House) -> None:
    async with working(house.settings(renderer_processes=2), options.DOCUMENTS):
        printers = multiprocessing.active_children()

    assert len(printers) == 2


async def test_a_worker_has_one_client_for_the_environments_account_and_closes_it(
    house: House,
) -> None:
    wish = OperationWish(connection_code="justifi", operation="list_payments", parameters={})
    async with scripted_justifi() as justifi:
        justifi.answers(some())
        keys = {"justifi_client_id": "test_id", "justifi_client_secret": "test_secret"}
        keys |= {"stripe_secret_key": "sk_test_x", "sendgrid_api_key": "SG.x"}
        settings = house.settings(justifi_base_url=justifi.url, **keys)
        services = build_services(settings, house.client, house.database)
        async with working(settings, options.PURCHASES):
            await services.operations.read(OPERATOR, wish)
            await services.payouts.watch(OPERATOR)
            await until(lambda: {each.path for each in justifi.asked} >= BOTH_USES)
            assert justifi.connections

        assert len(justifi.tokens_asked) == 1
        await until(lambda: not justifi.connections)


async def until(hoped: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not hoped():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_each_printer_has_a_policy_in_hand_and_one_waiting(house: House) -> None:
    settings = house.settings(renderer_processes=3)

    worker = documents_worker(house.client, settings, house.database, FakePrinter())

    assert worker.config()["max_concurrent_activities"] == 6


def test_a_provider_tells_of_the_environments_account_once_its_secret_is_set() -> None:
    assert webhook_gateways(Settings(_env_file=None)) == {}
    secret = SecretStr("sigk_1")
    settings = Settings(_env_file=None).model_copy(update={"justifi_webhook_secret": secret})
    assert isinstance(webhook_gateways(settings)["justifi"], JustifiWebhooks)

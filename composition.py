"""What both doors are built of: every service, over one Temporal client and one database."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from temporalio.client import Client

from connections import (
    connect_database,
    connect_temporal,
    keyring,
    payout_accounts,
    signed_urls,
)
from gateways.credentials import UnreadableCredentials
from gateways.fsspec_documents import FsspecDocuments
from gateways.integrations import GatewayProviders
from gateways.justifi_webhooks import JustifiWebhooks
from gateways.keyring_vault import KeyringVault
from gateways.payments import PaymentGateway
from gateways.providers import installed_providers
from gateways.sendgrid_webhooks import SendGridWebhooks
from gateways.stripe_payments import StripePayments
from gateways.stripe_webhooks import StripeWebhooks
from gateways.webhooks import WebhookGateway
from persistence.audit import AuditRecords
from persistence.balances import BalanceRecords
from persistence.connections import CapabilityRecords, ConnectionRecords
from persistence.database import Database
from persistence.emails import EmailRecords
from persistence.entity_links import EntityLinkRecords
from persistence.events import EventRecords
from persistence.executions import ExecutionRecords
from persistence.health import HealthRecords
from persistence.idempotency import IdempotencyRecords
from persistence.integrations import IntegrationRecords
from persistence.keys import KeyRecords
from persistence.links import LinkRecords
from persistence.payouts import PayoutRecords
from persistence.policies import PolicyRecords
from persistence.purchases import PurchaseRecords
from persistence.quotes import QuoteRecords
from persistence.refunds import RefundRecords
from persistence.routes import RouteRecords
from persistence.verification import VerificationRecords
from services.api_keys import ApiKeyService
from services.audit import AuditService
from services.balances import BalanceService
from services.catalogue import Services
from services.connections import ConnectionService
from services.entity_links import EntityLinkService
from services.executions import ExecutionService
from services.health import HealthService
from services.histories import Histories
from services.integration_health import IntegrationHealthService
from services.integration_runs import IntegrationRuns
from services.integrations import IntegrationService
from services.links import LinkService
from services.listening import Listening
from services.operations import OperationService
from services.pages import PageService
from services.payout_runs import PayoutRuns
from services.payouts import PayoutService
from services.policies import PolicyService
from services.purchases import PurchaseService
from services.quotes import QuoteService
from services.reconciliation import Reconciliation
from services.refunds import RefundService
from services.timeline import TimelineService
from services.verification import VerificationService
from services.webhooks import WebhookService
from services.workflows import Workflows
from settings import Settings


@asynccontextmanager
async def open_services(
    settings: Settings,
    metrics_address: str | None = None,
    providers: GatewayProviders | None = None,
) -> AsyncIterator[Services]:
    """Connect, build, and close again."""
    client = await connect_temporal(settings, metrics_address)
    database = connect_database(settings)
    try:
        yield build_services(settings, client, database, providers)
    finally:
        await database.close()


@asynccontextmanager
async def open_verification(settings: Settings) -> AsyncIterator[VerificationService]:
    """Apart from the services of the doors, which never speak to a payment provider."""
    async with AsyncExitStack() as stack:
        client = await connect_temporal(settings)
        database = connect_database(settings)
        stack.push_async_callback(database.close)
        records = VerificationRecords(database)
        accounts: dict[str, PaymentGateway | None] = {"stripe": None}
        key = settings.stripe_secret_key
        if key is not None:
            stripe = StripePayments(key.get_secret_value(), settings.stripe_api_base)
            stack.push_async_callback(stripe.close)
            accounts["stripe"] = stripe
        for integration_id in await records.accounts():
            accounts[integration_id] = await _account(stack, settings, database, integration_id)
        yield VerificationService(
            records,
            PolicyRecords(database),
            FsspecDocuments(settings.documents),
            client,
            Reconciliation(accounts),
        )


async def _account(
    stack: AsyncExitStack, settings: Settings, database: Database, integration_id: str
) -> PaymentGateway | None:
    """Opened to be read alone; None where its credentials cannot be opened here."""
    found = await IntegrationRecords(database).with_secret(integration_id)
    if found is None:
        return None
    integration, sealed, _ = found
    provider = installed_providers(settings.api_bases, settings.redis_url).get(
        integration.connection_code
    )
    if sealed is None or provider is None:
        return None
    try:
        credentials = KeyringVault(keyring(settings)).open(sealed, integration.secret_place)
    except UnreadableCredentials:
        return None
    gateway = provider.connect(credentials)
    stack.push_async_callback(gateway.close)
    return gateway.payments


def build_services(
    settings: Settings,
    client: Client,
    database: Database,
    providers: GatewayProviders | None = None,
) -> Services:
    """``providers``: those of the installed packages unless they are given."""
    workflows, urls = Workflows(client), signed_urls(settings)
    purchase_rows, quotes = PurchaseRecords(database), QuoteRecords(database)
    events = EventRecords(database)
    if providers is None:
        providers = installed_providers(settings.api_bases, settings.redis_url)
    integrations = _integrations(settings, database, providers)
    purchases = _purchases(settings, database, workflows, providers)
    payouts = _payouts(settings, database, integrations, client)
    return Services(
        quotes=QuoteService(quotes, settings.max_amount, settings.livemode),
        purchases=purchases,
        refunds=RefundService(
            RefundRecords(database), purchases, workflows, settings.refund_approval_above
        ),
        payouts=payouts,
        balances=BalanceService(BalanceRecords(database)),
        links=LinkService(LinkRecords(database), EmailRecords(database), purchases, workflows),
        policies=PolicyService(PolicyRecords(database), FsspecDocuments(settings.documents), urls),
        pages=PageService(purchase_rows, purchases, urls),
        webhooks=_webhooks(settings, database, workflows, payouts),
        api_keys=ApiKeyService(KeyRecords(database), settings.livemode),
        connections=ConnectionService(ConnectionRecords(database), CapabilityRecords(database)),
        integrations=integrations,
        executions=_executions(database, integrations, client),
        operations=_operations(settings, integrations, client),
        integration_health=_integration_health(database, integrations, client),
        entity_links=EntityLinkService(EntityLinkRecords(database), integrations),
        audit=AuditService(AuditRecords(database)),
        timeline=TimelineService(Histories(client), purchases, events),
        health=HealthService(client, database, purchase_rows, events, HealthRecords(database)),
        idempotency=IdempotencyRecords(database),
        urls=urls,
    )


def _operations(
    settings: Settings, integrations: IntegrationService, client: Client
) -> OperationService:
    own = settings.accounts_of_the_environment
    return OperationService(integrations, own, client, settings.livemode)


def _purchases(
    settings: Settings, database: Database, workflows: Workflows, providers: GatewayProviders
) -> PurchaseService:
    return PurchaseService(
        purchases=PurchaseRecords(database),
        quotes=QuoteRecords(database),
        routes=RouteRecords(database),
        workflows=workflows,
        max_amount=settings.max_amount,
        livemode=settings.livemode,
        providers=providers,
    )


def _integrations(
    settings: Settings, database: Database, providers: GatewayProviders
) -> IntegrationService:
    return IntegrationService(
        integrations=IntegrationRecords(database),
        connections=ConnectionRecords(database),
        capabilities=CapabilityRecords(database),
        vault=KeyringVault(keyring(settings)),
        providers=providers,
        livemode=settings.livemode,
    )


def _executions(
    database: Database, integrations: IntegrationService, client: Client
) -> ExecutionService:
    return ExecutionService(
        integrations=integrations,
        capabilities=CapabilityRecords(database),
        executions=ExecutionRecords(database),
        health=HealthRecords(database),
        runs=IntegrationRuns(client),
    )


def _payouts(
    settings: Settings, database: Database, integrations: IntegrationService, client: Client
) -> PayoutService:
    return PayoutService(
        payouts=PayoutRecords(database),
        accounts=payout_accounts(settings, database, integrations.providers, settings.paying_out),
        integrations=integrations,
        runs=PayoutRuns(client),
    )


def _integration_health(
    database: Database, integrations: IntegrationService, client: Client
) -> IntegrationHealthService:
    return IntegrationHealthService(
        integrations=integrations,
        health=HealthRecords(database),
        audit=AuditRecords(database),
        runs=IntegrationRuns(client),
    )


def _webhooks(
    settings: Settings, database: Database, workflows: Workflows, payouts: PayoutService
) -> WebhookService:
    return WebhookService(
        gateways=webhook_gateways(settings),
        listening=Listening(
            IntegrationRecords(database),
            KeyringVault(keyring(settings)),
            installed_providers(settings.api_bases, settings.redis_url),
        ),
        events=EventRecords(database),
        purchases=PurchaseRecords(database),
        policies=PolicyRecords(database),
        refunds=RefundRecords(database),
        emails=EmailRecords(database),
        payouts=payouts,
        workflows=workflows,
        livemode=settings.livemode,
    )


def webhook_gateways(settings: Settings) -> dict[str, WebhookGateway]:
    """A provider whose secret is not set has no gateway: its route does not exist."""
    gateways: dict[str, WebhookGateway] = {}
    secret = settings.stripe_webhook_secret
    if secret is not None and secret.get_secret_value():
        gateways["stripe"] = StripeWebhooks(secret.get_secret_value())
    secret = settings.justifi_webhook_secret
    if secret is not None and secret.get_secret_value():
        gateways["justifi"] = JustifiWebhooks(secret.get_secret_value())
    if settings.sendgrid_webhook_public_key:
        gateways["sendgrid"] = SendGridWebhooks(
            settings.sendgrid_webhook_public_key, livemode=settings.livemode
        )
    return gateways

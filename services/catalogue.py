"""All services together, as the doors get them."""

from dataclasses import dataclass

from persistence.idempotency import IdempotencyRecords
from services.api_keys import ApiKeyService
from services.audit import AuditService
from services.balances import BalanceService
from services.connections import ConnectionService
from services.entity_links import EntityLinkService
from services.executions import ExecutionService
from services.health import HealthService
from services.integration_health import IntegrationHealthService
from services.integrations import IntegrationService
from services.links import LinkService
from services.operations import OperationService
from services.pages import PageService
from services.payouts import PayoutService
from services.policies import PolicyService
from services.purchases import PurchaseService
from services.quotes import QuoteService
from services.refunds import RefundService
from services.timeline import TimelineService
from services.urls import CustomerUrls
from services.webhooks import WebhookService


@dataclass(frozen=True)
class Services:
    quotes: QuoteService
    purchases: PurchaseService
    refunds: RefundService
    payouts: PayoutService
    balances: BalanceService
    links: LinkService
    policies: PolicyService
    pages: PageService
    webhooks: WebhookService
    api_keys: ApiKeyService
    connections: ConnectionService
    integrations: IntegrationService
    executions: ExecutionService
    operations: OperationService
    integration_health: IntegrationHealthService
    entity_links: EntityLinkService
    audit: AuditService
    timeline: TimelineService
    health: HealthService
    idempotency: IdempotencyRecords
    urls: CustomerUrls

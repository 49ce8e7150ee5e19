"""Composition root of the worker: builds gateways and repositories, hands them to activities."""

import gc
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from types import MappingProxyType

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.checkouts import CheckoutDesk
from activities.emails import EmailActivities
from activities.executions import ExecutionActivities
from activities.finance_letters import FinanceLetters
from activities.keys import KeyActivities
from activities.letters import Letters
from activities.links import LinkActivities
from activities.opened_integrations import OpenedIntegrations
from activities.opened_payouts import OpenedPayouts
from activities.operations import OperationActivities
from activities.policies import PolicyActivities
from activities.probes import ProbeActivities
from activities.purchases import PurchaseActivities
from activities.refunds import RefundActivities
from connections import (
    brand,
    connect_database,
    connect_temporal,
    keyring,
    payout_accounts,
    signed_urls,
    worker_identity,
)
from environment import accounts_of, required
from gateways.documents import PolicyPrinter
from gateways.emails import EmailGateway
from gateways.fsspec_documents import FsspecDocuments
from gateways.integrations import GatewayProviders, IntegrationGateway
from gateways.keyring_vault import KeyringVault
from gateways.letters import LetterWriter
from gateways.payments import PaymentGateway, PaymentGateways
from gateways.providers import installed_providers
from gateways.sendgrid_emails import SendGridEmails
from gateways.stripe_payments import StripePayments
from gateways.weasyprint_policies import WeasyPrintPolicies
from payout_steps import Steps, payout_steps, payouts_of
from persistence.audit import AuditRecords
from persistence.connections import CapabilityRecords
from persistence.database import Database
from persistence.emails import EmailRecords
from persistence.events import EventRecords
from persistence.executions import ExecutionRecords
from persistence.health import HealthRecords
from persistence.integrations import IntegrationRecords
from persistence.links import LinkRecords
from persistence.payouts import PayoutRecords
from persistence.policies import PolicyRecords
from persistence.purchases import PurchaseRecords
from persistence.quotes import QuoteRecords
from persistence.refunds import RefundRecords
from persistence.routes import RouteRecords
from persistence.sealed_rows import SealedRows
from persistence.turns import TurnRecords
from processes import told_to_stop
from settings import Settings
from workflows import options
from workflows.balance import BalanceWorkflow
from workflows.execution import ExecutionWorkflow
from workflows.key_rotation import KeyRotationWorkflow
from workflows.link import PaymentLinkWorkflow
from workflows.operation import OperationWorkflow
from workflows.payout_reconciliation import PayoutReconciliationWorkflow
from workflows.payout_round import PayoutRoundWorkflow
from workflows.payout_watch import PayoutWatchWorkflow
from workflows.probe import ProbeWorkflow
from workflows.purchase import PurchaseWorkflow
from workflows.refund import RefundWorkflow

STORIES = (
    *(PurchaseWorkflow, RefundWorkflow, PaymentLinkWorkflow),
    *(ExecutionWorkflow, OperationWorkflow, ProbeWorkflow, KeyRotationWorkflow),
    *(PayoutWatchWorkflow, PayoutRoundWorkflow, BalanceWorkflow, PayoutReconciliationWorkflow),
)
QUEUES = (options.PURCHASES, options.DOCUMENTS)
# A deployment waits this long for steps under way; what has not ended by then is done elsewhere.
GRACE = timedelta(seconds=20)


async def run_worker(
    settings: Settings, queues: Sequence[str] = QUEUES, on_ready: Callable[[], None] | None = None
) -> None:
    """Poll the queues until SIGTERM or SIGINT, then finish the steps under way."""
    metrics = f"{settings.api_host}:{settings.worker_metrics_port}"
    async with AsyncExitStack() as stack:
        client = await connect_temporal(settings, metrics if settings.worker_metrics_port else None)
        database = connect_database(settings)
        stack.push_async_callback(database.close)
        if options.DOCUMENTS in queues:
            printer = WeasyPrintPolicies(settings.renderer_processes, brand(settings))
            stack.push_async_callback(printer.close)
            await printer.warm_up()
            await stack.enter_async_context(documents_worker(client, settings, database, printer))
        if options.PURCHASES in queues:
            payments = StripePayments(
                required(settings.stripe_secret_key), settings.stripe_api_base
            )
            stack.push_async_callback(payments.close)
            mail = SendGridEmails(
                required(settings.sendgrid_api_key), brand(settings), settings.sendgrid_api_base
            )
            stack.push_async_callback(mail.close)
            accounts = accounts_of(settings)
            for account in accounts.values():
                stack.push_async_callback(account.close)
            await stack.enter_async_context(
                purchases_worker(client, settings, database, payments, mail, accounts=accounts)
            )
        gc.freeze()  # what is loaded by now stays: the collector need not walk it each time
        if on_ready is not None:
            on_ready()
        await told_to_stop()


def purchases_worker(
    client: Client,
    settings: Settings,
    database: Database,
    payments: PaymentGateway,
    mail: EmailGateway,
    providers: GatewayProviders | None = None,
    accounts: Mapping[str, IntegrationGateway] = MappingProxyType({}),
) -> Worker:
    """Workflows, rows, money and mail. ``payments`` is the environment's own account.

    ``accounts``: those it has elsewhere, by connection_code.
    ``providers``: those of the installed packages unless they are given.
    """
    gateways = opened_integrations(settings, database, payments, providers)
    payouts = payouts_of(accounts)
    return Worker(
        client,
        task_queue=options.PURCHASES,
        identity=worker_identity(settings),
        workflows=list(STORIES),
        workflow_runner=UnsandboxedWorkflowRunner(),  # the tests run them in the sandbox
        activities=[
            *_purchase_steps(settings, database, gateways),
            *_refund_steps(database, gateways),
            *_integration_steps(database, gateways, accounts),
            *payout_steps(
                database,
                OpenedPayouts(gateways, payouts),
                payout_accounts(settings, database, gateways.providers, frozenset(payouts)),
            ),
            *_key_steps(settings, database),
            LinkActivities(links=LinkRecords(database)).end_link,
            _mail_desk(settings, database, mail).send_email,
        ],
        graceful_shutdown_timeout=GRACE,
    )


def documents_worker(
    client: Client, settings: Settings, database: Database, printer: PolicyPrinter
) -> Worker:
    """The printers, which scale apart from the rest."""
    policies = PolicyActivities(
        policies=PolicyRecords(database),
        quotes=QuoteRecords(database),
        printer=printer,
        store=FsspecDocuments(settings.documents),
        verify_base=settings.api_url,
    )
    return Worker(
        client,
        task_queue=options.DOCUMENTS,
        activities=[policies.issue_policy],
        max_concurrent_activities=2 * settings.renderer_processes,
        graceful_shutdown_timeout=GRACE,
    )


def opened_integrations(
    settings: Settings,
    database: Database,
    environment: PaymentGateway,
    providers: GatewayProviders | None = None,
) -> OpenedIntegrations:
    return OpenedIntegrations(
        rows=IntegrationRecords(database),
        health=HealthRecords(database),
        turns=TurnRecords(database),
        vault=KeyringVault(keyring(settings)),
        providers=installed_providers(settings.api_bases, settings.redis_url)
        if providers is None
        else providers,
        environment=environment,
    )


def _purchase_steps(settings: Settings, database: Database, gateways: PaymentGateways) -> Steps:
    records = PurchaseRecords(database)
    purchases = PurchaseActivities(
        records=records,
        events=EventRecords(database),
        routes=RouteRecords(database),
        gateways=gateways,
        desk=CheckoutDesk(records, gateways, signed_urls(settings)),
    )
    return (
        purchases.open_purchase,
        purchases.find_backup,
        purchases.leave_checkout,
        purchases.read_standing,
        purchases.fetch_checkout,
        purchases.expire_checkout,
        purchases.record_settlement,
        purchases.flag_review,
        purchases.resolve_review,
        purchases.mark_events_handled,
    )


def _refund_steps(database: Database, gateways: PaymentGateways) -> Steps:
    refunds = RefundActivities(records=RefundRecords(database), gateways=gateways)
    return (
        refunds.record_refund,
        refunds.record_decision,
        refunds.create_refund,
        refunds.find_refund,
        refunds.read_refund,
        refunds.fail_refund,
        refunds.adopt_refund,
        refunds.adopt_refunds,
    )


def _key_steps(settings: Settings, database: Database) -> Steps:
    steps = KeyActivities(rows=SealedRows(database), vault=KeyringVault(keyring(settings)))
    return (steps.count_sealed, steps.list_due, steps.reseal_credentials)


def _integration_steps(
    database: Database, opened: OpenedIntegrations, environment: Mapping[str, IntegrationGateway]
) -> Steps:
    executions = ExecutionActivities(
        rows=ExecutionRecords(database),
        capabilities=CapabilityRecords(database),
        opened=opened,
    )
    return (
        executions.execute_capability,
        executions.fail_execution,
        OperationActivities(opened, environment, AuditRecords(database)).ask_provider,
        ProbeActivities(opened).probe_integration,
    )


def _mail_desk(settings: Settings, database: Database, mail: EmailGateway) -> EmailActivities:
    return EmailActivities(
        emails=EmailRecords(database),
        policies=PolicyRecords(database),
        letters=Letters(
            emails=EmailRecords(database),
            purchases=PurchaseRecords(database),
            quotes=QuoteRecords(database),
            links=LinkRecords(database),
            refunds=RefundRecords(database),
            store=FsspecDocuments(settings.documents),
            urls=signed_urls(settings),
            finance=FinanceLetters(PayoutRecords(database), settings.finance_email),
        ),
        writer=LetterWriter(brand(settings)),
        gateway=mail,
    )

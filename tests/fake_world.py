"""One small world per test: fakes of every port, and the real activities over them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count

from activities.checkouts import CheckoutDesk
from activities.emails import EmailActivities
from activities.executions import ExecutionActivities
from activities.finance_letters import FinanceLetters
from activities.keys import KeyActivities
from activities.letters import Letters
from activities.links import LinkActivities
from activities.operations import OperationActivities
from activities.policies import PolicyActivities
from activities.probes import ProbeActivities
from activities.purchases import PurchaseActivities
from activities.refunds import RefundActivities
from domain.executions import ExecutionOrder, execution_id_of
from domain.identifiers import derived_id
from domain.links import LIFETIME, LinkOrder, LinkStatus, PaymentLink, link_id_of
from domain.money import Money
from domain.purchases import PurchaseOrder, purchase_id_of
from domain.quotes import CoverItem, InsuredPerson, Period, Quote
from domain.refunds import Asker, RefundRequest
from gateways.payments import PaymentGateway
from tests.fake_account import Account, FakeUses
from tests.fake_email_rows import FakeEmailRecords
from tests.fake_executions import FakeExecutions
from tests.fake_payments import FakeAccounts, FakePayments
from tests.fake_payouts import FakePayoutRows
from tests.fake_refund_rows import FakeRefundRecords
from tests.fake_rows import (
    FakeEventRecords,
    FakeLinkRecords,
    FakePolicyRecords,
    FakePurchaseRecords,
    FakeQuoteRecords,
    FakeRouteRecords,
    Rows,
)
from tests.fake_sealed_rows import NEW, OLD, FakeSealedRows, vault
from tests.fakes import (
    FakeClock,
    FakeMail,
    FakePrinter,
    FakeStore,
    FakeUrls,
    FakeWriter,
)
from tests.harbour import CODE

TENANT = "ten_harbour"
PRICE = Money(minor=15000, currency="SGD")
APPROVAL_ABOVE = 50_000
_numbers = count(1)


@dataclass
class World:
    clock: FakeClock = field(default_factory=FakeClock)
    rows: Rows = field(default_factory=Rows)
    sealed: FakeSealedRows = field(default_factory=FakeSealedRows)
    payments: FakePayments = field(default_factory=FakePayments)
    integrations: dict[str, FakePayments] = field(default_factory=dict)  # by integration_id
    doubles: dict[str, PaymentGateway] = field(default_factory=dict)  # likewise, over the wire
    payouts: FakePayoutRows = field(default_factory=FakePayoutRows)
    paused: set[str | None] = field(default_factory=set)  # None: the environment's account
    executions: FakeExecutions = field(default_factory=FakeExecutions)
    operated: Account = field(default_factory=Account)
    mail: FakeMail = field(default_factory=FakeMail)
    writer: FakeWriter = field(default_factory=FakeWriter)
    printer: FakePrinter = field(default_factory=FakePrinter)
    store: FakeStore = field(default_factory=FakeStore)
    finance_email: str | None = "finance@example.com"

    def activities(self) -> Sequence[Callable[..., object]]:
        """Those of the purchases' task queue, bound to the fakes."""
        purchases, refunds, emails = self.purchases(), self.refunds(), self.emails()
        executions = ExecutionActivities(self.executions, self.executions, self.executions)
        keys = KeyActivities(rows=self.sealed, vault=vault(NEW, OLD))
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
            refunds.record_refund,
            refunds.record_decision,
            refunds.create_refund,
            refunds.find_refund,
            refunds.read_refund,
            refunds.fail_refund,
            refunds.adopt_refund,
            refunds.adopt_refunds,
            emails.send_email,
            executions.execute_capability,
            executions.fail_execution,
            OperationActivities(self.operated, {"justifi": self.operated}, FakeUses()).ask_provider,
            ProbeActivities(self.executions).probe_integration,
            keys.count_sealed,
            keys.list_due,
            keys.reseal_credentials,
            LinkActivities(FakeLinkRecords(self.rows)).end_link,
        )

    def purchases(self) -> PurchaseActivities:
        records, accounts = FakePurchaseRecords(self.rows), self.accounts()
        return PurchaseActivities(
            records=records,
            events=FakeEventRecords(self.rows),
            routes=FakeRouteRecords(self.rows),
            gateways=accounts,
            desk=CheckoutDesk(records, accounts, FakeUrls()),
        )

    def accounts(self) -> FakeAccounts:
        return FakeAccounts(self.payments, self.integrations, self.doubles, self.paused)

    def refunds(self) -> RefundActivities:
        return RefundActivities(records=FakeRefundRecords(self.rows), gateways=self.accounts())

    def emails(self) -> EmailActivities:
        return EmailActivities(
            emails=FakeEmailRecords(self.rows),
            policies=FakePolicyRecords(self.rows),
            letters=self.letters(),
            writer=self.writer,
            gateway=self.mail,
            clock=self.clock,
        )

    def letters(self) -> Letters:
        return Letters(
            emails=FakeEmailRecords(self.rows),
            purchases=FakePurchaseRecords(self.rows),
            quotes=FakeQuoteRecords(self.rows),
            links=FakeLinkRecords(self.rows),
            refunds=FakeRefundRecords(self.rows),
            store=self.store,
            urls=FakeUrls(),
            finance=FinanceLetters(self.payouts, self.finance_email),
        )

    def policies(self) -> PolicyActivities:
        return PolicyActivities(
            policies=FakePolicyRecords(self.rows),
            quotes=FakeQuoteRecords(self.rows),
            printer=self.printer,
            store=self.store,
            verify_base="https://paybind.example",
        )

    # What is for sale, and what is asked for

    def order(self, attempt: int = 1, quote_id: str | None = None) -> PurchaseOrder:
        quote = self.quote(quote_id or f"quote-{next(_numbers)}")
        return PurchaseOrder(
            purchase_id=purchase_id_of(TENANT, quote.quote_id, attempt),
            tenant_id=TENANT,
            quote_id=quote.quote_id,
            attempt=attempt,
            user_id="user-1",
            customer_email=quote.customer_email,
            product_name=quote.product_name,
            price=quote.price,
        )

    def quote(self, quote_id: str) -> Quote:
        quote = Quote(
            quote_id=quote_id,
            tenant_id=TENANT,
            product_name="Travel Care",
            insured_persons=(InsuredPerson(name="Mei Tan"),),
            cover=(CoverItem(name="Medical", limit=Money(minor=50_000_000, currency="SGD")),),
            period=Period(starts_on=date(2026, 12, 1), ends_on=date(2026, 12, 14)),
            price=PRICE,
            customer_email="mei.tan@example.com",
            valid_until=datetime(2036, 1, 1, tzinfo=UTC),
            created_at=datetime(2026, 11, 1, tzinfo=UTC),
        )
        return self.rows.quotes.setdefault(quote_id, quote)

    def link(self, created_at: datetime, quote_id: str | None = None) -> LinkOrder:
        """A saved quote's link, as the service writes it before the workflow starts."""
        quote = self.quote(quote_id or f"quote-{next(_numbers)}")
        link = PaymentLink(
            link_id=link_id_of(TENANT, quote.quote_id, 1),
            tenant_id=TENANT,
            quote_id=quote.quote_id,
            number=1,
            token=f"token-{next(_numbers)}",
            user_id="user-1",
            product_name=quote.product_name,
            price=quote.price,
            status=LinkStatus.ACTIVE,
            created_at=created_at,
            expires_at=created_at + LIFETIME,
        )
        self.rows.links[link.link_id] = link
        self.rows.contacts[link.link_id] = quote.customer_email
        return LinkOrder(
            link_id=link.link_id,
            tenant_id=TENANT,
            quote_id=quote.quote_id,
            created_at=link.created_at,
            expires_at=link.expires_at,
        )

    def refund_request(
        self,
        order: PurchaseOrder,
        minor: int | None = None,
        asker: Asker = Asker.SERVICE,
        approval_above: int = APPROVAL_ABOVE,
    ) -> RefundRequest:
        amount = None if minor is None else Money(minor=minor, currency=order.price.currency)
        return RefundRequest(
            refund_id=derived_id("ref", "test", next(_numbers)),
            purchase_id=order.purchase_id,
            tenant_id=order.tenant_id,
            amount=amount,
            asker=asker,
            requested_by="key_1",
            needs_approval_above=approval_above,
        )

    def execution_order(self) -> ExecutionOrder:
        return ExecutionOrder(
            execution_id=execution_id_of(TENANT, "int-1", f"key-{next(_numbers)}"),
            tenant_id=TENANT,
            integration_id="int-1",
            connection_code=CODE,
            capability_code="PROCESS_PAYMENT",
            parameters={"amount": 1000, "currency": "SGD"},
            requested_by="key_1",
            livemode=False,
        )

    def event(self) -> str:
        return derived_id("evt", "stripe", next(_numbers))


def days(number: float) -> timedelta:
    return timedelta(days=number)

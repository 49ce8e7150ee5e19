"""One try to pay: how it ends is decided by the test number or by the scenario it was sent with."""

from dataclasses import dataclass, replace

from simulators.identifiers import new_id
from simulators.justifi import cards, objects, records
from simulators.justifi.ledger import book_payment
from simulators.justifi.platform import BY_ITSELF, JustifiPlatform, Origin

CAPTURE_WINDOW = 7 * 24 * 3600
BASIS_POINTS = 10_000
# What the sub account's own fee configuration asks for where a payment names no fee.
FEE_RATE, FEE_FIXED = 290, 30


@dataclass(frozen=True, kw_only=True)
class Wish:
    """`fees` is None where the request named none."""

    account_id: str
    amount: int
    currency: str
    method: records.PaymentMethod
    capture_strategy: records.CaptureStrategy = "automatic"
    fees: list[records.FeeWish] | None = None
    application_fee: int | None = None
    description: str | None = None
    statement_descriptor: str | None = None
    email: str | None = None
    metadata: records.Metadata | None = None
    expedited: bool | None = None
    checkout_id: str | None = None


def attempt(platform: JustifiPlatform, wish: Wish, origin: Origin) -> records.Payment:
    """A declined one is kept as failed; whether that is a refusal is the caller's to say."""
    scenario = scenario_of(wish.metadata) or wish.method.scenario
    made = _new(platform, wish, scenario)
    if wish.method.kind == "bank_account":
        settles_at = platform.now() + platform.options.settle_after
        return _begin(platform, replace(made, settles_at=settles_at), "payment.pending", origin)
    if scenario in cards.SCENARIOS:
        why = cards.SCENARIOS[scenario]
        failed = replace(made, status="failed", error_code=why.code, error_description=why.message)
        return _begin(platform, failed, "payment.failed", origin)
    if wish.capture_strategy == "manual":
        lapses = platform.now() + CAPTURE_WINDOW
        authorized = replace(made, status="authorized", settles_at=lapses)
        return _begin(platform, authorized, "payment.authorized", origin)
    paid = replace(made, status="succeeded", captured=True)
    book_payment(platform, paid)
    return _begin(platform, paid, "payment.succeeded", origin)


def scenario_of(metadata: records.Metadata | None) -> str | None:
    """`metadata.payment_test.scenario`; one that nobody knows is as good as none."""
    test = (metadata or {}).get("payment_test")
    scenario = test.get("scenario") if isinstance(test, dict) else None
    return scenario if isinstance(scenario, str) and scenario in cards.KNOWN_SCENARIOS else None


def capture(platform: JustifiPlatform, payment: records.Payment, origin: Origin) -> records.Payment:
    captured = _change(platform, replace(payment, status="succeeded", captured=True))
    book_payment(platform, captured)
    return emit(platform, captured, "payment.captured", origin)


def cancel(platform: JustifiPlatform, payment: records.Payment, origin: Origin) -> records.Payment:
    canceled = _change(platform, replace(payment, status="canceled"))
    return emit(platform, canceled, "payment.canceled", origin)


def end_what_waited(platform: JustifiPlatform, payment: records.Payment) -> None:
    """A debit settles or bounces; an authorization that nobody captured lapses."""
    if payment.status == "authorized":
        cancel(platform, payment, BY_ITSELF)
    elif payment.scenario in cards.DEBIT_FAILURES:
        why = cards.DEBIT_FAILURES[payment.scenario]
        failed = replace(
            payment, status="failed", error_code=payment.scenario, error_description=why
        )
        emit(platform, _change(platform, failed), "payment.failed", BY_ITSELF)
    else:
        paid = _change(platform, replace(payment, status="succeeded", captured=True))
        book_payment(platform, paid)
        emit(platform, paid, "payment.succeeded", BY_ITSELF)


def emit(
    platform: JustifiPlatform, payment: records.Payment, name: str, origin: Origin
) -> records.Payment:
    platform.emit(name, payment.account_id, objects.payment(platform, payment), origin)
    return payment


def _begin(
    platform: JustifiPlatform, payment: records.Payment, name: str, origin: Origin
) -> records.Payment:
    platform.payments.put(payment)
    if payment.settles_at is not None:
        platform.due.enter(payment.settles_at, payment.id)
    emit(platform, payment, "payment.created", origin)
    return emit(platform, payment, name, origin)


def _change(platform: JustifiPlatform, payment: records.Payment) -> records.Payment:
    """Nothing is waited for any more."""
    return platform.payments.put(replace(payment, updated=platform.now(), settles_at=None))


def _new(platform: JustifiPlatform, wish: Wish, scenario: str | None) -> records.Payment:
    now = platform.now()
    return records.Payment(
        id=new_id("py_", 22),
        account_id=wish.account_id,
        created=now,
        updated=now,
        amount=wish.amount,
        currency=wish.currency,
        capture_strategy=wish.capture_strategy,
        payment_method=wish.method.id,
        kind=wish.method.kind,
        status="pending",
        application_fee=wish.application_fee,
        fees=_fees(wish),
        description=wish.description,
        statement_descriptor=wish.statement_descriptor,
        email=wish.email,
        metadata=wish.metadata,
        expedited=wish.expedited,
        checkout_id=wish.checkout_id,
        financial_transaction_id=new_id("ft_", 22),
        scenario=scenario,
    )


def _fees(wish: Wish) -> list[records.Fee]:
    if wish.application_fee is not None:
        return []
    if wish.fees is None:
        amount = (wish.amount * FEE_RATE + BASIS_POINTS // 2) // BASIS_POINTS + FEE_FIXED
        return [_fee("processing_fee", min(amount, wish.amount), asked=False)]
    return [_fee(fee.type, fee.amount) for fee in wish.fees]


def _fee(kind: records.FeeType, amount: int, *, asked: bool = True) -> records.Fee:
    return records.Fee(
        id=new_id("pyfee_", 22), type=kind, amount=amount, remaining=amount, asked=asked
    )

"""Search attributes: how operators find a purchase. Keywords and booleans, nothing personal."""

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from domain.payouts import PayoutAccount
from domain.policies import PolicyStatus
from domain.purchases import PaymentStatus, Purchase, PurchaseOrder, Settled

PAYMENT_STATUS = SearchAttributeKey.for_keyword("PaymentStatus")
POLICY_STATUS = SearchAttributeKey.for_keyword("PolicyStatus")
TENANT_ID = SearchAttributeKey.for_keyword("TenantId")
PAYOUT_STATUS = SearchAttributeKey.for_keyword("PayoutStatus")
QUOTE_ID = SearchAttributeKey.for_keyword("QuoteId")
PROVIDER = SearchAttributeKey.for_keyword("Provider")
NEEDS_REVIEW = SearchAttributeKey.for_bool("NeedsReview")
LIVE_MODE = SearchAttributeKey.for_bool("LiveMode")

ALL: dict[str, str] = {
    PAYMENT_STATUS.name: "Keyword",
    POLICY_STATUS.name: "Keyword",
    PAYOUT_STATUS.name: "Keyword",
    TENANT_ID.name: "Keyword",
    QUOTE_ID.name: "Keyword",
    PROVIDER.name: "Keyword",
    NEEDS_REVIEW.name: "Bool",
    LIVE_MODE.name: "Bool",
}


def of_new_purchase(order: PurchaseOrder) -> TypedSearchAttributes:
    return TypedSearchAttributes(
        [
            SearchAttributePair(PAYMENT_STATUS, PaymentStatus.PENDING.value),
            SearchAttributePair(POLICY_STATUS, PolicyStatus.NONE.value),
            SearchAttributePair(PROVIDER, order.provider),
            SearchAttributePair(NEEDS_REVIEW, False),
            *_whose(order),
        ]
    )


def of_refund(order: PurchaseOrder) -> TypedSearchAttributes:
    return TypedSearchAttributes(
        [
            SearchAttributePair(PROVIDER, order.provider),
            SearchAttributePair(NEEDS_REVIEW, False),
            *_whose(order),
        ]
    )


def of_link(tenant_id: str, quote_id: str) -> TypedSearchAttributes:
    return TypedSearchAttributes(
        [SearchAttributePair(TENANT_ID, tenant_id), SearchAttributePair(QUOTE_ID, quote_id)]
    )


def of_integration(tenant_id: str, connection_code: str, livemode: bool) -> TypedSearchAttributes:
    return TypedSearchAttributes(
        [
            SearchAttributePair(PROVIDER, connection_code),
            SearchAttributePair(TENANT_ID, tenant_id),
            SearchAttributePair(LIVE_MODE, livemode),
        ]
    )


def provider_of(purchase: Purchase) -> str:
    """Whose gateway takes the money; before it is routed, whose is expected to."""
    return purchase.route.connection_code if purchase.route else purchase.order.provider


def show(purchase: Purchase, policy: PolicyStatus, needs_review: bool) -> None:
    """Upsert what changed, and nothing where nothing did: each upsert is an event in history."""
    shown = workflow.info().typed_search_attributes
    values = (
        (PAYMENT_STATUS, purchase.status.value),
        (POLICY_STATUS, policy.value),
        (PROVIDER, provider_of(purchase)),
    )
    changes = [key.value_set(value) for key, value in values if shown.get(key) != value]
    if shown.get(NEEDS_REVIEW) != needs_review:
        workflow.upsert_search_attributes([*changes, NEEDS_REVIEW.value_set(needs_review)])
    elif changes:
        workflow.upsert_search_attributes(changes)


def of_payouts(account: PayoutAccount) -> TypedSearchAttributes:
    of_account = of_integration(account.tenant_id, account.provider, account.livemode)
    return TypedSearchAttributes([*of_account, SearchAttributePair(NEEDS_REVIEW, False)])


def show_payouts(status: str, needs_review: bool) -> None:
    """Upsert what changed, and nothing where nothing did."""
    shown = workflow.info().typed_search_attributes
    if shown.get(PAYOUT_STATUS) != status:
        workflow.upsert_search_attributes([PAYOUT_STATUS.value_set(status)])
    show_review(needs_review)


def show_review(needed: bool) -> None:
    """Whether a person must look at what this run is about."""
    if workflow.info().typed_search_attributes.get(NEEDS_REVIEW) is not needed:
        workflow.upsert_search_attributes([NEEDS_REVIEW.value_set(needed)])


def details(purchase: Purchase, settled: Settled) -> str:
    """The current details that the Temporal UI shows, in markdown."""
    order = purchase.order
    lines = [f"**{purchase.status}** · {order.price} · quote `{order.quote_id}`"]
    if purchase.failure:
        lines.append(f"- refused: `{purchase.failure.code}`, can retry: {purchase.can_retry}")
    if purchase.route:
        lines.append(f"- by {purchase.route.name}: {purchase.route.because}")
        lines += [f"- not by {each.name}: {each.why}" for each in purchase.route.passed_over]
    if purchase.payment_id:
        lines.append(f"- payment `{purchase.payment_id}`")
    if settled.policy_number:
        lines.append(f"- policy `{settled.policy_number}`")
    return "\n".join(lines)


def _whose(order: PurchaseOrder) -> list[SearchAttributePair]:  # type: ignore[type-arg]
    return [
        SearchAttributePair(TENANT_ID, order.tenant_id),
        SearchAttributePair(QUOTE_ID, order.quote_id),
        SearchAttributePair(LIVE_MODE, order.livemode),
    ]

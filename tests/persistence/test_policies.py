"""Policies as rows: issued once, delivered, and visible when the mail comes back."""

from collections.abc import Awaitable, Callable

import pytest

from domain.emails import EmailOrder, EmailStatus, EmailTemplate, email_id_of
from domain.errors import NotFound
from domain.payments import ProviderRefundState
from domain.policies import Policy, PolicyDocument, PolicyStatus, PolicyStep
from domain.purchases import PurchaseOrder
from persistence.database import Database
from persistence.emails import EmailRecords
from persistence.policies import PolicyRecords
from persistence.purchases import PurchaseRecords
from persistence.refunds import RefundRecords
from tests.persistence.samples import (
    LATER,
    NOON,
    PRICE,
    TENANT,
    begin,
    claimed,
    paid_purchase,
    refund_word,
)

PDF = PolicyDocument(location="POL-2026-000001.pdf", sha256="ab" * 32, size=20_000)


async def policy_of(database: Database, purchase_id: str) -> Policy:
    policy = await PolicyRecords(database).of_purchase(purchase_id)
    assert policy is not None
    view = await PurchaseRecords(database).view(TENANT, purchase_id)
    assert view is not None
    assert view.policy_status is policy.status, "both rows tell the same"
    return policy


async def mailed(database: Database, purchase_id: str) -> str:
    """The id of the message with the policy, which the mail service has taken."""
    email_id = email_id_of(purchase_id, EmailTemplate.PAYMENT_CONFIRMATION)
    confirmation = EmailOrder(
        email_id=email_id,
        template=EmailTemplate.PAYMENT_CONFIRMATION,
        tenant_id=TENANT,
        purchase_id=purchase_id,
    )
    emails = EmailRecords(database)
    await emails.begin(confirmation, "mei@example.com", None, NOON)
    return (await emails.mark_accepted(email_id, "sg-1", NOON)).email_id


async def test_the_first_document_stands(database: Database) -> None:
    purchase_id = (await paid_purchase(database)).order.purchase_id
    policies = PolicyRecords(database)

    issued = await policies.mark_issued(purchase_id, PDF, NOON)
    again = await policies.mark_issued(
        purchase_id, PDF.model_copy(update={"sha256": "cd" * 32}), LATER
    )

    assert (issued.status, issued.document, issued.issued_at) == (PolicyStatus.ISSUED, PDF, NOON)
    assert again == issued == await policy_of(database, purchase_id)


async def test_a_policy_goes_from_none_to_issued_to_delivered(database: Database) -> None:
    purchase_id = (await paid_purchase(database)).order.purchase_id
    policies = PolicyRecords(database)
    email_id = await mailed(database, purchase_id)
    await policies.mark_delivered(purchase_id, email_id, NOON)
    assert (await policy_of(database, purchase_id)).status is PolicyStatus.NONE

    await policies.mark_issued(purchase_id, PDF, NOON)
    await policies.mark_delivered(purchase_id, email_id, LATER)
    await policies.mark_issued(purchase_id, PDF, LATER)

    delivered = await policy_of(database, purchase_id)
    assert (delivered.status, delivered.delivered_at) == (PolicyStatus.DELIVERED, LATER)


async def test_a_bounce_makes_a_delivered_policy_issued_again(database: Database) -> None:
    purchase_id = (await paid_purchase(database)).order.purchase_id
    policies = PolicyRecords(database)
    await policies.mark_issued(purchase_id, PDF, NOON)
    await policies.mark_delivered(purchase_id, await mailed(database, purchase_id), LATER)

    await policies.mark_not_delivered(purchase_id, LATER)

    back = await policy_of(database, purchase_id)
    assert (back.status, back.delivered_at, back.document) == (PolicyStatus.ISSUED, None, PDF)


Step = Callable[[PolicyRecords, str, str], Awaitable[object]]
TAKEN: dict[PolicyStep, Step] = {
    PolicyStep.PRINTED: lambda policies, purchase, _: policies.mark_issued(purchase, PDF, LATER),
    PolicyStep.ARRIVED: lambda policies, purchase, email: policies.mark_delivered(
        purchase, email, LATER
    ),
    PolicyStep.BOUNCED: lambda policies, purchase, _: policies.mark_not_delivered(purchase, LATER),
}
WAYS = {
    PolicyStatus.NONE: (),
    PolicyStatus.ISSUED: (PolicyStep.PRINTED,),
    PolicyStatus.DELIVERED: (PolicyStep.PRINTED, PolicyStep.ARRIVED),
}


@pytest.mark.parametrize("step", PolicyStep)
@pytest.mark.parametrize("status", WAYS)
async def test_each_step_is_taken_from_its_own_status_and_from_no_other(
    database: Database, status: PolicyStatus, step: PolicyStep
) -> None:
    purchase_id = (await paid_purchase(database)).order.purchase_id
    policies, email_id = PolicyRecords(database), await mailed(database, purchase_id)
    for each in WAYS[status]:
        await TAKEN[each](policies, purchase_id, email_id)
    before = await policy_of(database, purchase_id)
    assert before.status is status

    await TAKEN[step](policies, purchase_id, email_id)

    after = await policy_of(database, purchase_id)
    if step.before is status:
        assert after.status is step.after
    else:
        assert after == before


async def test_a_bounce_beneath_a_cancellation_is_seen_when_the_policy_revives(
    database: Database,
) -> None:
    purchase = await paid_purchase(database)
    purchase_id, policies = purchase.order.purchase_id, PolicyRecords(database)
    await policies.mark_issued(purchase_id, PDF, NOON)
    await policies.mark_delivered(purchase_id, await mailed(database, purchase_id), NOON)
    await claimed(database, purchase, "ref_1")
    refunds = RefundRecords(database)

    await refunds.record_outcome("ref_1", refund_word("re_1", PRICE.minor), (), LATER)
    await policies.mark_not_delivered(purchase_id, LATER)
    assert (await policy_of(database, purchase_id)).status is PolicyStatus.CANCELLED

    failed = refund_word("re_1", PRICE.minor, ProviderRefundState.FAILED, "lost_or_stolen_card")
    await refunds.record_outcome("ref_1", failed, (), LATER)
    assert (await policy_of(database, purchase_id)).status is PolicyStatus.ISSUED


async def test_a_bounce_that_is_faster_than_our_own_word_stands(database: Database) -> None:
    purchase_id = (await paid_purchase(database)).order.purchase_id
    policies = PolicyRecords(database)
    await policies.mark_issued(purchase_id, PDF, NOON)
    email_id = await mailed(database, purchase_id)
    await EmailRecords(database).record_event(email_id, EmailStatus.BOUNCED, None, NOON)
    await policies.mark_not_delivered(purchase_id, NOON)

    await policies.mark_delivered(purchase_id, email_id, LATER)

    assert (await policy_of(database, purchase_id)).status is PolicyStatus.ISSUED


async def test_a_policy_is_found_by_id_and_number_within_its_tenant(database: Database) -> None:
    await paid_purchase(database)
    policies = PolicyRecords(database)
    policy = await policies.by_number("POL-2026-000001")
    assert policy is not None

    assert await policies.get(TENANT, policy.policy_id) == policy
    assert await policies.get(TENANT, policy.number) == policy
    assert await policies.get("ten_other", policy.number) is None
    assert await policies.by_number("POL-2026-999999") is None


async def test_policies_are_paged_newest_first(database: Database) -> None:
    for number in range(3):
        await paid_purchase(database, f"Q-{number}")
    policies = PolicyRecords(database)

    first = await policies.page(TENANT, None, 2)
    second = await policies.page(TENANT, first.next_cursor, 2)

    assert len({policy.number for policy in (*first.items, *second.items)}) == 3
    assert second.next_cursor is None


async def test_an_unpaid_purchase_has_no_policy_to_issue(
    database: Database, ordered: PurchaseOrder
) -> None:
    await begin(PurchaseRecords(database), ordered, NOON)

    with pytest.raises(NotFound):
        await PolicyRecords(database).mark_issued(ordered.purchase_id, PDF, NOON)
    assert await PolicyRecords(database).of_purchase(ordered.purchase_id) is None

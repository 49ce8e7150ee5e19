"""One purchase from its checkout to its policy, on the provider's good and bad days."""

from domain.policies import PolicyStatus
from domain.purchases import PaymentStatus
from tests.workflows.stories import Stories


async def test_a_paid_purchase_becomes_a_delivered_policy(stories: Stories) -> None:
    order = stories.world.order()
    opened = await stories.opened(order)
    assert opened.checkout is not None
    stories.world.payments.pay(order.purchase_id)
    event_id = await stories.tell_change(order)
    purchase = await stories.end_of(order)
    assert purchase.status is PaymentStatus.COMPLETED
    policy = stories.policy(order)
    assert policy is not None
    assert policy.status is PolicyStatus.DELIVERED
    assert stories.world.mail.subjects() == ["payment_confirmation"]
    assert event_id in stories.world.rows.handled

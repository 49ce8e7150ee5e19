"""What customers are written to about: a purchase that is paid, a policy that is printed."""

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from domain.emails import EmailOrder, EmailStatus, EmailTemplate, email_id_of
from domain.links import LinkOrder
from domain.payments import Checkout, CheckoutSnapshot, CheckoutState
from domain.purchases import Settlement
from domain.routing import Candidate, Route
from tests.fake_rows import FakePurchaseRecords
from tests.fake_world import PRICE, TENANT, World


async def paid(world: World) -> str:
    """The id of a purchase whose policy is drawn and not printed."""
    order, at = world.order(), world.clock()
    checkout = Checkout(session_id="cs_1", url="https://pay.example/cs_1", expires_at=at)
    seen = CheckoutSnapshot(
        session_id="cs_1", state=CheckoutState.COMPLETE, paid=PRICE, payment_id="pi_1"
    )
    records = FakePurchaseRecords(world.rows)
    purchase = (
        (await records.open(order, Route.to(Candidate(), at), at))
        .purchase.opened(checkout)
        .applied(seen, at)
    )
    await records.record(Settlement(purchase=purchase), at)
    return order.purchase_id


async def issued(world: World) -> EmailOrder:
    """A paid purchase with a printed policy, and the order to confirm it."""
    purchase_id = await paid(world)
    await ActivityEnvironment().run(world.policies().issue_policy, purchase_id)
    return EmailOrder(
        email_id=email_id_of(purchase_id, EmailTemplate.PAYMENT_CONFIRMATION),
        template=EmailTemplate.PAYMENT_CONFIRMATION,
        tenant_id=TENANT,
        purchase_id=purchase_id,
    )


def about_link(link: LinkOrder, template: EmailTemplate) -> EmailOrder:
    return EmailOrder(
        email_id=email_id_of(link.link_id, template),
        template=template,
        tenant_id=link.tenant_id,
        link_id=link.link_id,
    )


async def send(world: World, order: EmailOrder) -> EmailStatus:
    return await ActivityEnvironment().run(world.emails().send_email, order)


async def send_in_vain(world: World, order: EmailOrder) -> ApplicationError:
    with pytest.raises(ApplicationError) as told:
        await send(world, order)
    return told.value

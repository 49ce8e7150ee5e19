"""What letters say, and when there is nothing to say any more."""

import pytest
from temporalio.exceptions import ApplicationError

from domain.emails import EmailOrder, EmailStatus, EmailTemplate, Letter
from domain.identifiers import derived_id
from domain.links import LIFETIME, LinkOrder, LinkStatus
from domain.money import Money
from domain.payments import (
    Checkout,
    CheckoutSnapshot,
    CheckoutState,
    ProviderRefundState,
    RefundSnapshot,
)
from domain.purchases import Purchase
from domain.quotes import InsuredPerson
from domain.refunds import Refund, RefundStatus
from domain.routing import Candidate, Route
from tests.activities.occasions import about_link, issued, send, send_in_vain
from tests.fake_payments import DECLINED
from tests.fake_refund_rows import FakeRefundRecords
from tests.fake_world import PRICE, TENANT, World


async def test_a_purchase_without_an_address_is_told_of_once_and_for_all() -> None:
    world = World()
    order = await issued(world)
    assert order.purchase_id is not None
    purchase = world.rows.purchases[order.purchase_id]
    nobody = purchase.order.model_copy(update={"customer_email": None})
    world.rows.purchases[order.purchase_id] = purchase.model_copy(update={"order": nobody})
    told = await send_in_vain(world, order)
    assert (told.type, told.non_retryable) == ("Unsendable", True)


async def test_nobody_is_told_of_a_failure_after_having_paid() -> None:
    world = World()
    confirmation = await issued(world)
    order = confirmation.model_copy(update={"template": EmailTemplate.PAYMENT_FAILED})
    assert await send(world, order) is EmailStatus.SUPERSEDED
    assert (world.mail.sent, world.rows.emails) == ([], {})


async def test_a_failure_is_told_with_the_page_to_pay_on() -> None:
    world = World()
    purchase = Purchase(order=world.order())
    checkout = Checkout(session_id="cs_1", url="https://pay.example/cs_1", expires_at=world.clock())
    seen = CheckoutSnapshot(session_id="cs_1", state=CheckoutState.OPEN, failure=DECLINED)
    failed = purchase.opened(checkout).applied(seen, world.clock())
    world.rows.purchases[purchase.order.purchase_id] = failed
    order = EmailOrder(
        email_id=derived_id("eml", "failed"),
        template=EmailTemplate.PAYMENT_FAILED,
        tenant_id=TENANT,
        purchase_id=purchase.order.purchase_id,
    )
    letter = await world.letters().gather(order)
    assert letter is not None
    assert (letter.pay_url, letter.failure_reason) == (checkout.url, DECLINED.reason)


@pytest.mark.parametrize("has_moved", [False, True])
async def test_a_failure_whose_checkout_may_be_left_names_our_page_which_leads_to_the_latest(
    has_moved: bool,
) -> None:
    world = World()
    ruled = Candidate(failover_decline_codes=(DECLINED.code,))
    purchase = Purchase(order=world.order(), route=Route.to(ruled, world.clock()))
    checkout = Checkout(session_id="cs_1", url="https://pay.example/cs_1", expires_at=world.clock())
    seen = CheckoutSnapshot(session_id="cs_1", state=CheckoutState.OPEN, failure=DECLINED)
    failed = purchase.opened(checkout).applied(seen, world.clock())
    if has_moved:
        failed = failed.failed_over(ruled, world.clock()).opened(checkout)
    purchase_id = purchase.order.purchase_id
    world.rows.purchases[purchase_id] = failed
    order = EmailOrder(
        email_id=derived_id("eml", "failed"),
        template=EmailTemplate.PAYMENT_FAILED,
        tenant_id=TENANT,
        purchase_id=purchase_id,
    )
    letter = await world.letters().gather(order)
    assert letter is not None
    assert letter.pay_url == f"https://paybind.example/cancel?purchase={purchase_id}"
    assert letter.failure_reason == DECLINED.reason


async def _debit_bounced(world: World, quote_id: str) -> EmailOrder:
    """A purchase whose checkout is over, and the order to tell of its failure."""
    purchase = Purchase(order=world.order(quote_id=quote_id))
    checkout = Checkout(session_id="cs_1", url="https://pay.example/cs_1", expires_at=world.clock())
    seen = CheckoutSnapshot(session_id="cs_1", state=CheckoutState.COMPLETE, failure=DECLINED)
    failed = purchase.opened(checkout).applied(seen, world.clock())
    world.rows.purchases[purchase.order.purchase_id] = failed
    return EmailOrder(
        email_id=derived_id("eml", "bounced"),
        template=EmailTemplate.PAYMENT_FAILED,
        tenant_id=TENANT,
        purchase_id=purchase.order.purchase_id,
    )


async def test_a_failure_whose_checkout_is_over_offers_no_dead_page() -> None:
    world = World()
    letter = await world.letters().gather(await _debit_bounced(world, "Q-debit"))
    assert letter is not None
    assert (letter.pay_url, letter.expires_at) == (None, None)


@pytest.mark.parametrize("lives", [True, False])
async def test_a_failure_whose_checkout_is_over_offers_the_quotes_link_while_that_lives(
    lives: bool,
) -> None:
    world = World()
    saved_at = world.clock() if lives else world.clock() - LIFETIME
    link = world.rows.links[world.link(saved_at).link_id]
    letter = await world.letters().gather(await _debit_bounced(world, link.quote_id))
    assert letter is not None
    offered = (f"https://paybind.example/pay/{link.token}", link.expires_at)
    assert (letter.pay_url, letter.expires_at) == (offered if lives else (None, None))


async def test_nobody_is_told_of_a_failure_that_another_payment_made_up_for() -> None:
    world = World()
    failure = await _debit_bounced(world, "Q-again")
    again = Purchase(order=world.order(attempt=2, quote_id="Q-again"))
    seen = CheckoutSnapshot(
        session_id="cs_2", state=CheckoutState.COMPLETE, paid=PRICE, payment_id="pi_2"
    )
    world.rows.purchases[again.order.purchase_id] = again.applied(seen, world.clock())
    assert await world.letters().gather(failure) is None


@pytest.mark.parametrize("livemode", [True, False])
async def test_a_letter_is_of_the_mode_of_what_it_is_about(livemode: bool) -> None:
    world = World()
    confirmation = await issued(world)
    assert confirmation.purchase_id is not None
    bought = world.rows.purchases[confirmation.purchase_id]
    real = bought.order.model_copy(update={"livemode": livemode})
    world.rows.purchases[confirmation.purchase_id] = bought.model_copy(update={"order": real})
    link = world.link(world.clock())
    saved = world.rows.links[link.link_id].model_copy(update={"livemode": livemode})
    world.rows.links[link.link_id] = saved
    reminder = about_link(link, EmailTemplate.LINK_REMINDER)
    letters = [await world.letters().gather(order) for order in (confirmation, reminder)]
    assert [letter and letter.livemode for letter in letters] == [livemode, livemode]


@pytest.mark.parametrize(
    ("email", "greeted"), [("mei.tan@example.com", "Tan Mei"), ("her.agent@example.com", None)]
)
async def test_a_letter_greets_the_customer_and_nobody_else_who_is_insured(
    email: str, greeted: str | None
) -> None:
    world = World()
    confirmation = await issued(world)
    assert confirmation.purchase_id is not None
    bought = world.rows.purchases[confirmation.purchase_id]
    order = bought.order.model_copy(update={"customer_email": email})
    world.rows.purchases[order.purchase_id] = bought.model_copy(update={"order": order})
    child = InsuredPerson(name="Little Tan")
    quote = world.rows.quotes[order.quote_id].model_copy(
        update={"customer_name": "Tan Mei", "insured_persons": (child,)}
    )
    world.rows.quotes[order.quote_id] = quote
    letter = await world.letters().gather(confirmation)
    assert letter is not None
    assert (letter.to, letter.to_name) == (email, greeted)


@pytest.mark.parametrize("paid", [PRICE, None], ids=["paid", "processing"])
async def test_nobody_is_reminded_of_what_is_paid_or_on_its_way(
    paid: Money | None,
) -> None:
    world = World()
    link = world.link(world.clock())
    purchase = Purchase(order=world.order(quote_id=link.quote_id))
    seen = CheckoutSnapshot(
        session_id="cs_1", state=CheckoutState.COMPLETE, paid=paid, payment_id="pi_1"
    )
    world.rows.purchases[purchase.order.purchase_id] = purchase.applied(seen, world.clock())
    order = about_link(link, EmailTemplate.LINK_REMINDER)
    assert await world.letters().gather(order) is None


@pytest.mark.parametrize(
    ("template", "status", "is_sent"),
    [
        (EmailTemplate.PAYMENT_LINK, LinkStatus.ACTIVE, True),
        (EmailTemplate.LINK_REMINDER, LinkStatus.ACTIVE, True),
        (EmailTemplate.LINK_REMINDER, LinkStatus.PAID, False),
        (EmailTemplate.LINK_REMINDER, LinkStatus.REVOKED, False),
        (EmailTemplate.LINK_REMINDER, LinkStatus.EXPIRED, False),
        (EmailTemplate.LINK_EXPIRED, LinkStatus.EXPIRED, True),
        (EmailTemplate.LINK_EXPIRED, LinkStatus.PAID, False),
    ],
)
async def test_a_link_is_written_about_only_while_it_is_true(
    template: EmailTemplate, status: LinkStatus, is_sent: bool
) -> None:
    world = World()
    link: LinkOrder = world.link(world.clock())
    world.rows.links[link.link_id] = world.rows.links[link.link_id].model_copy(
        update={"status": status}
    )
    order = about_link(link, template)
    assert (await send(world, order) is EmailStatus.ACCEPTED) is is_sent
    assert bool(world.mail.sent) is is_sent


@pytest.mark.parametrize("about", ["purchase_id", "refund_id", "link_id"])
async def test_a_letter_about_a_missing_row_is_a_defect_and_not_sent(about: str) -> None:
    world = World()
    order = (await issued(world)).model_copy(update={about: derived_id("pur", "missing")})
    with pytest.raises((LookupError, ApplicationError)):
        await send(world, order)
    assert world.mail.sent == []


async def test_a_letter_about_nothing_is_never_sent() -> None:
    world = World()
    order = (await issued(world)).model_copy(update={"purchase_id": None})
    assert (await send_in_vain(world, order)).non_retryable


async def test_a_policy_is_not_sent_before_its_document_is_kept() -> None:
    world = World()
    confirmation = await issued(world)
    assert confirmation.purchase_id is not None
    drawn = world.rows.policies[confirmation.purchase_id]
    world.rows.policies[confirmation.purchase_id] = drawn.model_copy(update={"document": None})
    with pytest.raises(LookupError, match="no policy document"):
        await send(world, confirmation)
    assert world.mail.sent == []


async def test_a_policy_that_was_cancelled_is_not_sent_any_more() -> None:
    world = World()
    confirmation = await issued(world)
    assert confirmation.purchase_id is not None
    policy = world.rows.policies[confirmation.purchase_id]
    cancelled = policy.model_copy(update={"cancelled_at": world.clock()})
    world.rows.policies[confirmation.purchase_id] = cancelled
    assert await send(world, confirmation) is EmailStatus.SUPERSEDED
    assert world.mail.sent == []


async def test_a_refund_is_told_of_only_while_it_stands() -> None:
    world = World()
    confirmation = await issued(world)
    assert confirmation.purchase_id is not None
    order = world.rows.purchases[confirmation.purchase_id].order
    refund = await FakeRefundRecords(world.rows).request(
        world.refund_request(order, 7500), world.clock()
    )
    assert isinstance(refund, Refund)
    told = confirmation.model_copy(
        update={"template": EmailTemplate.REFUND_MADE, "refund_id": refund.refund_id}
    )
    world.rows.refunds[refund.refund_id] = refund.model_copy(update={"status": RefundStatus.FAILED})
    assert await world.letters().gather(told) is None
    world.rows.refunds[refund.refund_id] = refund.model_copy(
        update={"status": RefundStatus.SUCCEEDED}
    )
    letter = await world.letters().gather(told)
    assert letter is not None
    assert (letter.refunded, letter.paid_too_late) == (refund.amount, False)
    assert (letter.policy_number is not None, letter.is_covered) == (True, True)
    came_back = told.model_copy(update={"template": EmailTemplate.REFUND_RETURNED})
    assert await world.letters().gather(came_back) is None


async def test_a_full_refund_tells_which_policy_it_ended_and_its_return_that_it_holds() -> None:
    world = World()
    confirmation = await issued(world)
    assert confirmation.purchase_id is not None
    order, refunds = (
        world.rows.purchases[confirmation.purchase_id].order,
        FakeRefundRecords(world.rows),
    )
    refund = await refunds.request(world.refund_request(order), world.clock())
    assert isinstance(refund, Refund)
    about = confirmation.model_copy(update={"refund_id": refund.refund_id})

    async def told(state: ProviderRefundState, template: EmailTemplate) -> Letter:
        word = RefundSnapshot(
            provider_refund_id="re_1", payment_id="pi_1", amount=refund.amount, state=state
        )
        await refunds.record_outcome(refund.refund_id, word, (), world.clock())
        letter = await world.letters().gather(about.model_copy(update={"template": template}))
        assert letter is not None
        return letter

    made = await told(ProviderRefundState.SUCCEEDED, EmailTemplate.REFUND_MADE)
    returned = await told(ProviderRefundState.FAILED, EmailTemplate.REFUND_RETURNED)

    assert made.policy_number == returned.policy_number is not None
    assert (made.is_covered, returned.is_covered) == (False, True)

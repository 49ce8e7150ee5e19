"""The timeline tells every run of a purchase and of its refunds, and what keeps a step waiting."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from domain.emails import EmailStatus
from domain.purchases import ReviewReason
from domain.refunds import Asker
from domain.views import TimelineEntry
from gateways.faults import Busy, StoredFault
from persistence.purchases import PurchaseRecords
from services.refunds import RefundWish
from tests.api.door import event, signature_of
from tests.services.conftest import Premises

pytestmark = pytest.mark.slow  # on a real server


async def test_the_story_goes_on_in_every_run_of_the_purchase_and_its_refund(
    premises: Premises,
) -> None:
    shop = premises.shop
    purchase_id = await shop.paid_purchase()
    first = premises.client.get_workflow_handle(f"purchase-{purchase_id}")
    await first.result()
    wish = RefundWish(purchase=purchase_id, amount_minor=100)
    refund = await shop.services.refunds.request(await shop.caller(), wish, Asker.SERVICE)
    await premises.client.get_workflow_handle(f"refund-{refund.refund_id}").result()
    await premises.client.get_workflow_handle(f"purchase-{purchase_id}").result()

    told = await shop.services.timeline.of(await shop.caller(), purchase_id)

    steps = [entry for entry in told if entry.source == "workflow"]
    begun = [
        str(step.detail).partition(",")[0] for step in steps if step.what == "workflow started"
    ]
    purchase, repaid = f"purchase-{purchase_id}", f"refund-{refund.refund_id}"
    assert sorted(begun) == [purchase, purchase, repaid]
    by_row_and_by_provider = {"record_settlement", "record_refund", "create_refund"}
    assert by_row_and_by_provider <= {step.what for step in steps if step.attempt == 1}
    assert [entry.at for entry in told] == sorted(entry.at for entry in told)
    assert len(set(told)) == len(told)


@dataclass(frozen=True)
class Eventful:
    """What is told of a purchase, and of a refund of it, that met a fault at every turn."""

    purchase_id: str
    refund_id: str
    told: tuple[TimelineEntry, ...]

    def starting(self, words: str) -> list[TimelineEntry]:
        return _starting(self.told, words)

    def calls(self, step: str) -> list[tuple[int | None, str | None]]:
        """The attempt and the key of each."""
        return [(each.attempt, each.key) for each in self.told if each.what == step]


@pytest.fixture(scope="module")
async def eventful(premises: Premises) -> Eventful:
    shop = premises.shop
    kept = StoredFault("a 500 that is kept for its key")
    shop.payments.faults_before["open_checkout"] += [Busy("slow down"), kept]
    async with shop.agent() as agent:
        started = await agent.answer("initiate_purchase", **await shop.wish())
    purchase_id = str(started["payment_intent_id"])
    shop.payments.pay(purchase_id)
    body = event("checkout.session.completed", purchase_id, "evt_of_stripe")
    for _ in range(2):  # delivered twice, told once
        await shop.services.webhooks.receive(
            "stripe", body, {"stripe-signature": signature_of(body)}
        )
    await premises.client.get_workflow_handle(f"purchase-{purchase_id}").result()
    shop.payments.faults_before["create_refund"].append(kept)
    wish = RefundWish(purchase=purchase_id, amount_minor=100)
    refund = await shop.services.refunds.request(await shop.caller(), wish, Asker.SERVICE)
    await premises.client.get_workflow_handle(f"refund-{refund.refund_id}").result()
    return Eventful(purchase_id, refund.refund_id, await _told(premises, purchase_id))


async def test_each_call_names_its_attempt_and_the_key_that_the_provider_was_given(
    eventful: Eventful,
) -> None:
    checkout, refund = f"{eventful.purchase_id}:checkout", f"{eventful.refund_id}:refund"
    assert eventful.calls("open_purchase") == [
        (2, f"{checkout}:1"),
        (1, f"{checkout}:2"),
        (1, f"{checkout}:1"),  # the run that the refund began: it finds what there is
    ]
    assert eventful.calls("create_refund") == [(1, f"{refund}:1"), (1, f"{refund}:2")]
    [requested] = eventful.starting("refund of SGD 1.00 requested")
    assert (requested.key, requested.detail) == (None, f"{eventful.refund_id}: succeeded")
    [letter] = eventful.starting("e-mail payment_confirmation accepted")
    assert str(letter.key).startswith("eml_")
    assert letter.attempt == 1


async def test_a_webhook_and_what_a_workflow_was_told_by_it_name_the_providers_event(
    eventful: Eventful,
) -> None:
    [webhook] = eventful.starting("webhook checkout.session.completed handed_over")
    assert (webhook.event, webhook.attempt) == ("evt_of_stripe", 2)
    assert str(webhook.detail).startswith("handled ")
    [hint] = eventful.starting("workflow told checkout_changed")
    assert hint.event == "evt_of_stripe"


async def test_a_call_under_way_names_the_key_under_which_its_outcome_can_be_looked_up(
    premises: Premises,
) -> None:
    shop = premises.shop
    purchase_id = await shop.paid_purchase()
    await premises.client.get_workflow_handle(f"purchase-{purchase_id}").result()
    shop.payments.hold("create_refund")
    wish = RefundWish(purchase=purchase_id, amount_minor=100)
    refund = await shop.services.refunds.request(await shop.caller(), wish, Asker.SERVICE)

    [pending] = await _until_told(premises, purchase_id, "create_refund under way")
    assert (pending.attempt, pending.key) == (1, refund.key())

    shop.payments.let_go("create_refund")
    await premises.client.get_workflow_handle(f"refund-{refund.refund_id}").result()


async def test_what_an_operator_tells_a_workflow_is_named_though_no_event_stands_behind_it(
    premises: Premises,
) -> None:
    premises.shop.mail.fault = Busy("the run goes on until the mail is out")
    purchase_id = await premises.shop.paid_purchase()
    run = premises.client.get_workflow_handle(f"purchase-{purchase_id}")
    await run.signal("review_resolved")
    await run.signal("unheard_of", "a word")
    told = await _until_told(premises, purchase_id, "workflow told unheard_of")
    told += _starting(await _told(premises, purchase_id), "workflow told review_resolved")

    assert [each.event for each in told] == [None, None]
    premises.shop.mail.fault = None
    await run.result()


async def test_a_message_that_waits_says_how_often_it_was_tried_why_it_failed_and_when_next(
    premises: Premises,
) -> None:
    shop = premises.shop
    shop.mail.fault = Busy("no mail for alice@example.com today")
    purchase_id = await shop.paid_purchase()

    again = "send_email failed: Busy; it is tried again at"
    [pending] = await _until_told(premises, purchase_id, again)
    assert pending.attempt is not None
    told = await _told(premises, purchase_id)
    assert "send_email failed: Busy" in {entry.what for entry in told}  # the first, local try
    [letter] = _starting(told, "e-mail payment_confirmation")
    assert letter.what.endswith(EmailStatus.QUEUED)
    assert (letter.detail, letter.attempt) >= ("Busy", 1)
    assert "alice@example.com" not in str(told)

    # And once the mail service is back, nothing waits any more
    shop.mail.fault = None
    await premises.client.get_workflow_handle(f"purchase-{purchase_id}").result()
    assert not [e for e in await _told(premises, purchase_id) if "tried again" in e.what]


async def test_a_message_whose_answer_was_lost_says_that_it_may_have_been_sent(
    premises: Premises,
) -> None:
    premises.shop.mail.lost_answers = 1
    purchase_id = await premises.shop.paid_purchase()

    [letter] = await _until_told(premises, purchase_id, "e-mail payment_confirmation sending")
    assert letter.detail == "no answer yet: it may have been sent"


async def test_reviews_are_told_when_they_are_opened_and_when_they_are_resolved(
    premises: Premises,
) -> None:
    purchase_id = await premises.shop.paid_purchase()
    rows, reason = PurchaseRecords(premises.database), ReviewReason.DISPUTE_OPENED
    opened, resolved = datetime.now(UTC), datetime.now(UTC)
    await rows.flag_review(purchase_id, reason, "dp_1: fraudulent", opened)

    [entry] = _starting(await _told(premises, purchase_id), "review")
    assert entry == TimelineEntry(
        at=opened, what="review dispute_opened opened", source="review", detail="dp_1: fraudulent"
    )

    await rows.resolve_review(purchase_id, reason, resolved)

    told = _starting(await _told(premises, purchase_id), "review")
    assert [(each.at, each.what) for each in told] == [
        (opened, "review dispute_opened opened"),
        (resolved, "review dispute_opened resolved"),
    ]


async def _told(premises: Premises, purchase_id: str) -> tuple[TimelineEntry, ...]:
    shop = premises.shop
    return await shop.services.timeline.of(await shop.caller(), purchase_id)


async def _until_told(premises: Premises, purchase_id: str, words: str) -> list[TimelineEntry]:
    async with asyncio.timeout(20):
        while not (found := _starting(await _told(premises, purchase_id), words)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return found


def _starting(told: tuple[TimelineEntry, ...], words: str) -> list[TimelineEntry]:
    return [entry for entry in told if entry.what.startswith(words)]

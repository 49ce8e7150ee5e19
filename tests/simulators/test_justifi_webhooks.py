"""JustiFi's webhooks: signed over the timestamp and the raw body, repeated, faulty on demand."""

import asyncio
import hashlib
import hmac

from simulators.justifi.platforms import signature

from .conftest import Receiver, Webhook, until
from .justifi_desk import GOOD_CARD, SECRET, Desk


async def _received(receiver: Receiver, number: int, path: str = "/justifi") -> list[Webhook]:
    await asyncio.to_thread(until, lambda: len(receiver.of(path)) >= number)
    return receiver.of(path)


def _is_signed(webhook: Webhook, secret: str) -> bool:
    signed = webhook.headers["JUSTIFI-TIMESTAMP"].encode() + b"." + webhook.body
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return webhook.headers["JUSTIFI-SIGNATURE"] == expected


async def test_an_event_is_the_bare_resource_in_an_envelope_of_its_own(
    desk: Desk, shared_receiver: Receiver
) -> None:
    checkout = await desk.checkout()

    [webhook] = await _received(shared_receiver, 1)

    event = webhook.json
    assert set(event) == {
        *("id", "event_name", "version", "account_id", "account_type", "platform_account_id"),
        *("idempotency_key", "request_id", "data"),
    }
    assert (event["event_name"], event["account_type"]) == ("checkout.created", "test")
    assert isinstance(event["data"], dict)
    assert event["data"]["id"] == checkout
    assert _is_signed(webhook, SECRET)


def test_the_signature_is_what_a_known_body_was_signed_with() -> None:
    expected = hmac.new(b"k", b'1668122947.{"a":1}', hashlib.sha256).hexdigest()

    assert signature('{"a":1}', "k", "1668122947") == expected


async def test_a_webhook_that_is_not_taken_comes_again(
    desk: Desk, shared_receiver: Receiver
) -> None:
    shared_receiver.answers += [503, 400]

    await desk.checkout()

    tries = await _received(shared_receiver, 3)
    assert len({webhook.body for webhook in tries}) == 1
    assert all(_is_signed(webhook, SECRET) for webhook in tries)


async def test_webhooks_are_lost_doubled_and_held_back_on_demand(
    desk: Desk, shared_receiver: Receiver
) -> None:
    for kind, name in (
        ("lose", "payment_method."),
        ("duplicate", "payment.created"),
        ("delay", "payment.succeeded"),
    ):
        await desk.steer(
            "/faults", target="webhooks", kind=kind, seconds=0.2, match={"event_type": name}
        )

    await desk.pay(await desk.card())

    names = [webhook.json["event_name"] for webhook in await _received(shared_receiver, 3)]
    assert names == ["payment.created", "payment.created", "payment.succeeded"]


async def test_another_platform_tells_the_receiver_that_was_made_for_it(
    desk: Desk, shared_receiver: Receiver
) -> None:
    url = f"{shared_receiver.url}/other"
    made = await desk.steer("/justifi/event_publishers", client_id="test_other", url=url)

    await desk.authenticate("test_other")
    await desk.steer(f"/justifi/checkouts/{await desk.checkout()}/pay", number=GOOD_CARD)

    told = await _received(shared_receiver, 6, "/other")
    assert all(_is_signed(webhook, str(made["secret"])) for webhook in told)
    assert shared_receiver.of("/justifi") == []

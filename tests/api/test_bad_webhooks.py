"""Every webhook that cannot be believed or read has an answer of its own, and is not stored."""

import pytest

from tests.api.door import Door, code_of, event, signature_of


async def test_a_webhook_that_proves_nothing_is_refused_and_not_stored(door: Door) -> None:
    body = event("checkout.session.completed", "pur_x", "evt_unproved")
    wrong_key = signature_of(body, secret="whsec_other")
    for signature, code in (
        (None, "signature_missing"),
        ("", "signature_missing"),
        ("nonsense", "invalid_signature"),
        (wrong_key, "invalid_signature"),
        (signature_of(body, age=301), "signature_too_old"),
        (signature_of(body, age=301, secret="whsec_other"), "invalid_signature"),
    ):
        answer = await door.send_webhook(body, signature)
        assert code_of(answer) == (400, code)
    altered = await door.send_webhook(body + b" ", signature_of(body))
    assert code_of(altered) == (400, "invalid_signature")
    stored = (await door.http.get("/webhook-events", params={"limit": 100})).json()["items"]
    assert "evt_unproved" not in {each["provider_event_id"] for each in stored}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed_body"),
        (b"{", "malformed_body"),
        (b"\xff", "not_utf8"),
        (b"[]", "malformed_event"),
        (b"{}", "malformed_event"),
        (b'{"id": "evt_1"}', "malformed_event"),
    ],
)
async def test_a_signed_webhook_that_is_no_event_is_refused_by_its_own_code(
    door: Door, body: bytes, code: str
) -> None:
    answer = await door.send_webhook(body, signature_of(body))
    assert code_of(answer) == (400, code)


async def test_an_oversized_webhook_is_too_large(door: Door) -> None:
    body = b" " * (door.settings.max_body_bytes + 1)
    answer = await door.send_webhook(body, signature_of(body))
    assert code_of(answer) == (413, "payload_too_large")

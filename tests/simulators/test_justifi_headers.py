"""What JustiFi asks of a request's headers, what repeats are answered, and scripted faults."""

import asyncio

import httpx
import pytest

from .justifi_desk import POOR_CARD, Desk, Json, parts, read, refusal, wanted


@pytest.mark.parametrize("path", ["/payments", "/payment_methods", "/checkouts"])
async def test_what_is_made_for_a_sub_account_must_name_it(desk: Desk, path: str) -> None:
    refused = await desk.ask("POST", path, {}, sub_account=None)

    assert refusal(refused) == (400, "sub_account_header_required")


@pytest.mark.parametrize("sub_account", ["seller", "acc_disabled_seller"])
async def test_a_sub_account_that_cannot_be_paid_is_refused(desk: Desk, sub_account: str) -> None:
    body = wanted(await desk.card())

    refused = await desk.ask("POST", "/payments", body, sub_account=sub_account)

    assert refusal(refused) == (400, "invalid_sub_account")


async def test_the_platform_itself_sees_every_sub_account(desk: Desk) -> None:
    await desk.pay(await desk.card())
    [event] = [one for one in await desk.events() if one["event_name"] == "payment.created"]

    listed = await desk.get("/payments", sub_account=str(event["platform_account_id"]))

    assert len(parts(listed)) == 1


async def test_a_payment_needs_an_idempotency_key_of_at_most_100_characters(desk: Desk) -> None:
    body = wanted(await desk.card())

    for key, code in ((None, "idempotency_key_required"), ("k" * 101, "idempotency_key_too_long")):
        refused = await desk.ask("POST", "/payments", body, idempotency_key=key)
        assert refusal(refused) == (422, code)
    accepted = await desk.ask("POST", "/payments", body, idempotency_key="k" * 100)
    assert accepted.status_code == 201


async def test_an_equal_repeat_is_answered_the_same_and_an_unequal_one_is_refused(
    desk: Desk,
) -> None:
    body = wanted(await desk.card())

    first = await desk.ask("POST", "/payments", body, idempotency_key="k")
    again = await desk.ask("POST", "/payments", body, idempotency_key="k")
    other = await desk.ask("POST", "/payments", body | {"amount": 99}, idempotency_key="k")

    assert (again.status_code, read(again)) == (201, read(first))
    assert refusal(other) == (422, "idempotency_params_mismatch")
    assert len(parts(await desk.get("/payments"))) == 1


async def test_a_key_whose_request_was_declined_is_a_conflict(desk: Desk) -> None:
    body = wanted(await desk.card(POOR_CARD))

    declined = await desk.ask("POST", "/payments", body, idempotency_key="k")
    again = await desk.ask("POST", "/payments", body, idempotency_key="k")

    assert declined.status_code == 402
    assert refusal(again) == (409, "idempotency_concurrent_request")


async def test_a_key_whose_request_was_a_misfit_stays_unused(desk: Desk) -> None:
    body = wanted(await desk.card())

    await desk.ask("POST", "/payments", body | {"amount": 1}, idempotency_key="k")

    assert (await desk.ask("POST", "/payments", body, idempotency_key="k")).status_code == 201


async def test_a_key_in_use_is_a_conflict(desk: Desk) -> None:
    body = wanted(await desk.card())
    await desk.steer("/faults", target="justifi", kind="delay", seconds=0.05)

    answers = await asyncio.gather(
        desk.ask("POST", "/payments", body, idempotency_key="k"),
        desk.ask("POST", "/payments", body, idempotency_key="k"),
    )

    assert sorted(answer.status_code for answer in answers) == [201, 409]


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("rate_limit", 429, "gateway_rate_limit_error"),
        ("server_error", 500, "internal_server_error"),
        ("unavailable", 503, "service_unavailable"),
        ("unauthorized", 401, "not_authenticated"),
    ],
)
async def test_a_scripted_refusal_has_no_effect(
    desk: Desk, kind: str, status: int, code: str
) -> None:
    body = wanted(await desk.card())
    match: Json = {"path_prefix": "/v1/payments", "account": "shop"}
    await desk.steer("/faults", target="justifi", kind=kind, retry_after=7, match=match)

    refused = await desk.ask("POST", "/payments", body, idempotency_key="k")

    assert refusal(refused) == (status, code)
    assert refused.headers.get("retry-after") == ("7" if status in (429, 503) else None)
    assert parts(await desk.get("/payments")) == []
    assert (await desk.ask("POST", "/payments", body, idempotency_key="k")).status_code == 201


async def test_an_error_after_the_effect_leaves_the_payment_for_the_repeat(desk: Desk) -> None:
    body = wanted(await desk.card())
    await desk.steer("/faults", target="justifi", kind="server_error", after_effect=True)

    failed = await desk.ask("POST", "/payments", body, idempotency_key="k")
    again = await desk.ask("POST", "/payments", body, idempotency_key="k")

    assert (failed.status_code, again.status_code) == (500, 201)
    assert len(parts(await desk.get("/payments"))) == 1


async def test_a_key_under_which_a_request_failed_is_a_conflict_and_the_next_one_is_good(
    desk: Desk,
) -> None:
    body = wanted(await desk.card())
    await desk.steer("/faults", target="justifi", kind="spoilt_key")

    answers = [
        await desk.ask("POST", "/payments", body, idempotency_key=key) for key in ("k", "k", "l")
    ]

    assert [answer.status_code for answer in answers] == [500, 409, 201]
    assert len(parts(await desk.get("/payments"))) == 1


async def test_a_connection_cut_after_the_effect_leaves_the_payment(desk: Desk) -> None:
    body = wanted(await desk.card())
    await desk.steer("/faults", target="justifi", kind="cut_after_effect")

    answer = await desk.ask("POST", "/payments", body)

    assert answer.status_code == 400  # over a socket there would be none
    assert len(parts(await desk.get("/payments"))) == 1


@pytest.mark.parametrize("kind", ["rate_limit", "server_error"])
async def test_the_token_endpoint_fails_on_demand(desk: Desk, kind: str) -> None:
    match: Json = {"path_prefix": "/oauth/token"}
    await desk.steer("/faults", target="justifi", kind=kind, match=match)
    given = {"client_id": "test_shop", "client_secret": "test_secret"}

    failed: httpx.Response = await desk.client.post("/justifi/oauth/token", json=given)

    assert failed.status_code in (429, 500)
    assert (await desk.client.post("/justifi/oauth/token", json=given)).status_code == 200


@pytest.mark.parametrize("kind", ["unauthorized", "spoilt_key"])
async def test_only_justifi_can_be_told_to_forget_who_asks_and_to_spoil_a_key(
    desk: Desk, kind: str
) -> None:
    refused = await desk.client.post("/_simulator/faults", json={"target": "stripe", "kind": kind})

    assert refused.status_code == 422


@pytest.mark.parametrize("path", ["/balances", "/webhook_endpoints", "/payments/py_1/refunds"])
async def test_what_justifi_does_not_have_is_not_found(desk: Desk, path: str) -> None:
    assert refusal(await desk.ask("GET", path)) == (404, "resource_not_found")


async def test_a_body_that_is_no_json_is_malformed(desk: Desk) -> None:
    headers = {"authorization": f"Bearer {desk.token}", "sub-account": "acc_1"}

    refused = await desk.client.post(
        "/justifi/v1/checkouts", content=b'{"number": "49290000', headers=headers
    )

    assert refused.status_code == 400

"""Access tokens: how they are asked for, how long they are good, and whose they are."""

import pytest
from pydantic import JsonValue

from .justifi_desk import CLIENT_ID, CLIENT_SECRET, Desk, parts, read, refusal

TOKEN = "/justifi/oauth/token"
GIVEN = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


@pytest.mark.parametrize("form", [False, True])
async def test_a_token_is_given_for_json_and_for_a_form(desk: Desk, form: bool) -> None:
    with_grant = GIVEN | {"grant_type": "client_credentials"}
    if form:
        answer = await desk.client.post(TOKEN, data=with_grant)
    else:
        answer = await desk.client.post(TOKEN, json=GIVEN)

    assert list(read(answer)) == ["access_token"]
    desk.token = str(read(answer)["access_token"])
    assert parts(await desk.get("/payments")) == []


@pytest.mark.parametrize(
    "given",
    [
        {},
        GIVEN | {"client_id": "live_shop"},
        GIVEN | {"client_secret": "unknown"},
        GIVEN | {"client_secret": "test_revoked_secret"},
    ],
)
async def test_bad_credentials_are_refused(desk: Desk, given: dict[str, str]) -> None:
    answer = await desk.client.post(TOKEN, json=given)

    assert refusal(answer) == (401, "not_authenticated")


async def test_a_token_endpoint_below_v1_does_not_exist(desk: Desk) -> None:
    answer = await desk.ask("POST", "/oauth/token", {**GIVEN})

    assert refusal(answer) == (404, "resource_not_found")


async def test_a_token_says_how_long_it_is_good_when_it_is_told_to(desk: Desk) -> None:
    await desk.steer("/justifi/tokens", seconds=600, tells_expiry=True)

    answer = read(await desk.client.post(TOKEN, json=GIVEN))

    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 600


async def test_a_token_ends_after_a_day(desk: Desk) -> None:
    await desk.steer("/justifi/clock", seconds=24 * 3600 - 60)
    assert (await desk.ask("GET", "/payments")).status_code == 200

    await desk.steer("/justifi/clock", seconds=61)

    assert refusal(await desk.ask("GET", "/payments")) == (401, "not_authenticated")


async def test_revoked_tokens_are_refused_and_a_new_one_is_good(desk: Desk) -> None:
    await desk.steer("/justifi/tokens", revoke=True)
    assert refusal(await desk.ask("GET", "/payments")) == (401, "not_authenticated")

    await desk.authenticate()

    assert (await desk.ask("GET", "/payments")).status_code == 200


async def test_what_belongs_to_one_platform_is_not_found_by_another(desk: Desk) -> None:
    payment = await desk.pay(await desk.card())

    await desk.authenticate("test_another_shop")

    assert refusal(await desk.ask("GET", f"/payments/{payment['id']}"))[0] == 404
    assert parts(await desk.get("/payments")) == []


async def test_the_log_holds_no_secret_no_token_and_no_number_but_a_tests(desk: Desk) -> None:
    card: JsonValue = {
        "name": "Jenny Rosen",
        "number": "4929000000006",
        "month": "12",
        "year": "2040",
        "verification": "987",
        "address_postal_code": "55555",
    }
    refused = await desk.ask("POST", "/payment_methods", {"payment_method": {"card": card}})

    assert refusal(refused) == (400, "full_pan_not_allowed")
    log = (await desk.client.get("/_simulator/log")).text
    for secret in (CLIENT_SECRET, desk.token, "4929000000006", '"987'):  # a time may have 987 in it
        assert secret not in log

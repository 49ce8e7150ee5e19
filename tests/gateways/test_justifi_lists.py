"""What JustiFi's tools list: the page that has what fits, and refunds wherever they are shown."""

import pytest
from pydantic import JsonValue

from domain.connections import JsonObject
from gateways.faults import RefusedByProvider
from gateways.integrations import Ask
from gateways.justifi_client import JustifiClient
from gateways.justifi_operations import JustifiOperations
from tests.gateways.justifi_samples import BEFORE, payment_wire, refund_wire
from tests.gateways.scripted_justifi import ScriptedJustifi, one, scripted_justifi, some


def payout(name: str, status: str) -> JsonObject:
    made: JsonObject = {"id": name, "status": status, "amount": 1, "currency": "usd"}
    return {**made, "created_at": BEFORE, "updated_at": BEFORE}


def ids(result: JsonObject) -> list[str]:
    listed = result["data"]
    assert isinstance(listed, list)
    return [str(each["id"]) for each in listed if isinstance(each, dict)]


async def asked(justifi: ScriptedJustifi, operation: str, **parameters: JsonValue) -> JsonObject:
    client = JustifiClient("test_id", "test_secret", justifi.url)
    ask = Ask(execution_id="opn_1", parameters=parameters, idempotency_key="opn_1")
    try:
        return (await JustifiOperations(client).by_name[operation](ask)).result
    finally:
        await client.close()


@pytest.mark.parametrize("cursor", ["after_cursor", "before_cursor"])
async def test_pages_are_turned_until_one_has_a_payout_in_a_wanted_status(cursor: str) -> None:
    def page(name: str, status: str, begins: str, ends: str) -> JsonValue:
        turned = {"has_next": True, "has_previous": True}
        ends_at = {"start_cursor": begins, "end_cursor": ends}
        data: JsonValue = [dict(payout(name, status))]
        return {"type": "array", "data": data, "page_info": {**turned, **ends_at}}

    async with scripted_justifi() as justifi:
        justifi.answers(page("po_1", "paid", "there", "there"))
        justifi.answers(page("po_2", "scheduled", "on", "on"))
        wanted: list[JsonValue] = ["scheduled", "in_transit"]
        told = await asked(justifi, "list_payouts", statuses=wanted, **{cursor: "here"})

    assert ids(told) == ["po_2"]
    assert [each.query[cursor] for each in justifi.asked] == ["here", "there"]


async def test_refunds_that_the_payment_does_not_show_are_found_among_all() -> None:
    async with scripted_justifi() as justifi:
        justifi.answers(one("payment", payment_wire(refunds=None)))
        mine = refund_wire(payment_id=payment_wire()["id"])
        justifi.answers(some({**mine, "id": "re_1"}, {**mine, "id": "re_2", "payment_id": "py_x"}))
        told = await asked(justifi, "list_payment_refunds", id="py_1")

    assert ids(told) == ["re_1"]


@pytest.mark.parametrize(
    "wrong", [{"after_cursor": "a", "before_cursor": "b"}, {"after_cursor": "re_of_another"}]
)
async def test_a_cursor_that_leads_to_no_refund_is_refused(wrong: JsonObject) -> None:
    async with scripted_justifi() as justifi:
        justifi.answers(one("payment", payment_wire(refunds=[refund_wire()])))
        with pytest.raises(RefusedByProvider) as refused:
            await asked(justifi, "list_refunds", payment_id="py_1", **wrong)

    assert refused.value.code == "cursors"


async def test_what_is_asked_for_wrongly_is_named_and_not_sent() -> None:
    async with scripted_justifi() as justifi:
        with pytest.raises(RefusedByProvider, match="limit") as refused:
            await asked(justifi, "list_payments", limit="4242424242424242 of them")

    assert refused.value.code == "invalid_parameters"
    assert "4242" not in str(refused.value)
    assert justifi.asked == []


async def test_an_error_that_is_a_bare_word_is_its_code() -> None:
    async with scripted_justifi() as justifi:
        justifi.answers({"error": "of_a_new_kind"}, status=422)
        with pytest.raises(RefusedByProvider) as refused:
            await asked(justifi, "retrieve_payment", id="py_1")

    assert refused.value.code == "of_a_new_kind"

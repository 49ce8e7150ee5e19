"""Which declines may fail over, as a tenant says it of its default."""

import pytest
from pydantic import JsonValue

from tests.api.door import Door, code_of
from tests.api.test_integrations import created

RULE = ["processing_error", "try_again_later"]
ENTITY = "/entities/product/ruled/integrations"


async def test_a_rule_is_set_listed_changed_and_written_down(door: Door) -> None:
    integration_id = str((await created(door.http))["integration_id"])
    twice: JsonValue = {"integration_id": integration_id, "failover_decline_codes": [*RULE, *RULE]}
    made = await door.http.post(ENTITY, json=twice)
    assert made.status_code == 201, made.text
    assert made.json()["failover_decline_codes"] == RULE

    changed = await door.http.put(
        f"{ENTITY}/{integration_id}", json={"failover_decline_codes": ["do_not_honor"]}
    )

    assert changed.status_code == 200, changed.text
    (listed,) = (await door.http.get(ENTITY)).json()["items"]
    assert listed["failover_decline_codes"] == ["do_not_honor"]
    log = await door.http.get("/audit-log", params={"subject": integration_id})
    newest = log.json()["items"][0]
    assert newest["action"] == "integration.link_updated"
    assert newest["before"]["failover_decline_codes"] == RULE
    assert newest["after"]["failover_decline_codes"] == ["do_not_honor"]


@pytest.mark.parametrize("code", ["Insufficient_Funds", "no funds", "", "4111", "x" * 65])
async def test_what_is_no_decline_code_is_refused(door: Door, code: str) -> None:
    integration_id = str((await created(door.http))["integration_id"])
    body: JsonValue = {"integration_id": integration_id, "failover_decline_codes": [code]}
    refused = await door.http.post(ENTITY, json=body)
    assert refused.status_code == 422, refused.text
    changed = await door.http.put(
        f"{ENTITY}/{integration_id}", json={"failover_decline_codes": [code]}
    )
    assert changed.status_code == 422, changed.text


async def test_more_codes_than_any_rule_needs_are_refused(door: Door) -> None:
    integration_id = str((await created(door.http))["integration_id"])
    codes: JsonValue = [f"code_{number}" for number in range(51)]
    body: JsonValue = {"integration_id": integration_id, "failover_decline_codes": codes}
    assert (await door.http.post(ENTITY, json=body)).status_code == 422


async def test_a_backup_is_told_where_the_rule_belongs(door: Door) -> None:
    first, second = [str((await created(door.http))["integration_id"]) for _ in range(2)]
    await door.http.post(ENTITY, json={"integration_id": first})
    refused = await door.http.post(
        ENTITY, json={"integration_id": second, "failover_decline_codes": RULE}
    )
    assert code_of(refused) == (409, "failover_rule_misplaced")
    assert "default for payment_processing" in refused.json()["suggested_action"]

"""An account at JustiFi: whose credentials are refused, and whose use is written down."""

from domain.tenants import Caller, Scope
from tests.mcp_server.justifi_agent import at_justifi
from tests.mcp_server.justifi_double import JustifiDouble
from tests.mcp_server.shop import Shop


async def test_refused_credentials_are_for_a_person_to_replace(
    shop: Shop, justifi: JustifiDouble
) -> None:
    async with at_justifi(shop) as agent:
        await justifi.fails("unauthorized", "GET", "payouts", times=2)
        failure = await agent.failure("list_payouts")
        after = await agent.failure("list_payouts")

    assert (failure["code"], failure["can_retry"]) == ("integration_inactive", False)
    assert "401" in str(failure["message"])
    assert agent.integration_id in str(failure["message"])
    assert "replace the credentials" in str(failure["suggested_action"])
    assert "retry_after" not in failure
    assert after["code"] == "integration_inactive"


async def test_what_is_asked_over_stdio_is_written_down_as_asked_there(shop: Shop) -> None:
    async with at_justifi(shop) as agent:
        await agent.answer("list_payments", limit=1)

    owner = Caller(tenant_id=shop.tenant_id, key_id="key_owner", scopes=frozenset(Scope))
    log = await shop.services.audit.page(owner, agent.integration_id, None, 10)
    (used,) = [each for each in log.items if each.action == "integration.used"]
    assert (used.actor, used.address) == ((await shop.caller()).key_id, "stdio")

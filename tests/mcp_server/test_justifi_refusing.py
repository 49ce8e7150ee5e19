"""What agents are told of an account whose credentials JustiFi does not take."""

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

"""The demonstration for editors calls every tool that there is."""

import importlib.util
from pathlib import Path
from types import ModuleType

from mcp import Client

from domain.tenants import PLATFORM_TENANT, Scope
from tests.mcp_server.justifi_double import JustifiDouble
from tests.mcp_server.shop import Shop

SCRIPT = Path(__file__).parents[2] / "docs" / "examples" / "justifi-tour" / "tour.py"


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("justifi_tour", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def test_the_tour_calls_every_tool(shop: Shop, justifi: JustifiDouble) -> None:
    scopes = frozenset(Scope) - {Scope.ADMIN}
    _, key = await shop.services.api_keys.issue(PLATFORM_TENANT, "editor", scopes)
    installation = Shop(
        shop.settings, shop.services, shop.payments, shop.mail, key, PLATFORM_TENANT
    )
    tour = script()

    async def turn(seconds: float) -> None:
        await justifi.steer("justifi/clock", {"seconds": seconds})

    server = installation.server(paybind_mcp_toolsets="justifi")
    async with Client(server, elicitation_callback=tour.agree) as client:
        taken = tour.Tour(client, turn)
        await taken.run()
        offered = {tool.name for tool in (await client.list_tools()).tools}

    assert set(taken.called) == offered

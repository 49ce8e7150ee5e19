"""The installed providers: found by their connection_code among the entry points of packages."""

from collections.abc import Mapping
from importlib.metadata import entry_points

from gateways.integrations import ENTRY_POINTS, GatewayProvider, SharingProvider


def installed_providers(
    api_bases: Mapping[str, str | None], redis_url: str | None = None
) -> dict[str, GatewayProvider]:
    """Each is called with the address set for its connection_code, None for the provider's own.

    Two packages that claim one code would take turns by chance: that is refused at the start.
    """
    points = entry_points(group=ENTRY_POINTS)
    for name in points.names:
        if len(points.select(name=name)) > 1:
            raise ValueError(f"two installed packages offer a gateway for {name}")
    providers = {point.name: point.load()(api_bases.get(point.name)) for point in points}
    return {name: _shared(provider, redis_url) for name, provider in providers.items()}


def _shared(provider: GatewayProvider, redis_url: str | None) -> GatewayProvider:
    if redis_url is None or not isinstance(provider, SharingProvider):
        return provider
    return provider.sharing(redis_url)

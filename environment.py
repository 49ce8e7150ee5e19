"""The accounts at providers that the environment itself sets, beside those of integrations."""

from pydantic import SecretStr

from gateways.integrations import IntegrationGateway
from gateways.justifi_integration import JustifiProvider
from processes import NotStarted
from settings import Settings


def accounts_of(settings: Settings) -> dict[str, IntegrationGateway]:
    """By connection_code: one client each, for all that is asked of the account. Close them."""
    if settings.justifi_client_id is None:
        return {}
    credentials = {
        "client_id": settings.justifi_client_id,
        "client_secret": required(settings.justifi_client_secret),
    }
    if settings.justifi_sub_account is not None:
        credentials["sub_account_id"] = settings.justifi_sub_account
    provider = JustifiProvider(settings.justifi_base_url, settings.redis_url)
    return {"justifi": provider.connect(credentials)}


def required(secret: SecretStr | None) -> str:
    if secret is None:
        raise NotStarted(
            "no provider keys are set: set STRIPE_SECRET_KEY and SENDGRID_API_KEY, "
            "or start everything with simulators by `paybind up`"
        )
    return secret.get_secret_value()

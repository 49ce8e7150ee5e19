"""Whose integration takes a purchase: the named one, or those linked to the nearest entity."""

from datetime import timedelta

import pytest

from domain.integrations import EntityLink, IntegrationStatus
from domain.purchases import PurchaseOrder
from domain.routing import Candidate, Route
from domain.tenants import PLATFORM_TENANT
from persistence.database import Database
from persistence.entity_links import EntityLinkRecords
from persistence.integrations import IntegrationRecords
from persistence.purchases import PurchaseRecords
from persistence.quotes import QuoteRecords
from persistence.routes import RouteRecords
from persistence.rows.integrations import EntityIntegrationRow
from tests.persistence.integration_samples import event, integration, stored
from tests.persistence.samples import LATER, NOON, TENANT, order, quote

OTHER = "ten_other"
ENTITIES = {
    "quote": ("Q-1", TENANT),
    "customer": ("user-1", TENANT),
    "product": ("travel", TENANT),
    "tenant": (TENANT, TENANT),
    "platform": (PLATFORM_TENANT, PLATFORM_TENANT),
}


async def _linked(
    database: Database,
    entity_type: str,
    name: str | None = None,
    is_default: bool = True,
    **changes: object,
) -> str:
    """An integration linked to the order's entity of that type; gives its id."""
    entity_id, tenant_id = ENTITIES[entity_type]
    integration_id = name or f"int-{entity_type}"
    await stored(database, integration(integration_id, tenant_id), None)
    told = {
        "tenant_id": tenant_id,
        "entity_type": entity_type,
        "entity_id": entity_id,
        "integration_id": integration_id,
        "is_default": is_default,
        "created_at": NOON,
    }
    link = EntityLink.model_validate({**told, **changes})
    linked = event("integration.linked", tenant_id)
    await EntityLinkRecords(database).link(link, is_default, lambda _: linked)
    return integration_id


async def _without_default(database: Database, entity_type: str) -> None:
    """As rows can be that were written past us: here such links are refused."""
    integration_id = await _linked(database, entity_type)
    entity_id, tenant_id = ENTITIES[entity_type]
    key = (tenant_id, entity_type, entity_id, "payment_processing", integration_id)
    async with database.transaction() as session:
        row = await session.get_one(EntityIntegrationRow, key)
        row.is_default = False


def _order(**changes: object) -> PurchaseOrder:
    return order().model_copy(update={"product_id": "travel", **changes})


async def _candidates(database: Database, wanted: PurchaseOrder | None = None) -> list[Candidate]:
    return list(await RouteRecords(database).candidates(wanted or _order()))


def _ids(candidates: list[Candidate]) -> list[str | None]:
    return [each.integration_id for each in candidates]


async def test_without_any_link_the_environments_account_takes_it(database: Database) -> None:
    assert await _candidates(database) == [Candidate()]


async def test_the_nearest_entity_with_a_default_counts(database: Database) -> None:
    for entity_type in ("platform", "tenant", "product", "customer", "quote"):
        integration_id = await _linked(database, entity_type)
        (candidate,) = await _candidates(database)
        assert candidate.integration_id == integration_id
        assert candidate.because == f"the {entity_type}'s default"
        assert (candidate.name, candidate.connection_code) == ("Primary", "stripe")
        assert candidate.hindrance is None


async def test_a_product_counts_only_for_orders_of_it(database: Database) -> None:
    await _linked(database, "product")
    for product_id in (None, "home"):
        assert await _candidates(database, _order(product_id=product_id)) == [Candidate()]


async def test_backups_follow_the_default_by_priority_and_age(database: Database) -> None:
    await _linked(database, "tenant", "int-default", priority=99)
    await _linked(database, "tenant", "int-late", False, priority=20)
    await _linked(database, "tenant", "int-young", False, priority=10, created_at=LATER)
    await _linked(database, "tenant", "int-old", False, priority=10)

    candidates = await _candidates(database)

    assert _ids(candidates) == ["int-default", "int-old", "int-young", "int-late"]
    assert [each.because for each in candidates] == [
        "the tenant's default",
        *["the tenant's backup"] * 3,
    ]


async def test_an_entity_without_a_default_is_passed_by_and_the_reason_says_so(
    database: Database,
) -> None:
    await _without_default(database, "customer")
    (environment,) = await _candidates(database)
    assert environment.integration_id is None
    assert environment.because == "no default is linked; the customer's links have no default"

    await _linked(database, "tenant")
    (candidate,) = await _candidates(database)
    assert candidate.integration_id == "int-tenant"
    assert candidate.because == "the tenant's default; the customer's links have no default"


async def test_links_for_another_purpose_do_not_count(database: Database) -> None:
    await _linked(database, "tenant", purpose="email")
    assert await _candidates(database) == [Candidate()]


async def test_links_of_another_tenant_never_count(database: Database) -> None:
    for entity_type in ("customer", "product", "tenant"):
        await _linked(database, entity_type)
    theirs = _order(tenant_id=OTHER)
    assert await _candidates(database, theirs) == [Candidate()]


@pytest.mark.parametrize(
    ("change", "hindrance"),
    [
        ({"status": IntegrationStatus.INACTIVE}, "its status is inactive"),
        ({"status": IntegrationStatus.ERROR}, "its status is error"),
    ],
)
async def test_one_that_cannot_be_used_says_why(
    database: Database, change: dict[str, object], hindrance: str
) -> None:
    integration_id = await _linked(database, "tenant")
    await IntegrationRecords(database).change(
        TENANT, integration_id, lambda each: (each.model_copy(update=change), event())
    )
    (candidate,) = await _candidates(database)
    assert candidate.hindrance == hindrance


async def test_one_of_the_other_mode_says_so(database: Database) -> None:
    await _linked(database, "tenant")
    (candidate,) = await _candidates(database, _order(livemode=True))
    assert candidate.hindrance == "it is of the other mode"


async def test_the_one_that_the_request_names_stands_alone(database: Database) -> None:
    await _linked(database, "customer")
    named = await _linked(database, "tenant")
    (candidate,) = await _candidates(database, _order(integration_id=named))
    assert (candidate.integration_id, candidate.because) == (named, "named in the request")
    assert (candidate.is_named, candidate.hindrance) == (True, None)


@pytest.mark.parametrize("whose", ["nobody's", "another tenant's"])
async def test_a_name_that_is_not_the_tenants_is_not_there(database: Database, whose: str) -> None:
    if whose == "another tenant's":
        await stored(database, integration("int-named", OTHER), None)
    (candidate,) = await _candidates(database, _order(integration_id="int-named"))
    assert (candidate.hindrance, candidate.name) == ("it is not there", "int-named")


async def test_one_that_was_deleted_says_so(database: Database) -> None:
    await stored(database, integration("int-named"), None)
    at = NOON + timedelta(days=1)
    await IntegrationRecords(database).delete(TENANT, "int-named", event(), at)
    (candidate,) = await _candidates(database, _order(integration_id="int-named"))
    assert candidate.hindrance == "it was deleted"


@pytest.mark.parametrize("is_named", [True, False])
async def test_who_resumes_a_purchase_knows_whether_its_integration_was_named(
    database: Database, is_named: bool
) -> None:
    await QuoteRecords(database).register(quote())
    integration_id = await _linked(database, "tenant")
    wanted = _order(integration_id=integration_id if is_named else None)
    (candidate,) = await _candidates(database, wanted)
    records = PurchaseRecords(database)
    route = Route.to(candidate, NOON)
    await records.open(wanted, route, NOON)

    resumed = await records.order_of(wanted.purchase_id)

    assert resumed is not None
    assert resumed.integration_id == wanted.integration_id
    assert resumed.product_id == wanted.product_id == "travel"  # its backups are the product's
    stored_purchase = await records.get(wanted.purchase_id)
    assert stored_purchase is not None
    assert stored_purchase.route == route

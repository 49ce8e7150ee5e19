"""Payouts and balances over HTTP: what is to settle, what it is made of, and a file for finance."""

import csv
import io
import json
from datetime import timedelta

import pytest
from httpx import AsyncClient

from domain.balances import BalanceSnapshot
from domain.errors import Forbidden, Invalid, NotFound
from domain.payouts import PayoutAccount, PayoutReported
from domain.tenants import PLATFORM_TENANT, Caller, Scope
from persistence.balances import BalanceRecords
from persistence.database import Database
from tests.api.conftest import client_of
from tests.api.door import Door, Json, code_of
from tests.api.paying_out import Pier, pier
from tests.domain.test_balances import FIRST, ONE_DAY, noon, taken
from tests.fake_payouts import transaction
from tests.gateways.test_justifi_webhooks import SECRET, signed
from tests.harbour import CODE

OPERATOR = Caller(tenant_id=PLATFORM_TENANT, key_id="key_1", scopes=frozenset(Scope))


@pytest.fixture
async def quay(door: Door) -> Pier:
    return await pier(door)


async def test_the_funds_that_are_to_settle_are_listed_by_pending(quay: Pier) -> None:
    for status in ("scheduled", "in_transit", "paid"):
        quay.made(status)
    await quay.look()
    pending = await quay.listed(status="pending")
    assert {each["status"] for each in pending} == {"scheduled", "in_transit"}
    assert [each["status"] for each in await quay.listed(status="paid")] == ["paid"]
    first = await quay.http.get(
        "/payouts", params={"integration_id": quay.integration_id, "limit": 2}
    )
    rest = await quay.listed(cursor=first.json()["next_cursor"])
    assert (len(first.json()["items"]), len(rest)) == (2, 1)


async def test_a_payout_is_found_by_our_id_and_by_the_providers(quay: Pier) -> None:
    made = quay.made("in_transit")
    await quay.look()
    [listed] = await quay.listed()
    ours = await quay.http.get(f"/payouts/{listed['payout_id']}")
    theirs = await quay.http.get(f"/payouts/{made.provider_payout_id}")
    assert ours.json() == theirs.json() == listed
    assert listed["refunds_total"] == {
        "minor": -1_000,
        "currency": "USD",
        "formatted": "USD -10.00",
    }
    assert listed["livemode"] is False
    unknown = await quay.http.get("/payouts/pyo_unknown")
    assert code_of(unknown) == (404, "payout_not_found")
    nowhere = await quay.http.get("/payouts", params={"integration_id": "nope"})
    assert code_of(nowhere) == (404, "integration_not_found")


async def test_a_reconciliation_names_each_difference_and_joins_our_own_rows(quay: Pier) -> None:
    made = quay.made("paid")
    quay.gateway.transactions.append(
        transaction("bt_1", 22_015, provider_payout_id=made.provider_payout_id, source_id="py_1")
    )
    await quay.look()
    answer = await quay.http.get(f"/payouts/{made.provider_payout_id}/reconciliation")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert not found["reconciles"]
    assert [each["kind"] for each in found["differences"]] == [
        *("payments", "refunds", "fees", "payment_unknown"),
    ]
    assert found["net_of_transactions"] == found["amount"]


async def test_a_failed_payout_waits_for_somebody_to_see_to_it(quay: Pier) -> None:
    made = quay.made("failed")
    await quay.look()
    await quay.until_in_review()
    resolved = await quay.http.post(f"/payouts/{made.provider_payout_id}/review/resolve")
    assert (resolved.status_code, resolved.json()["needs_review"]) == (200, False)
    subject = resolved.json()["payout_id"]
    log = await quay.http.get("/audit-log", params={"subject": subject})
    [entry] = log.json()["items"]
    assert entry["action"] == "payout_review.resolved"
    assert entry["actor"].startswith("key_")
    assert entry["before"] == {"status": "failed", "is_overdue": False}


async def test_an_account_is_watched_by_its_own_tenant_alone(door: Door, quay: Pier) -> None:
    payouts = door.app.state.services.payouts
    with pytest.raises(Invalid, match="no payouts are told of"):
        await payouts.watch(OPERATOR)
    stripe = await quay.http.post(
        "/integrations",
        json={
            "connection_code": "stripe",
            "name": "No payouts",
            "credentials": {"api_key": "sk_test_payouts"},
        },
    )
    with pytest.raises(Invalid, match="no payouts are told of"):
        await payouts.watch(OPERATOR, stripe.json()["integration_id"])
    with pytest.raises(Invalid, match="no payouts are told of"):
        await payouts.watch_any(OPERATOR, stripe.json()["integration_id"])
    asked = {"integration_id": stripe.json()["integration_id"]}
    assert (await quay.http.get("/payouts", params=asked)).json()["items"] == []
    reader = OPERATOR.model_copy(update={"scopes": frozenset({Scope.READ})})
    with pytest.raises(Forbidden):
        await payouts.watch(reader, quay.integration_id)
    theirs = OPERATOR.model_copy(update={"tenant_id": "ten_neighbour"})
    with pytest.raises(NotFound):
        await payouts.watch(theirs, quay.integration_id)
    with pytest.raises(Forbidden):
        await payouts.watch_all(theirs)


async def test_an_event_of_an_account_reaches_its_watch(door: Door, quay: Pier) -> None:
    made = quay.made("failed")
    payouts = door.app.state.services.payouts
    fact = PayoutReported(event_id="evt_1", provider_payout_id=made.provider_payout_id)
    told = await payouts.tell(CODE, quay.integration_id, fact)
    assert told == f"payouts-{PLATFORM_TENANT}-{quay.integration_id}"
    assert await payouts.tell(CODE, "int-unknown", fact) is None
    assert await payouts.tell("justifi", None, fact) is None
    assert (await payouts.watch_any(OPERATOR, quay.integration_id)).provider == CODE
    with pytest.raises(NotFound, match="int-unknown"):
        await payouts.watch_any(OPERATOR, "int-unknown")
    watched = await payouts.watch_all(OPERATOR)
    assert quay.integration_id in {each.integration_id for each in watched}


@pytest.mark.parametrize(("mode", "outcome"), [("test", "handed_over"), ("live", "unmatched")])
async def test_a_signed_event_of_a_payout_is_handed_to_its_accounts_watch(
    door: Door, mode: str, outcome: str
) -> None:
    made = await door.http.post(
        "/integrations",
        json={
            "connection_code": "justifi",
            "name": "Pays out",
            "credentials": {
                "client_id": "test_shop",
                "client_secret": "test_secret",
                "webhook_secret": SECRET,
            },
        },
    )
    integration_id = made.json()["integration_id"]
    event: Json = {"id": f"evt_{integration_id}", "event_name": "payout.failed"}
    event |= {"account_type": mode, "data": {"id": "po_1", "status": "failed"}}
    body = json.dumps(event).encode()
    address = f"/webhooks/justifi/{integration_id}"

    taken = await door.http.post(address, content=body, headers=signed(body))

    assert taken.status_code == 200, taken.text
    stored = await door.http.get(f"/webhook-events/{event['id']}")
    assert stored.json()["outcome"] == outcome
    if outcome == "handed_over":
        assert stored.json()["workflow_id"] == f"payouts-{PLATFORM_TENANT}-{integration_id}"


@pytest.fixture
async def year(door: Door) -> tuple[BalanceSnapshot, ...]:
    """Of a tenant of these tests' own."""
    account = PayoutAccount(tenant_id="ten_finance", provider=CODE, livemode=False)
    books = [transaction(f"bt_{n}", 1_050, noon(n)) for n in range(365)]
    made = tuple(each.model_copy(update=account.model_dump()) for each in taken(books, [], 365))
    database = Database(door.settings.database)
    await BalanceRecords(database).store(made)
    await database.close()
    return made


@pytest.fixture
async def finance(door: Door) -> AsyncClient:
    _, key = await door.app.state.services.api_keys.issue(
        "ten_finance", "finance", frozenset({Scope.READ})
    )
    return client_of(door.app, key)


async def test_the_newest_balance_is_that_of_the_last_day(
    year: tuple[BalanceSnapshot, ...], finance: AsyncClient
) -> None:
    [balance] = (await finance.get("/balances")).json()["items"]
    assert balance["day"] == year[-1].day.isoformat()
    assert balance["closing"]["formatted"] == "USD 3,832.50"
    assert (balance["derived"], balance["reconciles"]) == (True, True)


async def test_a_year_of_days_reconciles_as_json_and_as_a_file(
    year: tuple[BalanceSnapshot, ...], finance: AsyncClient
) -> None:
    period = {"from": FIRST.isoformat(), "to": (FIRST + 364 * ONE_DAY).isoformat()}
    listed = (await finance.get("/balances/snapshots", params=period)).json()["items"]
    file = await finance.get("/balances/snapshots", params={**period, "format": "csv"})
    assert file.headers["content-type"].startswith("text/csv")
    assert "balances-2026-01-01-2026-12-31.csv" in file.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(file.text)))
    assert len(rows) == len(listed) == len(year)
    assert (rows[0]["opening"], rows[0]["closing"], rows[0]["reconciles"]) == (
        *("0.00", "10.50", "true"),
    )
    assert rows[1]["opening"] == rows[0]["closing"]
    assert rows[-1]["closing"] == "3832.50"
    assert rows[0]["integration_id"] == ""


@pytest.mark.parametrize("days", [-1, 367])
async def test_a_period_is_in_order_and_at_most_a_year(finance: AsyncClient, days: int) -> None:
    last = FIRST + timedelta(days=days)
    period = {"from": FIRST.isoformat(), "to": last.isoformat()}
    refused = await finance.get("/balances/snapshots", params=period)
    assert code_of(refused) == (422, "invalid_request")

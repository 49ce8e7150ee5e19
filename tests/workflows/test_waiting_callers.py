"""What callers are told while what they asked for has not ended."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from composition import build_services
from domain.errors import Code, Conflict, Unavailable
from domain.operations import operation_id_of
from domain.tenants import PLATFORM_TENANT, Caller, Scope
from gateways.faults import Conflict as ProviderConflict
from gateways.faults import NotPermitted, OutcomeUnknown
from persistence.database import Database
from services.operations import OperationService, OperationWish
from services.payout_runs import PayoutRuns
from settings import Settings
from tests.fake_account import RESULT, Account
from tests.fake_payouts import ACCOUNT
from tests.workflows.servers import plain_client_of, start_skipping_server
from tests.workflows.stories import Stories

OPERATOR = Caller(tenant_id=PLATFORM_TENANT, key_id="key_1", scopes=frozenset(Scope))
PAY = OperationWish(connection_code="justifi", operation="pay", parameters={"amount": 1500})


@dataclass(frozen=True)
class Counter:
    """Where operations are asked for. Who waits at ``slow`` lets no time fly."""

    stories: Stories
    account: Account
    operations: OperationService
    slow: OperationService

    @property
    def hurried(self) -> OperationService:
        return replace(self.slow, answer_within=timedelta(milliseconds=500))


@pytest.fixture
async def counter(stories: Stories, tmp_path: Path) -> AsyncIterator[Counter]:
    settings = Settings(
        paybind_home=tmp_path,
        justifi_client_id="test_shop",
        justifi_client_secret=SecretStr("test_secret"),
    )
    database = Database(settings.database)
    operations = build_services(settings, stories.client, database).operations
    slow = replace(operations, client=await plain_client_of(stories.env))
    yield Counter(stories, stories.world.operated, operations, slow)
    await database.close()


async def test_a_change_that_goes_on_answers_whoever_asks_again_with_its_key(
    counter: Counter,
) -> None:
    counter.account.held = asyncio.Event()
    with pytest.raises(Conflict) as unknown:
        await counter.hurried.change(OPERATOR, PAY, "key-1")
    counter.account.held.set()

    assert unknown.value.code is Code.OUTCOME_NOT_YET_KNOWN
    assert await counter.operations.change(OPERATOR, PAY, "key-1") == RESULT
    assert len(counter.account.asked) == 1


async def test_what_is_only_read_may_be_asked_for_again(counter: Counter) -> None:
    counter.account.held = asyncio.Event()
    with pytest.raises(Unavailable, match="has not answered yet"):
        await counter.hurried.read(OPERATOR, PAY)


async def test_a_change_that_may_have_been_made_is_never_said_to_have_failed(
    counter: Counter,
) -> None:
    counter.account.fault = OutcomeUnknown("no answer")
    asked = asyncio.create_task(counter.slow.change(OPERATOR, PAY, "key-1"))
    await counter.stories.until(lambda: counter.account.asked)
    counter.account.fault = ProviderConflict("409")
    with pytest.raises(Conflict) as unknown:
        await asked

    assert unknown.value.code is Code.OUTCOME_UNKNOWN


@pytest.mark.parametrize("wants_change", [True, False])
async def test_a_permission_that_the_key_lacks_is_told_as_that(
    counter: Counter, wants_change: bool
) -> None:
    counter.account.fault = NotPermitted("JustiFi answered 403", "justifi")
    operations = counter.operations
    asked = (
        operations.change(OPERATOR, PAY, "key-1")
        if wants_change
        else operations.read(OPERATOR, PAY)
    )
    with pytest.raises(Conflict) as lacking:
        await asked

    assert lacking.value.code is Code.PERMISSION_MISSING
    counter.account.fault = None
    assert await operations.change(OPERATOR, PAY, "key-1") == RESULT


async def test_one_that_an_operator_ends_is_to_be_asked_for_again(counter: Counter) -> None:
    counter.account.held = asyncio.Event()
    asked = asyncio.create_task(counter.slow.change(OPERATOR, PAY, "key-1", can_join=True))
    await counter.stories.until(lambda: counter.account.asked)
    operation_id = operation_id_of(PLATFORM_TENANT, "justifi", "pay", "key-1")
    await counter.slow.client.get_workflow_handle(f"operation-{operation_id}").terminate()

    with pytest.raises(Unavailable, match="ended by force"):
        await asked


async def test_one_that_is_ended_and_would_be_another_if_asked_again_may_have_been_made(
    counter: Counter,
) -> None:
    counter.account.held = asyncio.Event()
    asked = asyncio.create_task(counter.slow.change(OPERATOR, PAY, "key-1"))
    await counter.stories.until(lambda: counter.account.asked)
    operation_id = operation_id_of(PLATFORM_TENANT, "justifi", "pay", "key-1")
    await counter.slow.client.get_workflow_handle(f"operation-{operation_id}").terminate()

    with pytest.raises(Conflict) as unknown:
        await asked

    assert unknown.value.code is Code.OUTCOME_NOT_YET_KNOWN


@pytest.mark.slow
async def test_without_temporal_whoever_asks_is_told_so(counter: Counter) -> None:
    async with await start_skipping_server() as short_lived:
        client = await plain_client_of(short_lived)
    gone = replace(counter.operations, client=client)
    told = await asyncio.gather(
        gone.change(OPERATOR, PAY, "key-1", can_join=True),
        gone.change(OPERATOR, PAY, "key-1"),
        PayoutRuns(client).tell_resolved(ACCOUNT),
        return_exceptions=True,
    )

    assert [type(each) for each in told] == [Unavailable, Conflict, Unavailable]
    assert counter.account.asked == []

"""What agents may have integrations do: read at will, change once, move money with a yes."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count

import pytest
from mcp import Client
from mcp.types import ElicitResult, InputRequiredResult, InputResponses

from domain.tenants import Caller, Scope
from gateways.faults import Busy, OutcomeUnknown, Parked, RefusedByProvider
from mcp_server.assembly import build_server
from mcp_server.callers import KeyOfProcess
from mcp_server.http import door_of
from services.integration_runs import IntegrationRuns
from services.integrations import IntegrationWish
from tests.api.executing import SOON
from tests.harbour import CODE, PAID, HarbourAccount
from tests.mcp_server.person import Person, yes
from tests.mcp_server.shop import ERAS, Agent, Era, Fields, Shop

TOOLSETS = "integrations"
TOLL: Fields = {"amount": 1000, "currency": "SGD"}
LARGE = 500
_numbers = count(1)


@dataclass(frozen=True)
class Berth:
    """One integration of the shop's, and the account that it is of."""

    integration_id: str
    account: HarbourAccount

    def wish(self, code: str, parameters: Fields | None = None) -> Fields:
        return {
            "integration_id": self.integration_id,
            "capability_code": code,
            "parameters": parameters or {},
        }

    def payment(self, **changes: object) -> Fields:
        return self.wish("PROCESS_PAYMENT", {**TOLL, **changes})


def trusted(
    shop: Shop, era: Era = "auto", human: Person | None = None, reads: bool = False
) -> AbstractAsyncContextManager[Agent]:
    """An agent with the tools of integrations."""
    return shop.agent(era, human=human, paybind_mcp_toolsets=TOOLSETS, paybind_mcp_read_only=reads)


@pytest.fixture
async def berth(shop: Shop) -> Berth:
    token = f"token-{next(_numbers)}"
    owner = Caller(tenant_id=shop.tenant_id, key_id="key_owner", scopes=frozenset({Scope.ADMIN}))
    made = await shop.services.integrations.create(
        owner,
        IntegrationWish(
            connection_code=CODE, name="Main quay", credentials={"token": token}, metadata={}
        ),
    )
    return Berth(made.integration_id, shop.harbour.accounts[token])


async def test_the_tools_are_offered_only_where_they_are_asked_for(shop: Shop) -> None:
    names = {"list_integrations", "list_capabilities", "execute_capability"}
    async with shop.agent() as agent, trusted(shop) as other:
        offered = {tool.name for tool in (await agent.client.list_tools()).tools}
        tools = {tool.name: tool for tool in (await other.client.list_tools()).tools}

    assert not names & offered
    assert set(tools) == names
    properties = tools["execute_capability"].input_schema["properties"]
    assert set(properties) == {"integration_id", "capability_code", "parameters"}


async def test_integrations_and_what_they_can_do_are_listed(shop: Shop, berth: Berth) -> None:
    async with trusted(shop) as agent:
        listed = await agent.answer("list_integrations")
        found = await agent.answer("list_capabilities", integration_id=berth.integration_id)

    lines = {line["integration_id"]: line for line in listed["integrations"]}  # type: ignore[attr-defined]
    assert lines[berth.integration_id] == {
        "integration_id": berth.integration_id,
        "connection_code": CODE,
        "name": "Main quay",
        "status": "active",
        "status_reason": None,
        "livemode": False,
    }
    codes = {line["capability_code"]: line for line in found["capabilities"]}  # type: ignore[attr-defined]
    assert codes["PROCESS_PAYMENT"]["moves_money"]
    assert codes["PROCESS_PAYMENT"]["parameters_schema"]["required"] == ["amount", "currency"]
    assert codes["RETRIEVE_BALANCE"]["only_reads"]


async def test_every_reading_is_a_new_one(shop: Shop, berth: Berth) -> None:
    async with trusted(shop) as agent:
        for box in (1, 2):
            berth.account.result = {"box": [box, None], "note": "a\u202eb\n c"}
            read = await agent.answer("execute_capability", **berth.wish("RETRIEVE_BALANCE"))

            assert read["result"] == {"box": [box, None], "note": "a b c"}
    assert len(berth.account.asked) == 2


async def test_a_change_repeated_within_minutes_is_the_same_one(shop: Shop, berth: Berth) -> None:
    async with trusted(shop) as agent:
        first = await agent.answer(
            "execute_capability", **berth.wish("SEND_NOTE", {"text": "hello"})
        )
        again = await agent.answer(
            "execute_capability", **berth.wish("SEND_NOTE", {"text": "hello"})
        )
        other = await agent.answer("execute_capability", **berth.wish("SEND_NOTE", {"text": "bye"}))

    assert first == again
    assert other["execution_id"] != first["execution_id"]
    assert len(berth.account.asked) == 2


async def test_a_change_that_was_refused_may_be_tried_again(shop: Shop, berth: Berth) -> None:
    berth.account.faults_before.append(RefusedByProvider("the\nquay is full", "quay_full"))
    async with trusted(shop) as agent:
        failure = await agent.failure("execute_capability", **berth.wish("SEND_NOTE"))
        await agent.answer("execute_capability", **berth.wish("SEND_NOTE"))

    assert (failure["code"], failure["provider_code"]) == ("provider_refused", "quay_full")
    assert len(berth.account.effects) == 1


@pytest.mark.parametrize("era", ERAS)
async def test_money_moves_once_a_person_has_seen_all_that_is_sent(
    shop: Shop, berth: Berth, era: Era
) -> None:
    person = yes()
    async with trusted(shop, era, person) as agent:
        done = await agent.answer("execute_capability", **berth.payment(customer_id="cust_abc"))

    assert (done["status"], done["result"]) == ("succeeded", PAID)
    assert person.asked == [
        "Move SGD 10.00 by PROCESS_PAYMENT of Main quay (harbour)? What is sent: "
        '{"amount": 1000, "currency": "SGD", "customer_id": "cust_abc"}'
    ]
    assert len(berth.account.effects) == 1


@pytest.mark.parametrize("era", ERAS)
async def test_without_a_yes_no_money_moves(shop: Shop, berth: Berth, era: Era) -> None:
    async with trusted(shop, era, Person("decline")) as agent:
        done = await agent.answer("execute_capability", **berth.payment())

    assert (done["status"], done["execution_id"], done["result"]) == ("declined", None, None)
    assert berth.account.asked == []


@pytest.mark.parametrize("era", ERAS)
async def test_where_nobody_can_be_asked_a_person_has_to_run_it(
    shop: Shop, berth: Berth, era: Era
) -> None:
    async with trusted(shop, era) as agent:
        failure = await agent.failure("execute_capability", **berth.payment())

    assert (failure["code"], failure["can_retry"]) == ("approval_required", False)
    assert "POST /integrations/{integration_id}/execute" in str(failure["suggested_action"])
    assert berth.account.asked == []


@pytest.mark.parametrize(
    "parameters",
    [
        {"amount": LARGE + 1, "currency": "SGD"},
        {"payment_id": "hp_1"},
        {"amount": True, "currency": "SGD"},
        {"amount": 100, "currency": "XXX"},
        {"amount": 100, "currency": "SGD", "note": "x" * 1000},
    ],
    ids=["large", "unnamed", "no number", "no currency", "endless"],
)
async def test_what_a_user_may_not_agree_to_alone_is_left_to_an_operator(
    shop: Shop, berth: Berth, parameters: Fields
) -> None:
    person = yes()
    async with trusted(shop.with_approval_above(LARGE), human=person) as agent:
        failure = await agent.failure(
            "execute_capability", **berth.wish("REFUND_PAYMENT", parameters)
        )

    assert failure["code"] == "approval_required"
    assert person.asked == []
    assert berth.account.asked == []


async def test_giving_back_needs_a_key_with_the_scope_and_nobody_is_asked_without(
    shop: Shop, berth: Berth
) -> None:
    scopes, person = frozenset({Scope.READ, Scope.WRITE}), yes()
    _, key = await shop.services.api_keys.issue(shop.tenant_id, "seller", scopes)
    door = door_of(shop.settings.model_copy(update={"paybind_mcp_toolsets": TOOLSETS}))
    server = build_server(shop.services, KeyOfProcess(shop.services.api_keys, key), door)
    async with Client(server, elicitation_callback=person) as client:
        failure = await Agent(client).failure(
            "execute_capability", **berth.wish("REFUND_PAYMENT", TOLL)
        )

    assert failure["code"] == "missing_scope"
    assert person.asked == []


async def test_parameters_are_refused_before_a_person_is_asked(shop: Shop, berth: Berth) -> None:
    person = yes()
    async with trusted(shop, human=person) as agent:
        wish = berth.payment(amount="much", currency=7)
        failure = await agent.failure("execute_capability", **wish)

    assert failure["code"] == "schema_violation"
    assert all(name in str(failure["message"]) for name in ("/amount", "/currency"))
    assert "errors" not in str(failure["suggested_action"])
    assert person.asked == []


async def test_a_repeated_round_moves_money_once_and_a_second_yes_once_more(
    shop: Shop, berth: Berth
) -> None:
    async with Client(
        shop.server(paybind_mcp_toolsets=TOOLSETS), elicitation_callback=yes()
    ) as client:
        wish = berth.payment()
        question = await client.session.call_tool(
            "execute_capability", wish, allow_input_required=True
        )
        assert isinstance(question, InputRequiredResult)
        agreed: InputResponses = {
            "agreement": ElicitResult(action="accept", content={"approve": True})
        }
        for _ in range(3):
            await client.session.call_tool(
                "execute_capability",
                wish,
                input_responses=agreed,
                request_state=question.request_state,
            )
        assert len(berth.account.effects) == 1
        await client.call_tool("execute_capability", wish)

    assert len(berth.account.effects) == 2


async def test_a_call_repeated_while_the_first_is_worked_on_joins_it(
    shop: Shop, berth: Berth
) -> None:
    person = yes()
    berth.account.faults_before.append(Parked("it is paused"))
    berth.account.is_away = OutcomeUnknown("no answer")
    runs = IntegrationRuns(shop.services.executions.runs.client, answer_within=SOON)
    executions = replace(shop.services.executions, runs=runs)
    hasty = replace(shop, services=replace(shop.services, executions=executions))
    async with trusted(hasty, human=person) as agent:
        waits = await agent.answer("execute_capability", **berth.payment())
    berth.account.is_away = None
    berth.account.faults_before.clear()
    async with trusted(shop, human=person) as agent:
        done = await agent.answer("execute_capability", **berth.payment())

    assert waits["status"] in {"waiting", "running"}
    assert waits["execution_id"] == done["execution_id"]
    assert len(person.asked) == 1
    assert len(berth.account.effects) == 1


async def test_an_agent_is_told_what_a_parked_execution_waits_for(shop: Shop, berth: Berth) -> None:
    berth.account.is_away = Busy("429", timedelta(hours=1))
    async with trusted(shop) as agent:
        waits = await agent.answer("execute_capability", **berth.wish("SEND_NOTE"))

    assert (waits["status"], waits["waiting_for"]) == ("waiting", "provider")
    assert "429" in str(waits["message"])
    assert waits["next_try_at"]
    assert waits["result"] is None


async def test_a_server_that_only_reads_executes_nothing_else(shop: Shop, berth: Berth) -> None:
    async with trusted(shop, human=yes(), reads=True) as agent:
        tools = {tool.name for tool in (await agent.client.list_tools()).tools}
        await agent.answer("execute_capability", **berth.wish("RETRIEVE_BALANCE"))
        failures = [
            await agent.failure("execute_capability", **berth.wish(code, parameters))
            for code, parameters in (("SEND_NOTE", None), ("PROCESS_PAYMENT", TOLL))
        ]

    assert tools == {"list_integrations", "list_capabilities", "execute_capability"}
    assert {failure["code"] for failure in failures} == {"read_only"}
    assert len(berth.account.asked) == 1

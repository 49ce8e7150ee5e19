"""A decline that the rule names moves the purchase to a backup, once its checkout is closed."""

from datetime import timedelta

import pytest
from temporalio.worker import WorkflowRunner

from domain.payments import CheckoutChanged, CheckoutState, Failure, RefundFound
from domain.policies import PolicyStatus
from domain.purchases import PaymentStatus, Purchase, PurchaseOrder, ReviewReason
from domain.refunds import RefundStatus
from domain.routing import Candidate
from gateways.faults import Busy, OutcomeUnknown, Parked, RefusedByProvider, Unreachable
from tests.fake_payments import DECLINED, FakePayments
from tests.fake_world import PRICE, World
from tests.workflows.servers import start_skipping_server
from tests.workflows.stories import Stories
from tests.workflows.workers import workers

RULE = (DECLINED.code,)
NAMES = ("north", "south", "west")


class Street:
    """A tenant with accounts in a row, and one purchase."""

    def __init__(self, stories: Stories, accounts: int, rule: tuple[str, ...] = RULE) -> None:
        self.stories = stories
        self.order: PurchaseOrder = stories.world.order()
        for number, name in enumerate(NAMES[:accounts]):
            stories.world.integrations[name] = FakePayments(first=100 * number + 1)
        stories.world.rows.candidates = tuple(
            Candidate(
                integration_id=name,
                name=name,
                because="the tenant's",
                failover_decline_codes=rule,
            )
            for name in NAMES[:accounts]
        )

    def of(self, name: str) -> FakePayments:
        return self.stories.world.integrations[name]

    @property
    def stored(self) -> Purchase:
        return self.stories.stored(self.order)

    async def declined_at(self, name: str, failure: Failure = DECLINED) -> str:
        """A customer is refused there, and its account tells of it."""
        session_id = self.of(name).session_of(self.order.purchase_id)
        seen = self.of(name).snapshots[session_id]
        self.of(name).snapshots[session_id] = seen.model_copy(update={"failure": failure})
        return await self.told_by(name)

    async def told_by(self, name: str) -> str:
        event_id = self.stories.world.event()
        fact = CheckoutChanged(event_id=event_id, integration_id=name)
        return await self.stories.tell(self.order, fact)

    async def moved_to(self, name: str) -> Purchase:
        await self.stories.until(
            lambda: self.stored.integration_id == name and self.stored.checkout is not None
        )
        return self.stored

    async def paid_at(self, name: str) -> Purchase:
        self.of(name).pay(self.order.purchase_id)
        await self.told_by(name)
        return await self.stories.end_of(self.order)

    def checkouts(self) -> dict[str, int]:
        opened = {
            name: len(each.requests) for name, each in self.stories.world.integrations.items()
        }
        return {name: number for name, number in opened.items() if number}

    def charged(self) -> list[str]:
        """Where money was taken, and has stayed."""
        return [
            name
            for name, each in self.stories.world.integrations.items()
            for seen in each.snapshots.values()
            if seen.paid is not None and not each.refunded(seen.payment_id or "")
        ]

    def state_at(self, name: str) -> CheckoutState:
        return self.of(name).snapshots[self.of(name).session_of(self.order.purchase_id)].state


async def _opened(stories: Stories, accounts: int = 2, rule: tuple[str, ...] = RULE) -> Street:
    street = Street(stories, accounts, rule)
    purchase = await stories.opened(street.order)
    assert purchase.integration_id == "north"
    return street


async def test_operators_find_a_purchase_by_the_provider_that_it_has_moved_to(
    stories: Stories,
) -> None:
    street = Street(stories, 2)
    north, south = stories.world.rows.candidates
    backup = south.model_copy(update={"connection_code": "justifi"})
    stories.world.rows.candidates = (north, backup)
    await stories.opened(street.order)
    before = await stories.shown(street.order)
    await street.declined_at("north")
    await street.moved_to("south")
    await street.paid_at("south")

    after = await stories.shown(street.order)

    assert (before.others["Provider"], after.others["Provider"]) == ("stripe", "justifi")


async def test_a_decline_that_the_rule_names_is_paid_at_the_backup(stories: Stories) -> None:
    street = await _opened(stories)
    first = street.stored.checkout
    told = await street.declined_at("north")

    moved = await street.moved_to("south")

    assert (moved.status, moved.can_retry, moved.failure) == (PaymentStatus.PENDING, True, DECLINED)
    assert moved.checkout is not None
    assert first is not None
    assert moved.checkout.url != first.url
    assert street.state_at("north") is CheckoutState.EXPIRED
    purchase_id = street.order.purchase_id
    assert street.of("north").expired_under == [f"{purchase_id}:leave-1-1:1"]
    (asked,) = street.of("south").requests.values()
    assert asked.idempotency_key == f"{purchase_id}:checkout-2:1"
    assert moved.route is not None
    (left,) = moved.route.passed_over
    assert (left.name, left.session_id) == ("north", first.session_id)
    assert left.why == "declined with card_declined, which the rule lets fail over to south"
    assert moved.route.because == f"backup of north: {left.why}"
    joined = await stories.opened(street.order)
    assert joined.checkout == moved.checkout

    ended = await street.paid_at("south")

    assert (ended.status, ended.failure) == (PaymentStatus.COMPLETED, None)
    assert stories.policy_status(street.order) is PolicyStatus.DELIVERED
    assert (street.checkouts(), street.charged()) == ({"north": 1, "south": 1}, ["south"])
    assert told in stories.world.rows.handled


async def test_the_customer_whose_page_was_closed_is_written_to_at_once(stories: Stories) -> None:
    street = await _opened(stories)
    await street.declined_at("north")
    await street.moved_to("south")

    await stories.until(lambda: stories.world.mail.sent)

    assert stories.world.mail.subjects() == ["payment_failed"]
    await street.paid_at("south")
    assert stories.world.mail.subjects() == ["payment_failed", "payment_confirmation"]


@pytest.mark.parametrize("rule", [(), ("do_not_honor",)], ids=["no rule", "another code"])
async def test_any_other_decline_stays_where_it_is(stories: Stories, rule: tuple[str, ...]) -> None:
    street = await _opened(stories, rule=rule)
    told = await street.declined_at("north")
    await stories.until(lambda: told in stories.world.rows.handled)

    assert (street.stored.status, street.stored.can_retry) == (PaymentStatus.FAILED, True)
    assert street.of("north").expired_under == []
    await street.paid_at("north")
    assert (street.checkouts(), street.charged()) == ({"north": 1}, ["north"])


async def test_a_payment_that_was_faster_than_the_closing_wins(stories: Stories) -> None:
    street = await _opened(stories)
    north = street.of("north")
    north.before_next["expire_checkout"] = lambda: north.pay(street.order.purchase_id)
    await street.declined_at("north")

    ended = await stories.end_of(street.order)

    assert (ended.status, ended.integration_id) == (PaymentStatus.COMPLETED, "north")
    assert (street.checkouts(), street.charged()) == ({"north": 1}, ["north"])
    assert stories.world.printer.printed == [stories.policy_number(street.order)]


async def test_a_payment_on_its_way_as_the_checkout_is_closed_is_waited_for(
    stories: Stories,
) -> None:
    street = await _opened(stories)
    north = street.of("north")
    north.before_next["expire_checkout"] = lambda: north.order_debit(street.order.purchase_id)
    await street.declined_at("north")
    await stories.until(lambda: street.stored.processing)
    assert street.checkouts() == {"north": 1}
    assert (await street.paid_at("north")).integration_id == "north"


async def test_with_nowhere_to_go_the_customer_stays_and_may_try_again(stories: Stories) -> None:
    street = await _opened(stories, accounts=1)
    told = await street.declined_at("north")
    await stories.until(lambda: told in stories.world.rows.handled)
    assert (street.stored.status, street.stored.can_retry) == (PaymentStatus.FAILED, True)
    assert street.state_at("north") is CheckoutState.OPEN
    assert (await street.paid_at("north")).status is PaymentStatus.COMPLETED


async def test_each_integration_is_used_once_and_the_last_one_is_stayed_at(
    stories: Stories,
) -> None:
    street = await _opened(stories, accounts=3)
    for name, following in (("north", "south"), ("south", "west")):
        await street.declined_at(name)
        await street.moved_to(following)
    told = await street.declined_at("west")
    await stories.until(lambda: told in stories.world.rows.handled)

    assert (street.stored.status, street.stored.can_retry) == (PaymentStatus.FAILED, True)
    assert street.checkouts() == {"north": 1, "south": 1, "west": 1}
    assert [street.state_at(name) for name in NAMES] == [
        *(CheckoutState.EXPIRED, CheckoutState.EXPIRED, CheckoutState.OPEN),
    ]
    keys = [next(iter(street.of(name).requests.values())).idempotency_key for name in NAMES]
    assert [each.split(":")[1] for each in keys] == ["checkout", "checkout-2", "checkout-3"]
    assert (await street.paid_at("west")).status is PaymentStatus.COMPLETED
    assert street.charged() == ["west"]


async def test_nobody_moves_before_it_is_known_that_the_checkout_is_closed(
    stories: Stories,
) -> None:
    street = await _opened(stories)
    north = street.of("north")
    north.faults_after["expire_checkout"].append(OutcomeUnknown("no answer"))
    north.faults_before["expire_checkout"].extend([Unreachable("away"), Busy("503")])
    await street.declined_at("north")
    await stories.until(lambda: north.calls.count("expire_checkout") == 1)
    assert street.of("south").calls == []

    await stories.at_last(street.moved_to("south"))

    assert north.calls.count("expire_checkout") == 4
    assert set(north.expired_under) == {f"{street.order.purchase_id}:leave-1-1:1"}
    assert (await street.paid_at("south")).status is PaymentStatus.COMPLETED
    assert street.charged() == ["south"]


async def test_a_closing_whose_answer_was_lost_and_that_was_beaten_by_a_payment_moves_nobody(
    stories: Stories,
) -> None:
    street = await _opened(stories)
    north = street.of("north")
    north.before_next["expire_checkout"] = lambda: north.pay(street.order.purchase_id)
    north.faults_after["expire_checkout"].append(OutcomeUnknown("no answer"))
    await street.declined_at("north")
    ended = await stories.end_of(street.order)
    assert (ended.status, ended.integration_id) == (PaymentStatus.COMPLETED, "north")
    assert street.checkouts() == {"north": 1}


async def test_a_checkout_that_will_not_be_closed_stays_in_use(stories: Stories) -> None:
    street = await _opened(stories)
    street.of("north").refuse_next("expire_checkout")
    await street.declined_at("north")
    await stories.until(lambda: "expire_checkout" in street.of("north").calls)
    assert (await street.paid_at("north")).status is PaymentStatus.COMPLETED
    assert street.checkouts() == {"north": 1}


async def test_a_cancellation_that_comes_meanwhile_is_what_happens(stories: Stories) -> None:
    street = await _opened(stories)
    north = street.of("north")
    north.faults_before["expire_checkout"].append(Parked("it is paused"))
    await street.declined_at("north")
    await stories.until(lambda: "expire_checkout" in north.calls)

    cancelling = await stories.cancel_later(street.order, "changed my mind")
    answer = await stories.at_last(cancelling.result())

    assert isinstance(answer, Purchase)
    assert answer.status is PaymentStatus.CANCELLED
    assert street.checkouts() == {"north": 1}


async def test_a_backup_that_is_paused_is_no_place_to_go(stories: Stories) -> None:
    street = await _opened(stories, accounts=3)
    stories.world.rows.at_rest.add("south")
    await street.declined_at("north")
    await street.moved_to("west")
    assert street.checkouts() == {"north": 1, "west": 1}


async def test_a_backup_that_does_not_act_is_followed_by_the_next_and_never_by_the_one_left(
    stories: Stories,
) -> None:
    street = await _opened(stories, accounts=3)
    street.of("south").faults_before["open_checkout"].append(Unreachable("nobody listens"))
    await street.declined_at("north")

    moved = await street.moved_to("west")

    assert moved.route is not None
    assert [each.name for each in moved.route.left] == ["north"]
    assert [each.name for each in moved.route.passed_over] == ["north", "south"]
    assert moved.route.failover_decline_codes == RULE
    assert (await street.paid_at("west")).status is PaymentStatus.COMPLETED
    assert street.checkouts() == {"north": 1, "west": 1}


async def test_while_no_backup_acts_the_purchase_waits_and_whoever_asks_gets_the_new_page(
    stories: Stories,
) -> None:
    street = await _opened(stories)
    south = street.of("south")
    stories.world.paused.add("south")  # since the moment in which it was chosen
    await street.declined_at("north")
    await stories.until(lambda: street.stored.integration_id == "south")
    joining = await stories.join_later(street.order)
    assert (street.stored.checkout, south.calls) == (None, [])

    stories.world.paused.clear()
    joined = await stories.at_last(joining.result())

    assert isinstance(joined, Purchase)
    assert joined.checkout is not None
    assert joined.integration_id == "south"
    assert street.checkouts() == {"north": 1, "south": 1}
    assert (await street.paid_at("south")).status is PaymentStatus.COMPLETED


async def test_a_purchase_that_was_cancelled_in_its_row_while_the_backup_is_waited_for_stays_so(
    stories: Stories,
) -> None:
    street = await _opened(stories)
    stories.world.paused.add("south")
    await street.declined_at("north")
    await stories.until(lambda: street.stored.integration_id == "south")
    stories.world.rows.purchases[street.order.purchase_id] = street.stored.cancelled("enough")

    stories.world.paused.clear()
    ended = await stories.end_of(street.order)

    assert ended.status is PaymentStatus.CANCELLED
    assert street.of("south").requests == {}
    assert stories.world.mail.sent == []


async def test_a_page_at_the_backup_whose_answer_was_lost_is_found(stories: Stories) -> None:
    street = await _opened(stories, accounts=3)
    south = street.of("south")
    south.faults_after["open_checkout"].append(OutcomeUnknown("no answer"))
    await street.declined_at("north")
    await stories.at_last(street.moved_to("south"))
    assert street.checkouts() == {"north": 1, "south": 1}
    assert (await street.paid_at("south")).status is PaymentStatus.COMPLETED


async def test_a_backup_that_refuses_ends_the_purchase_and_frees_its_quote(
    stories: Stories,
) -> None:
    street = await _opened(stories)
    street.of("south").refuse_next("open_checkout")
    await street.declined_at("north")

    ended = await stories.end_of(street.order)

    assert (ended.status, ended.can_retry) == (PaymentStatus.FAILED, False)
    assert ended.failure is not None
    assert ended.failure.code == RefusedByProvider.__name__
    assert not street.stored.holds_quote
    assert stories.world.mail.subjects() == ["payment_failed"]


async def test_a_quote_that_cannot_be_bought_any_more_moves_nowhere(stories: Stories) -> None:
    street = Street(stories, 2)
    now = await stories.env.get_current_time()
    street.order = street.order.model_copy(update={"payable_until": now})
    await stories.opened(street.order)
    told = await street.declined_at("north")
    await stories.until(lambda: told in stories.world.rows.handled)
    assert street.of("north").expired_under == []
    assert street.checkouts() == {"north": 1}


async def test_a_quote_that_ended_while_the_checkout_was_being_closed_moves_nowhere(
    stories: Stories,
) -> None:
    street = Street(stories, 2)
    until = await stories.env.get_current_time() + timedelta(hours=2)
    street.order = street.order.model_copy(update={"payable_until": until})
    await stories.opened(street.order)
    north = street.of("north")
    north.faults_before["expire_checkout"].append(Busy("503", timedelta(hours=3)))
    await street.declined_at("north")

    ended = await stories.end_of(street.order)

    assert (ended.status, ended.can_retry, ended.failure) == (PaymentStatus.FAILED, False, DECLINED)
    assert street.checkouts() == {"north": 1}


async def test_a_backup_that_comes_later_waits_for_the_next_decline(stories: Stories) -> None:
    street = await _opened(stories)
    stories.world.rows.at_rest.add("south")
    told = await street.declined_at("north")
    await stories.until(lambda: told in stories.world.rows.handled)
    await stories.pass_time(timedelta(minutes=3))  # in which it is looked for a backup, and again
    stories.world.rows.at_rest.clear()
    await stories.pass_time(timedelta(hours=2))
    assert street.of("north").calls.count("fetch_checkout") > 2
    assert street.state_at("north") is CheckoutState.OPEN

    await street.declined_at("north")

    await street.moved_to("south")


async def test_what_the_account_says_of_a_checkout_that_was_left_is_heard(stories: Stories) -> None:
    street = await _opened(stories)
    await street.declined_at("north")
    await street.moved_to("south")
    told = await street.told_by("north")
    await stories.until(lambda: told in stories.world.rows.handled)
    assert "create_refund" not in street.of("north").calls
    assert (await street.paid_at("south")).status is PaymentStatus.COMPLETED


@pytest.mark.parametrize("when", ["before", "after", "long after"])
async def test_money_that_comes_to_a_checkout_that_was_left_goes_back_from_there(
    stories: Stories, when: str
) -> None:
    street = await _opened(stories)
    await street.declined_at("north")
    await street.moved_to("south")
    if when != "before":
        street.of("south").pay(street.order.purchase_id)
        await street.told_by("south")
    if when == "long after":
        await stories.end_of(street.order)

    stray = street.of("north").pay(street.order.purchase_id)
    told = [await street.told_by("north") for _ in range(2)]
    await stories.until(lambda: set(told) <= stories.world.rows.handled.keys())
    ended = await (stories.end_of(street.order) if when != "before" else street.paid_at("south"))

    assert (ended.status, ended.integration_id) == (PaymentStatus.COMPLETED, "south")
    (refund,) = stories.world.rows.refunds.values()
    assert (await stories.refund_end(refund.refund_id)).status is RefundStatus.SUCCEEDED
    assert (refund.payment_id, refund.integration_id) == (stray, "north")
    assert street.of("north").refunded(stray) == PRICE.minor
    assert street.of("south").refunds == {}
    assert stories.policy_status(street.order) is PolicyStatus.DELIVERED  # and not cancelled
    assert set(stories.world.printer.printed) == {stories.policy_number(street.order)}
    assert stories.world.mail.subjects().count("payment_confirmation") == 1
    assert stories.world.mail.subjects().count("refund_made") == 1


async def test_stray_money_that_somebody_returned_by_hand_is_not_returned_again(
    stories: Stories,
) -> None:
    street = await _opened(stories)
    await street.declined_at("north")
    await street.moved_to("south")
    north = street.of("north")
    stray = north.pay(street.order.purchase_id)
    made = north.refund_in_dashboard(stray, PRICE)
    found = RefundFound(
        event_id=stories.world.event(), provider_refund_id=made, integration_id="north"
    )
    await stories.tell(street.order, found)
    await stories.until(lambda: found.event_id in stories.world.rows.handled)
    told = await street.told_by("north")
    await stories.until(lambda: told in stories.world.rows.handled)

    assert "create_refund" not in north.calls
    (refund,) = stories.world.rows.refunds.values()
    assert refund.integration_id == "north"
    await street.paid_at("south")
    assert stories.policy_status(street.order) is PolicyStatus.DELIVERED


async def test_a_left_checkout_that_is_told_of_and_cannot_be_read_is_a_matter_for_a_person(
    stories: Stories,
) -> None:
    street = await _opened(stories)
    await street.declined_at("north")
    await street.moved_to("south")
    street.of("north").refuse_next("fetch_checkout")
    told = await street.told_by("north")
    await stories.until(lambda: told in stories.world.rows.handled)
    assert stories.world.rows.open_reviews(street.order.purchase_id) == [ReviewReason.REFUND_FAILED]


async def test_workers_that_die_at_every_step_close_once_and_open_once(
    world: World, runner: WorkflowRunner
) -> None:
    """None of them remembers anything: each task begins with what history tells."""
    async with (
        await start_skipping_server() as env,
        workers(env.client, world, runner, remembered=0),
    ):
        street = await _opened(Stories(env, env.client, world))
        await street.declined_at("north")
        await street.moved_to("south")
        await street.told_by("north")
        ended = await street.paid_at("south")
    assert (ended.status, ended.integration_id) == (PaymentStatus.COMPLETED, "south")
    assert len(street.of("north").expired_under) == 1
    assert (street.checkouts(), street.charged()) == ({"north": 1, "south": 1}, ["south"])


async def test_a_database_that_is_away_between_the_two_checkouts_delays_the_second(
    stories: Stories,
) -> None:
    street = await _opened(stories)
    rows, north = stories.world.rows, street.of("north")
    north.before_next["expire_checkout"] = lambda: setattr(rows, "is_down", True)
    await street.declined_at("north")
    await stories.until(lambda: north.expired_under)
    await stories.pass_time(timedelta(minutes=5))
    assert street.of("south").calls == []
    rows.is_down = False
    await stories.at_last(street.moved_to("south"))
    assert (await street.paid_at("south")).status is PaymentStatus.COMPLETED
    assert street.checkouts() == {"north": 1, "south": 1}


async def test_a_run_ended_by_force_between_the_two_checkouts_is_taken_up_at_the_backup(
    stories: Stories,
) -> None:
    street = await _opened(stories)
    stories.world.paused.add("south")
    await street.declined_at("north")
    await stories.until(lambda: street.stored.integration_id == "south")
    await stories.purchase_run(street.order).terminate()
    stories.world.paused.clear()

    taken_up = await stories.opened(street.order)

    assert taken_up.integration_id == "south"
    (asked,) = street.of("south").requests.values()
    assert asked.idempotency_key == f"{street.order.purchase_id}:checkout-2:1"
    assert (await street.paid_at("south")).status is PaymentStatus.COMPLETED
    assert (street.checkouts(), street.charged()) == ({"north": 1, "south": 1}, ["south"])


async def test_a_run_ended_by_force_before_anything_was_closed_is_taken_up_where_it_was(
    stories: Stories,
) -> None:
    street = await _opened(stories)
    north = street.of("north")
    north.faults_before["expire_checkout"].append(Parked("it is paused"))
    await street.declined_at("north")
    await stories.until(lambda: "expire_checkout" in north.calls)
    await stories.purchase_run(street.order).terminate()

    taken_up = await stories.opened(street.order)

    assert (taken_up.integration_id, taken_up.can_retry) == ("north", True)
    assert (await street.paid_at("north")).status is PaymentStatus.COMPLETED
    assert street.charged() == ["north"]

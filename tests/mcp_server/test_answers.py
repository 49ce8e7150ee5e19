"""Whole answers: every field, and where its value comes from."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlmodel import col, update

from connections import connect_database
from domain.policies import Policy
from persistence.rows.purchases import PurchaseRow
from tests.fake_payments import DECLINED
from tests.mcp_server.shop import PRICE, Agent, Fields, Shop

BASE = "https://paybind.example"
SEVEN_DAYS = timedelta(days=7)
WHAT_IS_SOLD: Fields = {
    "amount": PRICE.minor,
    "currency": PRICE.currency,
    "currency_exponent": 2,
    "product_name": "Travel Easy",
}
SOLD_BY: Fields = {"provider": "stripe", "livemode": False}
NOTHING_YET: Fields = {
    "stripe_payment_intent": None,
    "failure_code": None,
    "failure_reason": None,
    "can_retry": False,
    "processing": False,
    "needs_review": False,
    "refund_status": "none",
    "amount_refunded": 0,
    "refunds": [],
    "policy_status": "none",
    "policy_id": None,
    "policy_number": None,
    "policy_cancelled_at": None,
    "policy_document_url": None,
}


def moment(value: object) -> datetime:
    told = datetime.fromisoformat(str(value))
    assert told.tzinfo is not None
    return told


def moments_of(state: Fields) -> tuple[datetime, datetime]:
    """When the purchase was made and last changed, which are taken out of its state."""
    return moment(state.pop("created_at")), moment(state.pop("updated_at"))


async def started(shop: Shop, agent: Agent) -> tuple[str, Fields, datetime]:
    """Our id of a purchase, what its state tells of it in every status, and when it began."""
    began, wish = datetime.now(UTC), await shop.wish()
    purchase_id = str((await agent.answer("initiate_purchase", **wish))["payment_intent_id"])
    session_id = shop.payments.session_of(purchase_id)
    expires_at = shop.payments.requests[session_id].expires_at
    told: Fields = {
        **WHAT_IS_SOLD,
        **SOLD_BY,
        **NOTHING_YET,
        "payment_intent_id": purchase_id,
        "stripe_session_id": session_id,
        "user_id": "user_alice",
        "quote_id": wish["quote_id"],
        "expires_at": expires_at.isoformat().replace("+00:00", "Z"),
    }
    return purchase_id, told, began


async def test_the_answer_to_a_started_purchase(shop: Shop) -> None:
    async with shop.agent() as agent:
        wish = await shop.wish()
        answer = await agent.answer("initiate_purchase", **wish)

    session_id = shop.payments.session_of(str(answer["payment_intent_id"]))
    card = {
        **WHAT_IS_SOLD,
        "payment_intent_id": answer["payment_intent_id"],
        "payment_status": "pending",
        "checkout_url": f"https://pay.example/{session_id}",
        "expires_at": answer["expires_at"],
    }
    widget = answer.pop("widget")
    assert isinstance(widget, dict)
    assert widget["data"].pop("widget_url").startswith(f"{BASE}/widgets/payment?purchase=")
    assert widget == {"type": "payment_checkout", "data": card}
    assert moment(answer["expires_at"]) == shop.payments.requests[session_id].expires_at
    assert answer == {
        **card,
        **SOLD_BY,
        "message": "Give the customer the checkout_url to pay SGD 150.00, then call "
        "check_payment_status with the payment_intent_id.",
        "session_id": session_id,
        "quote_id": wish["quote_id"],
        "user_id": "user_alice",
        "can_retry": False,
    }


async def test_the_state_of_a_declined_purchase(shop: Shop) -> None:
    async with shop.agent() as agent:
        purchase_id, told, began = await started(shop, agent)
        await shop.decline(purchase_id)
        state = await agent.state_once(purchase_id, payment_status="failed")

    created_at, updated_at = moments_of(state)
    assert began < created_at < updated_at < datetime.now(UTC)
    assert state == {
        **told,
        "message": "The payment was declined. The customer may try again at checkout_url.",
        "payment_status": "failed",
        "checkout_url": f"https://pay.example/{told['stripe_session_id']}",
        "failure_code": DECLINED.code,
        "failure_reason": DECLINED.reason,
        "can_retry": True,
    }


async def test_the_state_of_a_purchase_that_was_declined_and_moved_names_the_new_page(
    shop: Shop,
) -> None:
    async with shop.agent() as agent:
        purchase_id, told, _ = await started(shop, agent)
        database = connect_database(shop.settings)
        async with database.transaction() as session:
            await session.exec(
                update(PurchaseRow)
                .where(col(PurchaseRow.purchase_id) == purchase_id)
                .values(can_retry=True)
            )
        await database.close()
        state = await agent.state_once(purchase_id, can_retry=True)
    assert (state["payment_status"], state["checkout_url"]) == (
        "pending",
        f"https://pay.example/{told['stripe_session_id']}",
    )
    assert state["message"] == (
        "The payment was declined, and the page on which that was is closed. The customer may "
        "try again at checkout_url, which is a new one."
    )


@dataclass(frozen=True)
class Bought:
    """What two tools told of a purchase whose policy is delivered."""

    purchase_id: str
    told: Fields  # of it in every status
    began: datetime
    state: Fields
    completed: Fields


async def bought(shop: Shop) -> Bought:
    async with shop.agent() as agent:
        purchase_id, told, began = await started(shop, agent)
        await shop.pay(purchase_id)
        state = await agent.state_once(purchase_id, policy_status="delivered")
        completed = await agent.answer("complete_purchase", payment_intent_id=purchase_id)
    return Bought(purchase_id, told, began, state, completed)


async def document_behind(shop: Shop, answer: Fields) -> tuple[Policy, bytes]:
    """Of the link that is taken out of the answer."""
    link = str(answer.pop("policy_document_url"))
    assert link.startswith(f"{BASE}/documents/")
    return await shop.services.policies.document(link.rpartition("/")[2])


async def test_the_state_of_a_completed_purchase(shop: Shop) -> None:
    seen = await bought(shop)

    policy, pdf = await document_behind(shop, seen.state)
    created_at, updated_at = moments_of(seen.state)
    assert policy.issued_at is not None
    assert seen.began < created_at < policy.issued_at < updated_at < datetime.now(UTC)
    assert pdf.startswith(b"%PDF")
    del seen.told["policy_document_url"]
    session_id = str(seen.told["stripe_session_id"])
    assert seen.state == {
        **seen.told,
        "message": "Paid. Call complete_purchase for the policy.",
        "payment_status": "completed",
        "checkout_url": None,
        "stripe_payment_intent": shop.payments.snapshots[session_id].payment_id,
        "policy_status": "delivered",
        "policy_id": policy.policy_id,
        "policy_number": policy.number,
    }


async def test_the_answer_to_a_completed_purchase(shop: Shop) -> None:
    seen = await bought(shop)

    policy, pdf = await document_behind(shop, seen.completed)
    assert moment(seen.completed.pop("created_at")) == policy.issued_at
    assert pdf.startswith(b"%PDF")
    assert seen.completed == {
        **WHAT_IS_SOLD,
        **SOLD_BY,
        "message": f"Policy {policy.number} is issued. Give the customer its number and "
        "policy_document_url; it is e-mailed to them as well.",
        "payment_intent_id": seen.purchase_id,
        "policy_id": policy.policy_id,
        "policy_number": policy.number,
        "status": "completed",
        "policy_status": "delivered",
        "quote_id": seen.told["quote_id"],
        "user_id": "user_alice",
    }


async def test_the_answer_to_a_cancelled_payment(shop: Shop) -> None:
    async with shop.agent() as agent:
        purchase_id, _, _ = await started(shop, agent)
        cancelled = await agent.answer("cancel_payment", payment_intent_id=purchase_id)

    assert cancelled == {
        "payment_intent_id": purchase_id,
        "status": "cancelled",
        "message": "Payment successfully cancelled. The quote may be bought again while valid.",
    }


async def test_the_answers_of_the_three_tools_for_links(shop: Shop) -> None:
    began, wish = datetime.now(UTC), await shop.wish()
    address = {"quote_id": wish["quote_id"], "customer_email": "bob@example.com"}
    async with shop.agent() as agent:
        saved = await agent.answer("save_quote_for_later", **wish)
        sent = await agent.answer("send_payment_link", **address, customer_name="Bob")
        found = await agent.answer("get_payment_link", quote_id=wish["quote_id"])

    expires_at = moment(saved["expires_at"])
    assert began + SEVEN_DAYS < expires_at < datetime.now(UTC) + SEVEN_DAYS
    link_id, url = str(saved["payment_link_id"]), str(saved["payment_link_url"])
    assert link_id.startswith("lnk_")
    assert url.startswith(f"{BASE}/pay/")
    checkout_url = await shop.services.links.open(url.rpartition("/")[2])
    assert checkout_url.startswith("https://pay.example/cs_test_")
    link: Fields = {
        "quote_id": wish["quote_id"],
        "payment_link_id": link_id,
        "expires_at": saved["expires_at"],
        "livemode": False,
    }
    assert saved == {
        **link,
        "payment_link_url": url,
        "message": "Quote saved! Payment link valid for 7 days.",
    }
    assert sent == {
        **link,
        "success": True,
        "message": "Payment link sent to bob@example.com",
        "email_sent_to": "bob@example.com",
    }
    assert found == {
        **link,
        "payment_link_url": url,
        "message": f"Give the customer the payment_link_url; it works until {expires_at:%d %B %Y}.",
        "is_active": True,
        "status": "active",
    }
    assert timedelta(days=7) == SEVEN_DAYS

"""The tools that look at JustiFi: payments, payment methods and refunds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import JsonValue

from domain.connections import JsonObject
from domain.errors import Code, Invalid
from mcp_server import arguments as args
from mcp_server import justifi_answers as answers
from mcp_server import justifi_arguments as given
from mcp_server.justifi_desk import Account, JustifiDesk, listed

PAGE = "Newest first; page_info.end_cursor as after_cursor leads to the next page."


@dataclass(frozen=True)
class JustifiTools:
    desk: JustifiDesk

    async def retrieve_payment(
        self,
        *,
        payment_id: given.PaymentId,
        integration_id: args.IntegrationId | None = None,
        sub_account_id: given.SubAccountId | None = None,
    ) -> answers.PaymentAnswer:
        """Look a payment up at JustiFi: its status, what was captured and what was given back."""
        account = Account(integration_id, sub_account_id)
        told = await self.desk.read("retrieve_payment", account, {"id": payment_id})
        payment = answers.Payment.of(told.get("object"))
        message = f"The payment is {payment.status}."
        return answers.PaymentAnswer(message=message, livemode=self.desk.livemode, payment=payment)

    async def list_payments(
        self,
        *,
        limit: given.PageSize | None = None,
        after_cursor: given.After | None = None,
        before_cursor: given.Before | None = None,
        payment_status: given.PaymentFilter | None = None,
        payment_method_id: given.MethodId | None = None,
        created_after: given.Since | None = None,
        created_before: given.Since | None = None,
        integration_id: args.IntegrationId | None = None,
        sub_account_id: given.SubAccountId | None = None,
    ) -> answers.PaymentPage:
        """List JustiFi payments, newest first, a page at a time."""
        filters = {
            "payment_status": payment_status,
            "payment_method_id": payment_method_id,
            **_created(created_after, created_before),
        }
        place = place_of(limit, after_cursor, before_cursor, filters)
        account = Account(integration_id, sub_account_id)
        told = await self.desk.read("list_payments", account, place)
        return answers.PaymentPage(
            message=PAGE,
            livemode=self.desk.livemode,
            page_info=info_of(told),
            payments=tuple(map(answers.Payment.of, listed(told))),
        )

    async def retrieve_payment_method(
        self,
        *,
        payment_method_id: given.MethodId,
        integration_id: args.IntegrationId | None = None,
        sub_account_id: given.SubAccountId | None = None,
    ) -> answers.PaymentMethodAnswer:
        """Look a stored card or bank account up: brand, last four, whether it is valid."""
        account = Account(integration_id, sub_account_id)
        told = await self.desk.read("retrieve_payment_method", account, {"id": payment_method_id})
        method = answers.PaymentMethod.of(told.get("object"))
        return answers.PaymentMethodAnswer(
            message=f"The payment method is {method.status or 'stored'}.",
            livemode=self.desk.livemode,
            payment_method=method,
        )

    async def list_payment_methods(
        self,
        *,
        limit: given.PageSize | None = None,
        after_cursor: given.After | None = None,
        before_cursor: given.Before | None = None,
        customer_id: given.FilteredCustomerId | None = None,
        payment_method_group_id: given.GroupId | None = None,
        created_after: given.Since | None = None,
        created_before: given.Since | None = None,
        integration_id: args.IntegrationId | None = None,
        sub_account_id: given.SubAccountId | None = None,
    ) -> answers.PaymentMethodPage:
        """List stored cards and bank accounts, newest first, a page at a time."""
        is_group = customer_id is not None and customer_id.startswith("pmg_")
        filters = {
            "customer_id": None if is_group else customer_id,
            "payment_method_group_id": payment_method_group_id
            or (customer_id if is_group else None),
            **_created(created_after, created_before),
        }
        place = place_of(limit, after_cursor, before_cursor, filters)
        account = Account(integration_id, sub_account_id)
        told = await self.desk.read("list_payment_methods", account, place)
        return answers.PaymentMethodPage(
            message=PAGE,
            livemode=self.desk.livemode,
            page_info=info_of(told),
            payment_methods=tuple(map(answers.PaymentMethod.of, listed(told))),
        )

    async def list_refunds(
        self,
        *,
        payment_id: given.PaymentId,
        limit: given.PageSize | None = None,
        after_cursor: given.After | None = None,
        before_cursor: given.Before | None = None,
        integration_id: args.IntegrationId | None = None,
        sub_account_id: given.SubAccountId | None = None,
    ) -> answers.RefundPage:
        """List the refunds of a payment, newest first, a page at a time. JustiFi has no such list:
        they are those that the payment itself shows.
        """
        place = place_of(limit, after_cursor, before_cursor, {})
        account = Account(integration_id, sub_account_id)
        told = await self.desk.read("list_refunds", account, {**place, "payment_id": payment_id})
        return answers.RefundPage(
            message=PAGE,
            livemode=self.desk.livemode,
            page_info=info_of(told),
            refunds=tuple(map(answers.Refund.of, listed(told))),
        )

    async def list_payment_refunds(
        self,
        *,
        payment_id: given.PaymentId,
        integration_id: args.IntegrationId | None = None,
        sub_account_id: given.SubAccountId | None = None,
    ) -> answers.PaymentRefunds:
        """All refunds of a payment at once, with what was given back and what still can be."""
        account = Account(integration_id, sub_account_id)
        told = await self.desk.read("list_payment_refunds", account, {"id": payment_id})
        payment = answers.Payment.of(told.get("object"))
        refunds = tuple(map(answers.Refund.of, listed(told)))
        return answers.PaymentRefunds(
            message=f"{len(refunds)} refunds of this payment.",
            livemode=self.desk.livemode,
            payment_id=payment.id,
            currency=payment.currency,
            amount=payment.amount,
            amount_refunded=payment.amount_refunded,
            amount_refundable=payment.amount_refundable,
            refunds=refunds,
        )


def _created(after: datetime | None, before: datetime | None) -> dict[str, str | None]:
    return {"created_after": moment(after), "created_before": moment(before)}


def moment(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def place_of(
    limit: int | None, after: str | None, before: str | None, filters: Mapping[str, str | None]
) -> dict[str, JsonValue]:
    if after is not None and before is not None:
        raise Invalid(
            Code.INVALID_REQUEST, "after_cursor and before_cursor exclude each other: send one"
        )
    return {
        "limit": limit,
        "after_cursor": after,
        "before_cursor": before,
        "filters": {name: value for name, value in filters.items() if value is not None} or None,
    }


def info_of(told: JsonObject) -> answers.PageInfo:
    return answers.PageInfo.of(told.get("page_info"))

"""The tools for the funds of an account at JustiFi: its balance, its payouts and their watch."""

from dataclasses import dataclass

from pydantic import JsonValue

from domain.payouts import workflow_id_of
from mcp_server import arguments as args
from mcp_server import justifi_answers as answers
from mcp_server import justifi_arguments as given
from mcp_server.justifi import PAGE, info_of, moment, place_of
from mcp_server.justifi_desk import Account, JustifiDesk, listed

_PENDING: list[JsonValue] = ["scheduled", "in_transit"]
_METHOD = (
    "Over all pages of balance transactions that are in no payout: available is the net of those "
    "whose available_on has come, pending of the others."
)


@dataclass(frozen=True)
class JustifiFunds:
    desk: JustifiDesk

    async def retrieve_balance(
        self,
        *,
        integration_id: args.IntegrationId | None = None,
        sub_account_id: given.SubAccountId | None = None,
    ) -> answers.BalanceAnswer:
        """What an account holds, available and pending, by currency. JustiFi has no endpoint for
        it: it is derived from all balance transactions, and says so.
        """
        account = Account(integration_id, sub_account_id)
        told = await self.desk.read("retrieve_balance", account, {})
        return answers.BalanceAnswer.model_validate(
            {
                **told,
                "message": "Derived: our sum, not a figure of JustiFi's.",
                "livemode": self.desk.livemode,
                "method": _METHOD,
            }
        )

    async def list_balance_transactions(
        self,
        *,
        limit: given.PageSize | None = None,
        after_cursor: given.After | None = None,
        before_cursor: given.Before | None = None,
        payout_id: given.PayoutId | None = None,
        source_payment_id: given.PaymentId | None = None,
        integration_id: args.IntegrationId | None = None,
        sub_account_id: given.SubAccountId | None = None,
    ) -> answers.BalanceTransactionPage:
        """List what moved an account's balance, newest first: payments, fees, refunds, payouts."""
        filters = {"payout_id": payout_id, "source_payment_id": source_payment_id}
        place = place_of(limit, after_cursor, before_cursor, filters)
        account = Account(integration_id, sub_account_id)
        told = await self.desk.read("list_balance_transactions", account, place)
        return answers.BalanceTransactionPage(
            message=PAGE,
            livemode=self.desk.livemode,
            page_info=info_of(told),
            balance_transactions=tuple(map(answers.BalanceTransaction.of, listed(told))),
        )

    async def retrieve_payout(
        self,
        *,
        payout_id: given.PayoutId,
        integration_id: args.IntegrationId | None = None,
        sub_account_id: given.SubAccountId | None = None,
    ) -> answers.PayoutAnswer:
        """Look a payout up: where it stands, when it arrives and what it is made of. Poll it no
        oftener than hourly: JustiFi moves payouts once a day.
        """
        account = Account(integration_id, sub_account_id)
        told = await self.desk.read("retrieve_payout", account, {"id": payout_id})
        payout = answers.Payout.of(told.get("object"))
        message = f"The payout is {payout.status}."
        return answers.PayoutAnswer(message=message, livemode=self.desk.livemode, payout=payout)

    async def list_payouts(
        self,
        *,
        limit: given.PageSize | None = None,
        after_cursor: given.After | None = None,
        before_cursor: given.Before | None = None,
        status: given.PayoutFilter | None = None,
        created_after: given.Since | None = None,
        created_before: given.Since | None = None,
        deposits_after: given.Since | None = None,
        deposits_before: given.Since | None = None,
        integration_id: args.IntegrationId | None = None,
        sub_account_id: given.SubAccountId | None = None,
    ) -> answers.PayoutPage:
        """List payouts, newest first, by pages; status pending: the funds about to settle."""
        filters = {
            "created_after": moment(created_after),
            "created_before": moment(created_before),
            "deposits_after": moment(deposits_after),
            "deposits_before": moment(deposits_before),
        }
        place = place_of(limit, after_cursor, before_cursor, filters)
        if status is not None:
            place["statuses"] = _PENDING if status == "pending" else [status]
        account = Account(integration_id, sub_account_id)
        told = await self.desk.read("list_payouts", account, place)
        return answers.PayoutPage(
            message=PAGE,
            livemode=self.desk.livemode,
            page_info=info_of(told),
            payouts=tuple(map(answers.Payout.of, listed(told))),
        )

    async def get_payout_report(
        self,
        *,
        payout_id: given.PayoutId,
        integration_id: args.IntegrationId | None = None,
        sub_account_id: given.SubAccountId | None = None,
    ) -> answers.PayoutReportAnswer:
        """The address of a payout's CSV report at JustiFi, for a person to download soon."""
        account = Account(integration_id, sub_account_id)
        told = await self.desk.read("get_payout_report", account, {"id": payout_id})
        report = told.get("object")
        url = report.get("csv_url") if isinstance(report, dict) else None
        return answers.PayoutReportAnswer(
            message="The report is at csv_url." if url else "JustiFi has no report of it yet.",
            livemode=self.desk.livemode,
            payout_id=payout_id,
            csv_url=url if isinstance(url, str) else None,
        )

    async def watch_payouts(
        self, *, integration_id: args.IntegrationId | None = None
    ) -> answers.PayoutWatch:
        """Have all payouts of an account followed to their end: paid, failed, canceled, forwarded.
        They are looked at now, and then as often as payouts move; finance is told of any that fails
        or is overdue. It moves no money, and once is enough: a repeated call looks again now.
        """
        caller = await self.desk.callers.current()
        account = await self.desk.services.payouts.watch(caller, integration_id)
        return answers.PayoutWatch(
            message="Its payouts are watched; list_payouts says where they stand.",
            livemode=account.livemode,
            integration_id=account.integration_id,
            workflow_id=workflow_id_of(account),
        )

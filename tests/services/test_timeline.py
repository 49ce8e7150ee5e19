"""The timeline tells every run of a purchase and of its refunds, local steps too."""

from domain.refunds import Asker
from services.refunds import RefundWish
from tests.services.conftest import Premises


async def test_the_story_goes_on_in_every_run_of_the_purchase_and_its_refund(
    premises: Premises,
) -> None:
    shop = premises.shop
    purchase_id = await shop.paid_purchase()
    first = premises.client.get_workflow_handle(f"purchase-{purchase_id}")
    await first.result()
    wish = RefundWish(purchase=purchase_id, amount_minor=100)
    refund = await shop.services.refunds.request(await shop.caller(), wish, Asker.SERVICE)
    await premises.client.get_workflow_handle(f"refund-{refund.refund_id}").result()
    await premises.client.get_workflow_handle(f"purchase-{purchase_id}").result()

    told = await shop.services.timeline.of(await shop.caller(), purchase_id)

    steps = [entry for entry in told if entry.source == "workflow"]
    begun = [
        str(step.detail).partition(",")[0] for step in steps if step.what == "workflow started"
    ]
    purchase, repaid = f"purchase-{purchase_id}", f"refund-{refund.refund_id}"
    assert sorted(begun) == [purchase, purchase, repaid]
    by_row_and_by_provider = {"record_settlement", "record_refund", "create_refund"}
    assert by_row_and_by_provider <= {step.what for step in steps if step.attempt == 1}
    assert [entry.at for entry in told] == sorted(entry.at for entry in told)
    assert len(set(told)) == len(told)

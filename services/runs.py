"""What a workflow is started with, whoever starts it: its id, its queue, what it is found by."""

from datetime import timedelta
from typing import TypedDict, TypeVar

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import (
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.types import MethodAsyncSingleParam

from domain.links import LinkOrder, LinkStatus
from domain.links import workflow_id_of as link_workflow_id_of
from domain.purchases import Purchase, PurchaseOrder
from domain.purchases import workflow_id_of as purchase_workflow_id_of
from domain.refunds import Refund
from domain.refunds import workflow_id_of as refund_workflow_id_of
from workflows import attributes, options
from workflows.link import PaymentLinkWorkflow
from workflows.purchase import PurchaseWorkflow
from workflows.refund import RefundStart, RefundWorkflow

HAND_OVER_WITHIN = timedelta(seconds=5)

Story = TypeVar("Story")
Order = TypeVar("Order")
Ended = TypeVar("Ended")


class Run(TypedDict):
    id: str
    task_queue: str
    id_reuse_policy: WorkflowIDReusePolicy
    static_summary: str
    search_attributes: TypedSearchAttributes


def purchase_run(order: PurchaseOrder) -> Run:
    return _run(
        purchase_workflow_id_of(order.purchase_id),
        f"{order.price} · {order.product_name}"[:200],
        attributes.of_new_purchase(order),
    )


def refund_run(order: PurchaseOrder, refund: Refund) -> Run:
    return _run(
        refund_workflow_id_of(refund.refund_id),
        f"Refund of {refund.amount}",
        attributes.of_refund(order),
    )


def link_run(order: LinkOrder) -> Run:
    return _run(
        link_workflow_id_of(order.link_id),
        f"Payment link for quote {order.quote_id}",
        attributes.of_link(order.tenant_id, order.quote_id),
    )


def _run(workflow_id: str, summary: str, found_by: TypedSearchAttributes) -> Run:
    return Run(
        id=workflow_id,
        task_queue=options.PURCHASES,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,  # one that has ended is woken
        static_summary=summary,
        search_attributes=found_by,
    )


async def started_once(
    client: Client,
    story: MethodAsyncSingleParam[Story, Order, Ended],
    order: Order,
    workflow_id: str,
    summary: str,
    found_by: TypedSearchAttributes,
) -> WorkflowHandle[Story, Ended]:
    """The run of this id: begun, joined, or ended by itself and so with its result.

    One that failed or was ended by force goes on in a new run. Raises RPCError without Temporal.
    """
    try:
        return await client.start_workflow(
            story,
            order,
            id=workflow_id,
            task_queue=options.PURCHASES,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
            static_summary=summary,
            search_attributes=found_by,
            rpc_timeout=HAND_OVER_WITHIN,
        )
    except WorkflowAlreadyStartedError:
        return client.get_workflow_handle_for(story, workflow_id)


def refund_start(order: PurchaseOrder, refund: Refund) -> RefundStart:
    return RefundStart(refund=refund, provider=order.provider, livemode=order.livemode)


def purchase_started(
    order: PurchaseOrder,
) -> WithStartWorkflowOperation[PurchaseWorkflow, Purchase]:
    return WithStartWorkflowOperation(
        PurchaseWorkflow.run,
        order,
        **purchase_run(order),
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )


def refund_started(
    order: PurchaseOrder, refund: Refund
) -> WithStartWorkflowOperation[RefundWorkflow, Refund]:
    return WithStartWorkflowOperation(
        RefundWorkflow.run,
        refund_start(order, refund),
        **refund_run(order, refund),
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )


def link_started(order: LinkOrder) -> WithStartWorkflowOperation[PaymentLinkWorkflow, LinkStatus]:
    return WithStartWorkflowOperation(
        PaymentLinkWorkflow.run,
        order,
        **link_run(order),
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )

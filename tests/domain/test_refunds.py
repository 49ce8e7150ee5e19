"""Who must agree to a refund, and what it is called at the provider."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import Money
from domain.refunds import Asker, Refund, RefundReason, RefundRequest, RefundStatus

LIMIT = 50_000
AT = datetime(2026, 11, 20, tzinfo=UTC)


def _request(asker: Asker, approved_by: str | None = None) -> RefundRequest:
    return RefundRequest(
        refund_id="ref_aaaaaaaaaaaaaaaaaaaaaa",
        purchase_id="pur_aaaaaaaaaaaaaaaaaaaaaa",
        tenant_id="ten_1",
        asker=asker,
        requested_by="key_1",
        approved_by=approved_by,
        needs_approval_above=LIMIT,
    )


def _sgd(minor: int) -> Money:
    return Money(minor=minor, currency="SGD")


@given(st.integers(1, LIMIT))
def test_a_service_gives_back_small_sums_by_itself(minor: int) -> None:
    assert not _request(Asker.SERVICE).needs_approval(_sgd(minor))


@given(st.integers(1, LIMIT))
def test_an_agent_never_does_without_a_human(minor: int) -> None:
    assert _request(Asker.AGENT).needs_approval(_sgd(minor))
    assert not _request(Asker.AGENT, approved_by="key_boss").needs_approval(_sgd(minor))


@given(st.integers(LIMIT + 1, 10**9), st.sampled_from([None, "key_boss"]))
def test_a_large_sum_always_waits_for_its_own_approval(minor: int, agreed: str | None) -> None:
    for asker in (Asker.AGENT, Asker.SERVICE):
        assert _request(asker, agreed).needs_approval(_sgd(minor))


@given(st.integers(1, 10**9))
def test_late_money_goes_back_without_asking(minor: int) -> None:
    assert not _request(Asker.PAYBIND).needs_approval(_sgd(minor))


@pytest.mark.parametrize("group", [1, 2, 3])
def test_equal_refunds_have_keys_of_their_own(group: int) -> None:
    keys = {_refund(refund_id).key(group) for refund_id in ("ref_a", "ref_b")}
    assert len(keys) == 2
    assert all(len(key) <= 100 for key in keys)


def _refund(refund_id: str) -> Refund:
    return Refund(
        refund_id=refund_id,
        purchase_id="pur_1",
        tenant_id="ten_1",
        payment_id="pi_1",
        amount=_sgd(7500),
        reason=RefundReason.REQUESTED_BY_CUSTOMER,
        status=RefundStatus.PENDING,
        asker=Asker.SERVICE,
        requested_by="key_1",
        created_at=AT,
        updated_at=AT,
    )

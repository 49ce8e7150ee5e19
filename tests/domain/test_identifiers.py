"""Our ids: ours to recognise, the same for the same parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.emails import EmailTemplate, email_id_of
from domain.identifiers import METADATA_NAMES, derived_id, is_ours, new_id, without_our_names
from domain.links import link_id_of
from domain.purchases import purchase_id_of, workflow_id_of
from domain.refunds import late_refund_id_of

PREFIXES = ("pur", "quo", "pol", "lnk", "ref", "eml", "evt", "key", "ten", "exe")
texts = st.text(min_size=1, max_size=30)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_new_ids_differ_and_are_ours(prefix: str) -> None:
    ids = {new_id(prefix) for _ in range(100)}
    assert len(ids) == 100
    assert all(is_ours(each) for each in ids)


@given(st.lists(texts, min_size=1), st.lists(texts, min_size=1))
def test_derived_ids_agree_exactly_when_their_parts_do(one: list[str], other: list[str]) -> None:
    if any("\x1f" in part for part in (*one, *other)):
        return  # the separator is no character of an id, a name or a number
    same = derived_id("pur", *one) == derived_id("pur", *other)
    assert same == (one == other)
    assert is_ours(derived_id("pur", *one))


@pytest.mark.parametrize(
    "foreign",
    ["pi_3QxYz", "cs_test_a1", "re_1", "pur_", "pur_SHOUTING2222222222222", "pur_" + "a" * 23, ""],
)
def test_a_providers_id_is_not_ours(foreign: str) -> None:
    assert not is_ours(foreign)


def test_an_occasion_has_one_id_and_another_occasion_another() -> None:
    purchase = purchase_id_of("ten_1", "quote-1", 1)
    assert purchase == purchase_id_of("ten_1", "quote-1", 1)
    ids = {
        purchase,
        purchase_id_of("ten_1", "quote-1", 2),
        purchase_id_of("ten_2", "quote-1", 1),
        link_id_of("ten_1", "quote-1", 1),
        late_refund_id_of(purchase, "pi_1"),
        late_refund_id_of(purchase, "pi_2"),
        email_id_of(purchase, EmailTemplate.PAYMENT_FAILED),
        email_id_of(purchase, EmailTemplate.PAYMENT_CONFIRMATION),
        email_id_of(purchase, EmailTemplate.PAYMENT_CONFIRMATION, 2),
    }
    assert len(ids) == 9
    assert workflow_id_of(purchase) == f"purchase-{purchase}"


def test_what_others_note_at_a_provider_is_not_ours_to_find() -> None:
    theirs = {"order": "7", "payment_test": "x"}
    assert without_our_names(theirs) == theirs
    for name in METADATA_NAMES:
        with pytest.raises(ValueError, match=name):
            without_our_names({**theirs, name: new_id("pur")})

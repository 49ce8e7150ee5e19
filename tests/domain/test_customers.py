"""The same customer may ask again; another is told so, and never who the first one is."""

import pytest

from domain.customers import UNKNOWN_USER, Customer, require_same
from domain.errors import Code, Conflict

MEI = Customer(user_id="user_mei", email="mei@example.com")


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        (MEI, MEI),
        (Customer(user_id="user_mei"), MEI),
        (MEI, Customer(user_id="user_mei")),
        (Customer(user_id="user_mei", email="Mei@Example.com"), MEI),
        (MEI, Customer(user_id=UNKNOWN_USER, email="mei@example.com")),
    ],
    ids=["same", "no e-mail asked", "no e-mail kept", "other letters' size", "for nobody by name"],
)
def test_the_same_customer_may_ask_again(asked: Customer, first: Customer) -> None:
    require_same(asked, first, "pur_1")


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        (Customer(user_id="user_bob", email="mei@example.com"), "user_id"),
        (Customer(user_id="user_mei", email="bob@example.com"), "customer_email"),
    ],
)
def test_another_customer_is_told_which_detail_differs_and_nothing_personal(
    asked: Customer, word: str
) -> None:
    with pytest.raises(Conflict) as refused:
        require_same(asked, MEI, "pur_1", "pur_1")

    assert (refused.value.code, refused.value.purchase_id) == (Code.OTHER_CUSTOMER, "pur_1")
    assert refused.value.message == f"pur_1 was made with another {word}"

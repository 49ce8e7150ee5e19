"""JustiFi's published test numbers: nobody's cards and accounts, which a test key alone accepts."""

from collections.abc import Mapping

STORES_TEST_CARDS = "create_payment_method"  # the one tool that takes them
TEST_CARDS = frozenset(
    {
        *("4242424242424242", "4000000000000002", "4000000000009995", "4000000000009987"),
        *("4000000000009979", "4000000000000069", "4000000000000127", "4000000000000119"),
        *("4000000000000341", "4242424242424241"),
    }
)
TEST_ROUTING = "110000000"
TEST_ACCOUNTS = frozenset(
    {"000123456789", "000222222227", "000333333335", "000111111113", "000111111116"}
)


def without_test_card(arguments: Mapping[str, object]) -> Mapping[str, object]:
    """``arguments`` of create_payment_method as a guard may see them: without a test card's number.

    A number that is any other card's stays, wherever it stands.
    """
    card = arguments.get("card")
    if not isinstance(card, Mapping) or card.get("number") not in TEST_CARDS:
        return arguments
    return {**arguments, "card": {**card, "number": "a test card"}}

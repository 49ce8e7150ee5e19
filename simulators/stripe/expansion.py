"""`expand[]`: replaces ids in an answer by the objects they name."""

from simulators.stripe import balance_objects, objects, payment_objects
from simulators.stripe.account import StripeAccount
from simulators.stripe.attempts import charge_wire
from simulators.stripe.balance import find_transaction
from simulators.stripe.errors import StripeError
from simulators.stripe.objects import Wire

DEEPEST = 4


def expand(account: StripeAccount, answer: Wire, paths: tuple[str, ...]) -> Wire:
    for path in paths:
        parts = path.split(".")
        if len(parts) > DEEPEST:
            raise StripeError("You cannot expand more than 4 levels deep.", param="expand")
        _expand(account, answer, parts, path)
    return answer


def _expand(account: StripeAccount, node: Wire, parts: list[str], path: str) -> None:
    name, *rest = parts
    if name == "line_items" and node.get("object") == "checkout.session":
        node[name] = _line_items(account, str(node["id"]))
    elif name == "refunds" and node.get("object") == "charge":
        node[name] = _refunds(account, str(node["id"]))
    elif name not in node:
        raise StripeError(f"This property cannot be expanded ({path}).", param="expand")
    value = node[name]
    if isinstance(value, str):
        value = node[name] = _found(account, value, path)
    if not rest:
        return
    for child in value if isinstance(value, list) else [value]:
        if isinstance(child, dict):
            _expand(account, child, rest, path)


def _found(account: StripeAccount, identifier: str, path: str) -> Wire:
    if intent := account.intents.get(identifier):
        return payment_objects.payment_intent(intent, account.options.public_url)
    if charge := account.charges.get(identifier):
        return charge_wire(account, charge)
    if method := account.methods.get(identifier):
        return payment_objects.payment_method(method)
    if customer := account.customers.get(identifier):
        return objects.customer(customer)
    if refund := account.refunds.get(identifier):
        return payment_objects.refund(refund)
    if payout := account.payouts.get(identifier):
        return balance_objects.payout(payout)
    if identifier.startswith("txn_"):
        return balance_objects.balance_transaction(find_transaction(account, identifier))
    raise StripeError(f"This property cannot be expanded ({path}).", param="expand")


def _line_items(account: StripeAccount, identifier: str) -> Wire:
    session = account.find(account.sessions, identifier, "checkout.session")
    items = [objects.line_item(item, session) for item in session.line_items]
    return _list(f"/v1/checkout/sessions/{identifier}/line_items", items)


def _refunds(account: StripeAccount, charge: str) -> Wire:
    made = [refund for refund in account.refunds.newest_first() if refund.charge == charge]
    items = [payment_objects.refund(refund) for refund in made]
    return _list(f"/v1/charges/{charge}/refunds", items)


def _list(url: str, items: list[Wire]) -> Wire:
    return {"object": "list", "data": items, "has_more": False, "url": url}

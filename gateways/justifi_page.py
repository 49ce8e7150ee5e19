"""The address of the seller's page in which JustiFi's checkout form stands."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

PLACE = "{checkout_id}"


def page_url(page: str, checkout_id: str, return_url: str | None) -> str:
    """``return_url`` goes along: the page sends the customer back there."""
    parts = urlsplit(page.replace(PLACE, checkout_id))
    if return_url is None:
        return urlunsplit(parts)
    query = [*parse_qsl(parts.query, keep_blank_values=True), ("return_url", return_url)]
    return urlunsplit(parts._replace(query=urlencode(query)))


def origin_of(page: str) -> str:
    parts = urlsplit(page)
    return f"{parts.scheme}://{parts.netloc}"

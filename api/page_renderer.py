"""Renders the customers' pages: escaped, self-contained, and closed to whatever is not theirs."""

import secrets
from functools import cache
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from api.site import Site

TEMPLATES = Path(__file__).parent.parent / "templates" / "pages"


def page(request: Request, template: str, status: int = 200, **values: object) -> HTMLResponse:
    nonce = secrets.token_urlsafe(16)
    site: Site = request.app.state.site
    html = _templates().get_template(template).render(site=site, nonce=nonce, **values)
    return HTMLResponse(html, status, _headers(nonce))


def _headers(nonce: str) -> dict[str, str]:
    """A token in the address must not leave with a Referer, nor stay in a cache."""
    return {
        "Content-Security-Policy": "; ".join(
            (
                "default-src 'none'",
                f"style-src 'nonce-{nonce}'",
                f"script-src 'nonce-{nonce}'",
                "img-src data:",
                "connect-src 'self'",
                "base-uri 'none'",
                "form-action 'none'",
                "frame-ancestors 'none'",
            )
        ),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

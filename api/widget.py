"""The payment widget on its own: the same page that MCP hosts show, for any site to embed."""

import base64
import hashlib
import re
from functools import cache

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.page_renderer import TEMPLATES

router = APIRouter(include_in_schema=False)

NONE = " 'none'"
_INLINE = re.compile(r"<(script|style)\b[^>]*>(.*?)</\1>", re.DOTALL)


@router.get("/widgets/payment")
async def payment_widget() -> HTMLResponse:
    """It reads its purchase's token from the address, and what it shows from the state of that."""
    html, policy = _widget()
    return HTMLResponse(
        html,
        headers={
            "Content-Security-Policy": policy,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-cache",
        },
    )


@cache
def _widget() -> tuple[str, str]:
    """The page and a policy that lets exactly its own scripts and styles run, wherever embedded."""
    html = (TEMPLATES / "payment_widget.html").read_text("utf-8")
    own = {"script": "", "style": ""}
    for kind, text in _INLINE.findall(html):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        own[kind] += f" 'sha256-{digest}'"
    directives = (
        "default-src 'none'",
        f"script-src{own['script'] or NONE}",
        f"style-src{own['style'] or NONE}",
        *("img-src data:", "connect-src 'self'", "base-uri 'none'", "form-action 'none'"),
        "frame-ancestors *",
    )
    return html, "; ".join(directives)

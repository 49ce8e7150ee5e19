"""Whoever opens a page with a browser gets a page, also where the answer is no."""

from collections.abc import Callable, Coroutine

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from api.page_renderer import page
from api.page_words import ending_of
from api.problems import status_of
from domain.errors import Code, NotFound, PaybindError, Unavailable


class PageRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[None, None, Response]]:
        answering = super().get_route_handler()

        async def answer_with_a_page(request: Request) -> Response:
            try:
                return await answering(request)
            except RequestValidationError:
                return ended_page(request, NotFound(Code.PURCHASE_NOT_FOUND, "no token"))
            except PaybindError as error:
                return ended_page(request, error)

        return answer_with_a_page


def ended_page(request: Request, error: PaybindError) -> Response:
    wait = error.retry_after if isinstance(error, Unavailable) else None
    shown = page(
        request, "ended.html", status_of(error), ending=ending_of(error.code), look_again=wait
    )
    if wait is not None:
        shown.headers["Retry-After"] = str(wait)
    return shown

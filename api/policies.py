"""Issued policies, their PDF by a link that expires, and the public proof that one is valid."""

from fastapi import APIRouter, Request, Response

from api.deps import KEY_REQUIRED, AnyListing, CallerDep, ServicesDep
from api.idempotent_route import IdempotentRoute
from api.page_renderer import page
from api.page_route import ended_page
from api.page_words import proof_of
from api.policy_answers import DocumentLink, PolicyAnswer, policy_answer
from api.problems import Problem, answer_to
from domain.errors import Code, Conflict, PaybindError
from domain.views import Page
from services.policies import VerifiedPolicy

router = APIRouter(
    prefix="/policies", tags=["policies"], route_class=IdempotentRoute, dependencies=KEY_REQUIRED
)
public_router = APIRouter(tags=["public"])

PDF = "application/pdf"


@router.get("", operation_id="listPolicies")
async def list_policies(
    listing: AnyListing, caller: CallerDep, services: ServicesDep
) -> Page[PolicyAnswer]:
    """Policies, newest first."""
    found = await services.policies.page(caller, listing.cursor, listing.limit)
    answers = tuple(policy_answer(policy, services) for policy in found.items)
    return Page(items=answers, next_cursor=found.next_cursor)


@router.get("/{id_or_number}", operation_id="getPolicy")
async def get_policy(id_or_number: str, caller: CallerDep, services: ServicesDep) -> PolicyAnswer:
    """By its id or its number."""
    return policy_answer(await services.policies.get(caller, id_or_number), services)


@router.get("/{id_or_number}/document", operation_id="getPolicyDocument")
async def get_document_link(
    id_or_number: str, caller: CallerDep, services: ServicesDep
) -> DocumentLink:
    """A fresh link to the PDF, which works for an hour and needs no key: it may be handed on."""
    policy = await services.policies.get(caller, id_or_number)
    url = services.policies.document_url(policy)
    if policy.document is None or url is None:
        raise Conflict(Code.POLICY_PENDING, f"{policy.number} is not printed yet")
    return DocumentLink(
        status=policy.status,
        cancelled_at=policy.cancelled_at,
        document_url=url,
        sha256=policy.document.sha256,
        size=policy.document.size,
    )


@public_router.get(
    "/documents/{token}",
    operation_id="downloadDocument",
    response_class=Response,
    responses={
        200: {"content": {PDF: {}}, "description": "The policy."},
        410: {"model": Problem, "description": "The link has expired."},
    },
)
async def download_document(request: Request, token: str, services: ServicesDep) -> Response:
    """The PDF behind a signed link. Browsers get a page where it has expired."""
    try:
        policy, content = await services.policies.document(token)
    except PaybindError as error:
        return ended_page(request, error) if _is_browser(request) else answer_to(error)
    headers = {
        "Content-Disposition": f'inline; filename="{policy.number}.pdf"',
        "Cache-Control": "private, no-store",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    return Response(content, media_type=PDF, headers=headers)


@public_router.get(
    "/policies/{number}/verify",
    operation_id="verifyPolicy",
    response_model=VerifiedPolicy,
    responses={200: {"content": {"text/html": {}}, "description": "A page, or JSON by Accept."}},
)
async def verify_policy(request: Request, number: str, services: ServicesDep) -> Response:
    """Whether a policy is valid, for anyone who has its number. Nothing personal."""
    wants_page = _is_browser(request)
    try:
        policy = await services.policies.verify(number)
    except PaybindError as error:
        return ended_page(request, error) if wants_page else answer_to(error)
    if wants_page:
        proof = proof_of(policy, request.app.state.site.name)
        return page(request, "verify.html", policy=policy, proof=proof)
    return Response(
        policy.model_dump_json(),
        media_type="application/json",
        headers={"Vary": "Accept"},
    )


def _is_browser(request: Request) -> bool:
    """What asks for HTML by name; a program that takes anything gets JSON."""
    return "text/html" in request.headers.get("accept", "")

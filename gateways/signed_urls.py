"""Addresses that customers get: whoever holds one may see that one thing, and only as signed."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from itsdangerous import BadSignature, SignatureExpired, URLSafeSerializer, URLSafeTimedSerializer

from domain.errors import Code, Gone, NotFound
from domain.links import PaymentLink
from domain.policies import Policy


class SignedUrls:
    """``secrets``: the last signs, all verify. ``document_seconds`` is a download link's life."""

    def __init__(
        self,
        base_url: str,
        secrets: tuple[str, ...],
        document_seconds: int,
        success_url: str | None = None,
        cancel_url: str | None = None,
    ) -> None:
        self._base = base_url
        self._success = success_url
        self._cancel = cancel_url
        self._document_seconds = document_seconds
        self._pages = URLSafeSerializer(list(secrets), salt="purchase-page")
        self._documents = URLSafeTimedSerializer(list(secrets), salt="policy-document")

    def success_url(self, purchase_id: str) -> str:
        return self._returning(self._success or f"{self._base}/success", purchase_id)

    def cancel_url(self, purchase_id: str) -> str:
        return self._returning(self._cancel or f"{self._base}/cancel", purchase_id)

    def retry_url(self, purchase_id: str) -> str:
        """Our own page, whatever page the checkout leads back to: it shows where to pay now."""
        return self._returning(f"{self._base}/cancel", purchase_id)

    def widget_url(self, base: str | None, purchase_id: str) -> str:
        folder = base.rstrip("/") if base else f"{self._base}/widgets"
        return self._returning(f"{folder}/payment", purchase_id)

    def pay_url(self, link: PaymentLink) -> str:
        return f"{self._base}/pay/{link.token}"

    def document_url(self, policy: Policy) -> str:
        return f"{self._base}/documents/{self._documents.dumps(policy.number)}"

    def verify_url(self, number: str) -> str:
        return f"{self._base}/policies/{number}/verify"

    def read_purchase(self, token: str) -> str:
        """The purchase id that a page's token shows. Raises ``NotFound`` for a forged one."""
        try:
            return str(self._pages.loads(token))
        except BadSignature:
            raise NotFound(Code.PURCHASE_NOT_FOUND, "this address shows no purchase") from None

    def read_document(self, token: str) -> str:
        """The policy number whose PDF a token opens."""
        try:
            return str(self._documents.loads(token, max_age=self._document_seconds))
        except SignatureExpired:
            raise Gone(Code.DOCUMENT_LINK_EXPIRED, "this download link has expired") from None
        except BadSignature:
            raise NotFound(Code.DOCUMENT_LINK_NOT_FOUND, "this address opens no document") from None

    def _returning(self, url: str, purchase_id: str) -> str:
        """The customer's way back, with a token that shows this purchase and nothing else."""
        parts = urlsplit(url)
        query = [*parse_qsl(parts.query), ("purchase", str(self._pages.dumps(purchase_id)))]
        return urlunsplit(parts._replace(query=urlencode(query)))

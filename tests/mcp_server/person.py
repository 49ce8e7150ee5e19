"""Who sits at the client, and answers what the server asks."""

from mcp.client.session import ClientRequestContext
from mcp.types import ElicitRequestFormParams, ElicitRequestParams, ElicitResult


class Person:
    """Somebody at the client, who remembers what was asked, and which pages were offered."""

    def __init__(self, action: str = "accept", **content: bool) -> None:
        self.asked: list[str] = []
        self.offered: list[str] = []
        self._reply = ElicitResult.model_validate({"action": action, "content": content or None})

    async def __call__(
        self,
        context: ClientRequestContext,  # noqa: ARG002 - as the protocol has it
        params: ElicitRequestParams,
    ) -> ElicitResult:
        if not isinstance(params, ElicitRequestFormParams):
            self.offered.append(params.url)
            return ElicitResult(action="decline")
        self.asked.append(params.message)
        return self._reply


def yes() -> Person:
    return Person(approve=True)

"""What an error tells besides its code: words for the customer, a next step for the asker."""

from domain.model import Model


class Advice(Model):
    """``can_retry``: the same request may succeed later.

    ``requires_user_action``: the customer has to do something first.
    """

    user_message: str
    suggested_action: str
    can_retry: bool = False
    requires_user_action: bool = False


def advised(
    user_message: str, suggested_action: str, *, retry: bool = False, user: bool = False
) -> Advice:
    return Advice(
        user_message=user_message,
        suggested_action=suggested_action,
        can_retry=retry,
        requires_user_action=user,
    )

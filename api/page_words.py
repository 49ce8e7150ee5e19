"""What the pages say: from the state of a purchase, or the code of a refusal, to plain words."""

from enum import StrEnum

from domain.errors import Code
from domain.model import Model
from domain.policies import PolicyStatus
from domain.purchases import PaymentStatus, RefundProgress
from services.pages import PurchasePage
from services.policies import VerifiedPolicy

SOON, LATER, RARELY = 2, 10, 30  # seconds between two looks


class Tone(StrEnum):
    GOOD = "good"
    WAIT = "wait"
    BAD = "bad"
    QUIET = "quiet"


class Screen(Model):
    """``look_again`` in seconds; None where nothing will change any more."""

    tone: Tone
    title: str
    lead: str
    look_again: int | None = None
    offers_checkout: str | None = None
    offers_policy: bool = False


MONEY_WENT_BACK = Screen(
    tone=Tone.QUIET,
    title="Your payment went back",
    lead="It arrived after this purchase had ended, so we refunded it. "
    "Most banks show it within ten days.",
)
MONEY_GOES_BACK = Screen(
    tone=Tone.WAIT,
    title="Your payment is going back",
    lead="It arrived after this purchase had ended, so we are refunding it. "
    "We tell you by e-mail as soon as that is done.",
    look_again=RARELY,
)
REFUNDED = Screen(
    tone=Tone.QUIET,
    title="This purchase was refunded",
    lead="The whole amount went back the way it came. Most banks show it within ten days.",
)
WRITING_POLICY = Screen(
    tone=Tone.WAIT,
    title="Payment received",
    lead="We are writing your policy. This takes a few seconds.",
    look_again=SOON,
)
POLICY_DELAYED = Screen(
    tone=Tone.WAIT,
    title="Payment received",
    lead="Your policy needs a look by one of us before it is issued. "
    "There is nothing you need to do: we will send it to you by e-mail.",
    look_again=RARELY,
)
POLICY_ISSUED = Screen(
    tone=Tone.GOOD,
    title="Your policy is ready",
    lead="Thank you. It is on its way to you by e-mail as well.",
    look_again=LATER,
    offers_policy=True,
)
POLICY_DELIVERED = Screen(
    tone=Tone.GOOD,
    title="Your policy is ready",
    lead="Thank you. We have sent it to you by e-mail as well.",
    offers_policy=True,
)
BANK_IS_SLOW = Screen(
    tone=Tone.WAIT,
    title="We are waiting for your bank",
    lead="Your way of paying takes a little longer, sometimes a few days. You may close "
    "this page: your policy comes by e-mail as soon as the payment has arrived.",
    look_again=RARELY,
)
BANK_IS_ASKED = Screen(
    tone=Tone.WAIT,
    title="We are waiting for your bank",
    lead="It usually answers within seconds. This page updates by itself.",
    look_again=SOON,
    offers_checkout="Back to the checkout",
)
NOT_PAID_YET = Screen(
    tone=Tone.QUIET,
    title="You have not paid yet",
    lead="Nothing was charged. You can go back to the checkout as long as it is open.",
    look_again=LATER,
    offers_checkout="Back to the checkout",
)
DECLINED = Screen(
    tone=Tone.BAD,
    title="The payment did not go through",
    lead="Nothing was charged. You can try again, or use another card.",
    look_again=LATER,
    offers_checkout="Try again",
)
FAILED = Screen(
    tone=Tone.BAD,
    title="The payment did not go through",
    lead="Nothing was charged. Ask whoever sent you here for a new payment link.",
)
EXPIRED = Screen(
    tone=Tone.QUIET,
    title="This checkout has expired",
    lead="Nothing was charged. Ask whoever sent you here for a new payment link.",
)
CANCELLED = Screen(
    tone=Tone.QUIET,
    title="This purchase was cancelled",
    lead="Nothing was charged. If you still want the cover, ask for a new payment link.",
)


def screen_of(purchase: PurchasePage, gave_up: bool) -> Screen:
    """``gave_up``: the customer came back from the checkout without paying."""
    if purchase.payment_status is PaymentStatus.COMPLETED:
        return _of_paid(purchase)
    if purchase.refund_status is not RefundProgress.NONE:
        return MONEY_WENT_BACK
    if purchase.paid_at is not None:  # a refund still under way, or one that did not arrive
        return MONEY_GOES_BACK
    if purchase.payment_status is PaymentStatus.PENDING:
        if purchase.processing:
            return BANK_IS_SLOW
        if not gave_up:
            return BANK_IS_ASKED
        return DECLINED if purchase.can_retry else NOT_PAID_YET
    if purchase.payment_status is PaymentStatus.EXPIRED:
        return EXPIRED
    if purchase.payment_status is PaymentStatus.CANCELLED:
        return CANCELLED
    if purchase.can_retry:  # a checkout sends on only who has paid: a decline is of the card before
        return DECLINED if gave_up else BANK_IS_ASKED
    return FAILED


def _of_paid(purchase: PurchasePage) -> Screen:
    if purchase.refund_status is RefundProgress.FULL:
        return REFUNDED
    if purchase.policy_number is None:
        return POLICY_DELAYED if purchase.is_delayed else WRITING_POLICY
    if purchase.policy_status is PolicyStatus.DELIVERED:
        return POLICY_DELIVERED
    return POLICY_ISSUED


def proof_of(policy: VerifiedPolicy, issuer: str) -> Screen:
    """A test proves that everything works, and never that anyone is insured."""
    if not policy.livemode:
        cancelled = "This test document was cancelled"
        return Screen(
            tone=Tone.QUIET,
            title="This is a test document" if policy.is_valid else cancelled,
            lead=f"{issuer} issued it to try things out. Nobody paid real money for it, and it "
            "gives no cover.",
        )
    if not policy.is_valid:
        return Screen(
            tone=Tone.BAD,
            title="This policy was cancelled",
            lead=f"It was issued by {issuer}, and it no longer gives cover.",
        )
    return Screen(
        tone=Tone.GOOD,
        title="This policy is valid",
        lead=f"It was issued by {issuer} and has not been cancelled. Its period of cover stands "
        "in the document.",
    )


class Ending(Model):
    """A page that could not be shown: why, and what to do."""

    title: str
    lead: str
    tone: Tone = Tone.QUIET


_ASK = "Ask whoever sent you the link for a new one."
_OTHER_WAYS = (
    "Your policy is attached to the e-mail we sent you, and the page you paid from gives you a "
    "fresh link."
)
_ENDINGS = {
    Code.LINK_EXPIRED: Ending(
        title="This payment link has expired",
        lead=f"Payment links work for seven days. {_ASK}",
    ),
    Code.LINK_REVOKED: Ending(
        title="This payment link was withdrawn",
        lead=f"It can no longer be paid. {_ASK}",
    ),
    Code.LINK_PAID: Ending(
        title="This has been paid already",
        lead="There is nothing left to pay. Your policy was sent to you by e-mail.",
        tone=Tone.GOOD,
    ),
    Code.QUOTE_ALREADY_PAID: Ending(
        title="This has been paid already",
        lead="There is nothing left to pay. Your policy was sent to you by e-mail.",
        tone=Tone.GOOD,
    ),
    Code.POLICY_CANCELLED: Ending(
        title=REFUNDED.title,
        lead=f"{REFUNDED.lead} The policy is cancelled: for cover, ask for a new payment link.",
    ),
    Code.PAYMENT_PROCESSING: Ending(
        title=BANK_IS_SLOW.title,
        lead="You have paid already, and your bank takes a little longer. There is nothing left to "
        "do: your policy comes by e-mail as soon as the payment has arrived.",
        tone=Tone.WAIT,
    ),
    Code.QUOTE_EXPIRED: Ending(
        title="This quote is no longer valid",
        lead="Prices hold for a limited time, and this one has passed. Nothing was charged. "
        "Ask for a new quote.",
    ),
    Code.COVER_ENDED: Ending(
        title="This cover is over",
        lead="The days that this quote would insure have passed. Nothing was charged. "
        "Ask for a new quote.",
    ),
    Code.LINK_NOT_FOUND: Ending(
        title="We do not know this payment link",
        lead="Check that the whole address was copied. If it was, ask for a new link.",
    ),
    Code.DOCUMENT_LINK_EXPIRED: Ending(
        title="This download link has expired",
        lead=f"Download links work for a short time. {_OTHER_WAYS}",
    ),
    Code.DOCUMENT_LINK_NOT_FOUND: Ending(
        title="This download link does not work",
        lead="It seems to be cut off or altered: check that the whole address was copied. "
        f"{_OTHER_WAYS}",
    ),
    Code.POLICY_NOT_FOUND: Ending(
        title="We know no such policy",
        lead="No policy that we issued has this number. Check it against the document, "
        "letter by letter.",
        tone=Tone.BAD,
    ),
    Code.PURCHASE_NOT_FOUND: Ending(
        title="There is no purchase to show here",
        lead="Check that the whole address was copied, or open it again from your e-mail.",
    ),
    Code.PROVIDER_REFUSED: Ending(
        title="The checkout could not be opened",
        lead="Nothing was charged. Please try again in a moment; if it stays so, write to us.",
        tone=Tone.BAD,
    ),
    Code.PURCHASE_CLOSED: Ending(
        title="This was called off a moment ago",
        lead="Nothing was charged. To pay after all, open the link from your e-mail again.",
    ),
    Code.PURCHASE_WAITING: Ending(
        title="Payments are paused at the moment",
        lead="Nothing was charged and nothing is lost: this page tries again by itself.",
        tone=Tone.WAIT,
    ),
    Code.UNAVAILABLE: Ending(
        title="One moment, please",
        lead="We cannot answer right now. Nothing is lost: this page tries again by itself.",
        tone=Tone.WAIT,
    ),
}
_OTHERWISE = Ending(
    title="This page cannot be shown",
    lead="Nothing was charged. Open the link from your e-mail again, or write to us.",
)


def ending_of(code: Code) -> Ending:
    return _ENDINGS.get(code, _OTHERWISE)

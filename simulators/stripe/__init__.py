"""The part of Stripe's API that a hosted checkout needs, with its webhooks and its test cards."""

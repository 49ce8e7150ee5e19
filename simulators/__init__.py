"""Stand-ins for Stripe and SendGrid that speak their wire protocols in a process of their own."""

"""Bodies that the reference shows; each works as it stands."""

QUOTE: dict[str, object] = {
    "quote_id": "Q-2026-000184",
    "product_name": "Premium Travel Insurance, 7 days Asia",
    "insured_persons": [{"name": "Mei Tan", "date_of_birth": "1990-04-01"}],
    "cover": [
        {
            "name": "Medical expenses abroad",
            "limit": {"minor": 50_000_000, "currency": "SGD"},
            "note": "Including evacuation",
        },
        {"name": "Trip cancellation", "limit": {"minor": 1_000_000, "currency": "SGD"}},
    ],
    "period": {"starts_on": "2030-12-01", "ends_on": "2030-12-07"},
    "price": {"minor": 15_000, "currency": "SGD"},
    "tax": {"name": "GST 9 %", "amount": {"minor": 1_239, "currency": "SGD"}},
    "customer_email": "mei.tan@example.com",
    "customer_name": "Mei Tan",
    "valid_until": "2030-11-30T15:59:59Z",
}
PURCHASE: dict[str, object] = {
    "quote_id": "Q-2026-000184",
    "user_id": "user_mei",
    "amount": 15_000,
    "currency": "SGD",
    "customer_email": "mei.tan@example.com",
}
LINK: dict[str, object] = {
    "quote_id": "Q-2026-000184",
    "user_id": "user_mei",
    "customer_email": "mei.tan@example.com",
    "customer_name": "Mei Tan",
    "notes": "Wants to talk it over at home first",
}
REFUND: dict[str, object] = {"amount": 5_000, "reason": "requested_by_customer"}

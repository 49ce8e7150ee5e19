"""JustiFi's API, its hosted checkout, its payouts on a clock that can be turned, its webhooks."""

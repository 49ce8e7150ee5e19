"""What both doors can ask for; outside the roots, only these hold a Temporal client."""

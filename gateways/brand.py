"""Whose name stands on the policy and under the letters."""

from domain.model import Model


class Brand(Model):
    """``address`` is the postal one, line by line: mail laws want it under every letter."""

    name: str = "Paybind Insurance"
    email: str = "policies@paybind.example"
    address: tuple[str, ...] = ("1 Example Quay", "Singapore 049315")
    telephone: str | None = None
    signatory: str = "Chief Underwriting Officer"

"""Whose pages these are."""

from domain.model import Model


class Site(Model):
    name: str
    email: str

"""Ports, and the adapters behind them: whatever talks to the world outside the database."""

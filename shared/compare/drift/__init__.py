"""Drift as decisions: which differences count, what becomes of each over time, what an alert says. Pure."""

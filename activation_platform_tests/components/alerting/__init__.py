"""Alerts, from what Dagster knows to what people read."""

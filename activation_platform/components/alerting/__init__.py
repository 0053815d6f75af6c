"""Alerts: what is told to people when an activation breaks and when it recovers, by which channel, and what was told already."""

"""Iterable's stand-in: the users, static lists and events of one project."""

from activation_platform.sandbox.iterable.platform import API_KEY, Iterable

__all__ = ["API_KEY", "Iterable"]

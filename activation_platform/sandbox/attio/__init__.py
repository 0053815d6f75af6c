"""The stand-in for Attio: objects, their attributes and records."""

from activation_platform.sandbox.attio.platform import SCOPES, TOKEN, Attio

__all__ = ["SCOPES", "TOKEN", "Attio"]

"""The stand-in for Intercom: contacts, companies, tags and data attributes."""

from activation_platform.sandbox.intercom.platform import TOKEN, Intercom

__all__ = ["TOKEN", "Intercom"]

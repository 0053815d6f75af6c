"""The stand-in for Klaviyo: profiles, import jobs, lists, consent, events and deletions of an account."""

from activation_platform.sandbox.klaviyo.platform import ACCOUNT, PRIVATE_KEY, Klaviyo

__all__ = ["ACCOUNT", "PRIVATE_KEY", "Klaviyo"]

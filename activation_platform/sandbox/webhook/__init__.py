"""The stand-in for a receiver of webhooks."""

from activation_platform.sandbox.webhook.platform import SIGNING_KEY, Webhook

__all__ = ["SIGNING_KEY", "Webhook"]

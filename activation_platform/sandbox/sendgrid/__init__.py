"""The stand-in for SendGrid: the contacts, lists and custom fields of an account, and the jobs that change them."""

from activation_platform.sandbox.sendgrid.platform import API_KEY, SendGrid

__all__ = ["API_KEY", "SendGrid"]

"""Tests of Klaviyo: conversations, and the same against the sandbox."""

"""Klaviyo (https://www.klaviyo.com): marketing by e-mail and text message, of which profiles, lists and consent are kept."""

"""Iterable (https://iterable.com): cross-channel marketing, of which users, static lists and events are kept in step."""

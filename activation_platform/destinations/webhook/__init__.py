"""Webhook: any HTTP receiver, told of records and events in requests of your own design."""

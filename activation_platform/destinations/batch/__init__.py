"""Batch (https://batch.com): customer engagement, of which profiles are kept in step."""

"""Segments: conditions over a model's fields, compiled to SQL and evaluated over its snapshot."""

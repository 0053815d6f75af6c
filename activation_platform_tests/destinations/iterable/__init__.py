"""Tests of what is said to Iterable."""

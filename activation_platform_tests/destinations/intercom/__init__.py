"""Tests of what is said to Intercom."""

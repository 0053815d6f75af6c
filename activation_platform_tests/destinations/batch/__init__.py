"""Tests of the services of Batch."""

"""Tests of the services of Attio."""

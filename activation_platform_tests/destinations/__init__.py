"""Tests of the catalogue: services are heard as conversations, and once more against the sandbox."""

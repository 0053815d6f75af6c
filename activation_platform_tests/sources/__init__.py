"""Tests of the sources, against real DuckDB files and a real PostgreSQL."""

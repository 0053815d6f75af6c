"""Tests of the words of the workspace, through real Dagster."""

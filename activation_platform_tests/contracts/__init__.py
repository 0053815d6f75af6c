"""Tests of the vocabulary that all floors share."""

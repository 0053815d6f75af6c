"""Tests of Firestore."""

"""The stand-in for Firestore: documents, and Google's endpoint for tokens."""

from activation_platform.sandbox.firestore.identity import service_account_key
from activation_platform.sandbox.firestore.platform import DATABASE, PROJECT, Firestore

__all__ = ["DATABASE", "PROJECT", "Firestore", "service_account_key"]

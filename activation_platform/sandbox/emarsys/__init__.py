"""The stand-in for SAP Emarsys: the contacts, fields and contact lists of an account, and the tables of its relational data."""

from activation_platform.sandbox.emarsys.credentials import CLIENT_ID, CLIENT_SECRET, SECRET, USERNAME
from activation_platform.sandbox.emarsys.platform import Emarsys

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "SECRET", "USERNAME", "Emarsys"]

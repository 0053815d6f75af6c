"""Firestore (https://cloud.google.com/firestore): Google's database of documents, of which some are kept and some marked."""

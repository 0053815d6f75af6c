"""The audience endpoints of Batch: so far the list, which is empty and serves to check credentials.

Vendor: https://doc.batch.com/developer/api/cep/audiences/list.
"""

from __future__ import annotations

from activation_platform.sandbox.exchange import Answer, Call


def audiences(_call: Call) -> Answer:
    """List the audiences of the project."""
    return Answer(200, {"audiences": [], "count": 0, "has_more": False, "next_from": None})

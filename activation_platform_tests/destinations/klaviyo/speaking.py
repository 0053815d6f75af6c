"""What the tests of Klaviyo share: answers in the vendor's shape."""

import httpx

LISTS = "GET /api/lists?filter=equals%28name%2C%22Best%22%29&sort=created"


def fault(pointer):
    return {"code": "invalid", "title": "Invalid input.", "detail": "No.", "source": {"pointer": pointer}}


def refused(*pointers, status=400):
    return httpx.Response(status, json={"errors": [fault(pointer) for pointer in pointers]})


def job(status="queued", failed=0, code=200):
    attributes = {
        "status": status,
        "created_at": "2026-01-01T00:00:00Z",
        "total_count": 3,
        "failed_count": failed,
    }
    data = {"type": "profile-bulk-import-job", "id": "J1", "attributes": attributes}
    return httpx.Response(code, json={"data": data})


def listed(kind, *ids, **attributes):
    """Resources of an answer: by each ID one, or by each attribute's values."""
    values = list(zip(*attributes.values(), strict=True)) or [()] * len(ids)
    return httpx.Response(
        200,
        json={
            "data": [
                {"type": kind, "id": id_, "attributes": dict(zip(attributes, row, strict=True))}
                for id_, row in zip(ids, values, strict=True)
            ]
        },
    )


def taken():
    return httpx.Response(202)

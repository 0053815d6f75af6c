"""Companies: created or updated by their owner's ID, read, changed by Intercom's, and deleted.

Source: the vendor's description, https://github.com/intercom/Intercom-OpenAPI.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activation_platform.sandbox.exchange import Answer, Call
from activation_platform.sandbox.intercom.errors import refused
from activation_platform.sandbox.intercom.values import (
    Kind,
    body,
    custom,
    is_text,
    is_whole,
    standard,
    write,
)
from activation_platform.sandbox.intercom.workspace import ID_CODE, Company, Workspace

CHANGING: Mapping[str, Kind] = {
    "name": is_text,
    "plan": is_text,
    "size": is_whole,
    "website": is_text,
    "industry": is_text,
    "monthly_spend": is_whole,
}
ONCE: Mapping[str, Kind] = {"company_id": is_text, "remote_created_at": is_whole}
PAGE = 15


def create_or_update(call: Call, workspace: Workspace) -> Answer:
    """Make the company of an ID, or change it."""
    given = body(call)
    values = standard(given, {**CHANGING, **ONCE}, frozenset({*CHANGING, *ONCE}))
    extra = custom(given, "company", workspace)
    company_id = values.pop("company_id", "")
    if not company_id:
        raise refused("company_id is required")
    company = workspace.company_of(company_id)
    if company is None:
        company = Company(workspace.new_id(), company_id, call.wall, call.wall)
        workspace.companies[company.id] = company
    return _written(company, values, extra, call, workspace)


def update(call: Call, workspace: Workspace) -> Answer:
    """Change a company, whose own ID stays."""
    company = workspace.company(call.parameters["company_id"])
    given = body(call)
    values = standard(given, CHANGING, frozenset(CHANGING))
    return _written(company, values, custom(given, "company", workspace), call, workspace)


def find(call: Call, workspace: Workspace) -> Answer:
    """Show the company of an ID or a name (404 where there is none); without either, a page of all."""
    found = list(workspace.companies.values())
    if "company_id" in call.query:
        found = [one for one in found if one.company_id == call.query["company_id"]]
    if "name" in call.query:
        found = [one for one in found if one.values.get("name") == call.query["name"]]
    if not found and call.query.keys() & {"company_id", "name"}:
        raise refused("Company Not Found", 404, "company_not_found")
    pages = {"type": "pages", "page": 1, "per_page": PAGE, "total_pages": -(-len(found) // PAGE)}
    data = [_shown(one) for one in found[:PAGE]]
    return Answer(200, {"type": "list", "data": data, "pages": pages, "total_count": len(found)})


def read(call: Call, workspace: Workspace) -> Answer:
    """Show a company by Intercom's ID."""
    return Answer(200, _shown(workspace.company(call.parameters["company_id"])))


def delete(call: Call, workspace: Workspace) -> Answer:
    """Take a company away: Intercom archives it, and shows it no more."""
    for reason in call.poisoned.values():
        raise refused(reason)
    company = workspace.company(call.parameters["company_id"])
    del workspace.companies[company.id]
    return Answer(200, {"id": company.id, "object": "company", "deleted": True})


def _written(
    company: Company, values: dict[str, Any], extra: dict[str, Any], call: Call, workspace: Workspace
) -> Answer:
    write(company.values, values)
    write(company.custom, extra)
    company.updated = call.wall
    workspace.received[company.company_id] += 1
    return Answer(200, _shown(company))


def _shown(company: Company) -> dict[str, Any]:
    values = {name: value for name, value in company.values.items() if name != "plan"}
    plan = {"type": "plan", "id": "1", "name": company.values["plan"]} if "plan" in company.values else {}
    return {
        "type": "company",
        "id": company.id,
        "company_id": company.company_id,
        "app_id": ID_CODE,
        "created_at": int(company.created),
        "updated_at": int(company.updated),
        "monthly_spend": 0,
        "session_count": 0,
        "user_count": 0,
        **values,
        "plan": plan,
        "custom_attributes": dict(company.custom),
        "tags": {"type": "tag.list", "tags": []},
        "segments": {"type": "segment.list", "segments": []},
    }

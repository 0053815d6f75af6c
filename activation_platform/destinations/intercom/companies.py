"""The companies of an Intercom workspace."""

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, ClassVar

import httpx

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind, Operation
from activation_platform.contracts.outcomes import ACCEPTED, DELETED, UNKNOWN_THERE, UPDATED
from activation_platform.contracts.service import Conversation, Inquiry, Service, UnreadableAnswer, body_of
from activation_platform.contracts.values import Instant, Integer
from activation_platform.destinations.intercom.answers import is_missing, listed, outcome_of
from activation_platform.destinations.intercom.attributes import CUSTOM, LINE, attributes_of, written
from activation_platform.destinations.intercom.people import OWN_ID

if TYPE_CHECKING:
    from activation_platform.destinations.intercom.destination import Intercom

__all__ = ["Companies"]

_KEY = "company_id"
_CREATION = "remote_created_at"
_SPEND = Integer(min=0, max=2**31 - 1)


class Companies(Service):
    """Create and update the companies of an Intercom workspace; under mirror, archive those that left.

    A company is known by your own ID, which never changes; one whose ID changed is another company. Custom attributes must be
    there: make them in Intercom first. Intercom shows only companies to which a contact belongs. What mirror deletes is
    archived at Intercom, and its contacts stay. Insert only is not offered: to create is to overwrite at Intercom.

    Unconfirmed: that an empty text clears a standard field, and null a custom attribute; whether a company is shown in a list,
    as it is described, or alone, as it was; that one without contacts is found by its ID; that one which was archived is made
    anew under the same ID.
    """

    docs: ClassVar[str] = "https://developers.intercom.com/docs/references/rest-api/api.intercom.io/companies"
    object: ClassVar[ObjectKind] = ObjectKind.RECORD
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.UPSERT, Mode.UPDATE_ONLY, Mode.MIRROR})
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS, ModelKind.CUSTOM})
    batch_size: ClassVar[int] = 1  # the API has no bulk endpoint
    fields: ClassVar[tuple[Field, ...]] = (
        Field(_KEY, OWN_ID, key=True, required=True, docs="Your own ID of the company."),
        Field("name", LINE, docs="The company's name."),
        Field("plan", LINE, docs="The plan that it is on."),
        Field("size", Integer(min=0), clearable=False, docs="How many people work there."),
        Field("website", LINE, docs="The address of its website."),
        Field("industry", LINE, docs="What it does."),
        Field("monthly_spend", _SPEND, clearable=False, docs="What it brings in a month, without decimals."),
        Field(_CREATION, Instant(), clearable=False, docs="When you created it; not under update only."),
    )
    custom_fields: ClassVar[CustomFields | None] = CUSTOM

    destination: "Intercom"

    def account_fields(self) -> Inquiry:
        """The fields, with the custom attributes of companies in the workspace."""
        return (yield from attributes_of(self.destination, "company", self.fields))

    def deliver(self, batch: Batch) -> Conversation:
        """Write or delete the one company of the batch, as operation and mode say."""
        workspace, (record,) = self.destination, batch.records
        body = written(record, self.fields, cleared="")
        deletes = batch.operation is Operation.DELETE
        if not deletes and batch.mode is not Mode.UPDATE_ONLY:
            response = yield workspace.call("POST", "/companies", json=body)
            return [outcome_of(response, workspace, ACCEPTED)]
        unknown, success = (DELETED, DELETED) if deletes else (UNKNOWN_THERE, UPDATED)
        there = yield from self._found(record.identifier or "")
        if not there:
            return [unknown]
        change = {name: value for name, value in body.items() if name not in (_KEY, _CREATION)}
        method, content = ("DELETE", None) if deletes else ("PUT", change)
        response = yield workspace.call(method, f"/companies/{there}", json=content)
        return [unknown if is_missing(response) else outcome_of(response, workspace, success)]

    def _found(self, company_id: str) -> Generator[httpx.Request, Any, str]:
        """The ID that Intercom gave to the company of this ID of yours; empty where there is none."""
        response = yield self.destination.call("GET", "/companies", params={_KEY: company_id})
        if is_missing(response):
            return ""
        body = body_of(response, self.destination)
        shown = listed(body) if body.get("type") == "list" else [body]
        found = [one for one in shown if one.get(_KEY) == company_id]
        if found and not found[0].get("id"):
            raise UnreadableAnswer("a company without its ID")
        return str(found[0]["id"]) if found else ""

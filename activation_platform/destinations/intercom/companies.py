"""The companies of an Intercom workspace."""

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, ClassVar

import httpx

from activation_platform.contracts.batch import Batch, Record
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind, Operation
from activation_platform.contracts.outcomes import ACCEPTED, DELETED, UPDATED, Outcome, ignored, rejected
from activation_platform.contracts.service import (
    Conversation,
    Inquiry,
    Service,
    UnreadableAnswer,
    body_of,
    said,
)
from activation_platform.contracts.values import Instant, Integer
from activation_platform.destinations.intercom.answers import is_missing, listed
from activation_platform.destinations.intercom.attributes import CUSTOM, LINE, attributes_of, written
from activation_platform.destinations.intercom.people import OWN_ID

if TYPE_CHECKING:
    from activation_platform.destinations.intercom.destination import Intercom

__all__ = ["Companies"]

_KEY = "company_id"
_CREATION = "remote_created_at"


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
        Field(
            "monthly_spend",
            Integer(min=0, max=2**31 - 1),
            clearable=False,
            docs="What it brings in a month, without decimals.",
        ),
        Field(
            _CREATION,
            Instant(),
            clearable=False,
            docs="When you created it, to the second; not written under update only.",
        ),
    )
    custom_fields: ClassVar[CustomFields | None] = CUSTOM

    destination: "Intercom"

    def account_fields(self) -> Inquiry:
        """The fields, with the custom attributes of companies in the workspace."""
        custom = yield from attributes_of(self.destination, "company")
        return (
            *self.fields,
            *(one for one in custom if one.name not in {field.name for field in self.fields}),
        )

    def deliver(self, batch: Batch) -> Conversation:
        """Write or delete the one company of the batch, as operation and mode say."""
        (record,) = batch.records
        if batch.operation is Operation.DELETE or batch.mode is Mode.UPDATE_ONLY:
            company = yield from self._found(record.identifier or "")
            if batch.operation is Operation.DELETE:
                return [(yield from self._delete(company)) if company else DELETED]
            return [
                (yield from self._update(company, record))
                if company
                else ignored("unknown at the destination")
            ]
        response = yield self.destination.call("POST", "/companies", json=self._body(record))
        return [self._outcome(response, ACCEPTED)]

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

    def _update(self, company: str, record: Record) -> Generator[httpx.Request, Any, Outcome]:
        body = {name: value for name, value in self._body(record).items() if name not in (_KEY, _CREATION)}
        response = yield self.destination.call("PUT", f"/companies/{company}", json=body)
        return (
            ignored("unknown at the destination")
            if is_missing(response)
            else self._outcome(response, UPDATED)
        )

    def _delete(self, company: str) -> Generator[httpx.Request, Any, Outcome]:
        response = yield self.destination.call("DELETE", f"/companies/{company}")
        return DELETED if is_missing(response) else self._outcome(response, DELETED)

    def _body(self, record: Record) -> dict[str, Any]:
        """The values: an empty text takes a text away, a number stays where it is null."""
        kept = {field.name for field in self.fields if not field.clearable}
        texts = {field.name for field in self.fields if field.clearable}
        values = {
            name: "" if value is None and name in texts else value
            for name, value in record.values.items()
            if not (value is None and name in kept)
        }
        return written(values, kept | texts)

    def _outcome(self, response: httpx.Response, success: Outcome) -> Outcome:
        if not response.is_success:
            return rejected(self.destination.refusal(response))
        said(response)
        return success

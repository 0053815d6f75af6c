"""The people of an Attio workspace: created and updated one by one, recognised by an attribute of your choice."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import httpx

from activation_platform.contracts.batch import Batch, Record
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind, Operation
from activation_platform.contracts.outcomes import ACCEPTED, CREATED, UPDATED, Outcome, ignored, rejected
from activation_platform.contracts.service import (
    Conversation,
    Inquiry,
    Service,
    UnreadableAnswer,
    refuse,
    said,
)
from activation_platform.contracts.values import Email, Phone, Text, TextList
from activation_platform.destinations.attio.attributes import (
    FIRST_NAME,
    LAST_NAME,
    NAME,
    check_matching,
    fields_of,
    plain,
    values_to_write,
)

if TYPE_CHECKING:
    from activation_platform.destinations.attio.destination import Attio

__all__ = ["People", "PeopleOptions"]

_RECORDS = "/v2/objects/people/records"
_PAGE = 500
_UNKNOWN = "unknown at the destination"

_Saying = Generator[httpx.Request, Any, Outcome]
_Asking = Generator[httpx.Request, Any, list[Any]]


@dataclass(frozen=True, slots=True)
class PeopleOptions:
    """`matching_attribute`: the slug of the unique attribute by which a person is recognised; not the record ID."""

    matching_attribute: str = "email_addresses"

    def __post_init__(self) -> None:
        if self.matching_attribute == "record_id":
            raise DeclarationError(
                "Attio does not match people by record_id",
                remedy="Choose a unique attribute that you can write, such as email_addresses.",
            )


class People(Service):
    """Create and update the people of an Attio workspace.

    A person is recognised by the *matching attribute*: the e-mail address, or any other unique attribute. Attributes
    must exist in Attio before they are mapped. Where one takes several values, those sent replace those there, except
    for the matching attribute, to which they are added. People who leave the model stay in Attio as they are.
    """

    docs: ClassVar[str] = "https://docs.attio.com/rest-api/endpoint-reference/records/assert-a-record"
    object: ClassVar[ObjectKind] = ObjectKind.RECORD
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.UPSERT, Mode.UPDATE_ONLY, Mode.INSERT_ONLY})
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS})
    batch_size: ClassVar[int] = 1  # the API has no bulk endpoint
    Options: ClassVar[type[Any]] = PeopleOptions
    # https://docs.attio.com/docs/standard-objects/standard-objects-people
    fields: ClassVar[tuple[Field, ...]] = (
        Field("email_addresses", Email(), key=True, docs="The person's e-mail address."),
        Field(
            NAME, Text(min=1, trim=True), docs='"Last name, First name"; without a comma all is first name.'
        ),
        Field(FIRST_NAME, Text(min=1, trim=True), docs="Sent together with the last name, as one name."),
        Field(LAST_NAME, Text(min=1, trim=True), docs="Sent together with the first name, as one name."),
        Field("phone_numbers", Phone(), docs="The person's phone number."),
        Field("job_title", Text(), docs="What the person does."),
        Field("description", Text(), docs="A few words about the person."),
        Field("linkedin", Text(), docs="Address of the LinkedIn profile."),
        Field("twitter", Text(), docs="Handle or address on X."),
        Field("facebook", Text(), docs="Address of the Facebook profile."),
        Field("instagram", Text(), docs="Handle or address on Instagram."),
    )
    custom_fields: ClassVar[CustomFields | None] = CustomFields(
        pattern="[a-z0-9_-]+",
        words="the slug of an attribute of People: lower-case letters, digits, underscores and hyphens",
        text=Text(),
        texts=TextList(),
    )

    destination: "Attio"
    options: PeopleOptions

    @property
    def identifying_field(self) -> str:
        """The matching attribute."""
        return self.options.matching_attribute

    def declared_fields(self) -> tuple[Field, ...]:
        """The standard fields, with the matching attribute as the key."""
        known = self.fields
        if self.identifying_field not in {field.name for field in known}:
            known = (Field(self.identifying_field, Text(min=1), docs="The matching attribute."), *known)
        return tuple(self._keyed(field) for field in known)

    def account_fields(self) -> Inquiry:
        """The attributes of People in this workspace that can be written, as fields; a conversation of pages.

        Raises `NotFound` where the matching attribute does not exist, `DeclarationError` where it cannot match.
        """
        attributes: dict[str, Mapping[str, Any]] = {}
        while True:  # until a page brings nothing new: the vendor's own limit on a page is not known
            page = yield from self._page(len(attributes))
            new = {str(one["api_slug"]): one for one in page if one["api_slug"] not in attributes}
            if not new:
                break
            attributes |= new
        check_matching(self.identifying_field, attributes)
        return tuple(self._keyed(field) for one in attributes.values() for field in fields_of(one))

    def deliver(self, batch: Batch) -> Conversation:
        """Assert, create or update the one person of the batch, as the mode says."""
        if batch.operation is Operation.DELETE:
            raise NotImplementedError("People offers no mode that deletes")
        say = {Mode.UPDATE_ONLY: self._update, Mode.INSERT_ONLY: self._create}.get(batch.mode, self._assert)
        (record,) = batch.records
        return [(yield from say(record))]

    def _assert(self, record: Record) -> _Saying:
        """Create or update. Attio's answer does not tell which of the two it was."""
        response = yield self._write(
            "PUT",
            _RECORDS,
            values_to_write(record.values),
            params={"matching_attribute": self.identifying_field},
        )
        return self._outcome(response, ACCEPTED)

    def _create(self, record: Record) -> _Saying:
        """Create; where a unique value is taken, find out whether by this person or by another one."""
        response = yield self._write("POST", _RECORDS, values_to_write(record.values))
        if _is_conflict(response):
            found = yield from self._find(self._value(record, record.identifier))
            if found:
                return ignored("already there")
        return self._outcome(response, CREATED)

    def _update(self, record: Record) -> _Saying:
        """Find the person by the identifier last sent, else by today's, and write; other values of it are kept."""
        today = self._value(record, record.identifier)
        before = self._value(record, record.previous_identifier)
        found = yield from self._find(today if before is None else before)
        if not found and before is not None and before != today:
            found = yield from self._find(today)
        if not found:
            return ignored(_UNKNOWN)
        if len(found) > 1:
            return rejected(f"several people at Attio have this value of {self.identifying_field}")
        values = values_to_write(record.values)
        values.pop(self.identifying_field, None)
        values |= self._moved(found[0], today, before)
        if not values:
            return ACCEPTED
        response = yield self._write("PUT", f"{_RECORDS}/{found[0]['id']['record_id']}", values)
        if response.status_code == httpx.codes.NOT_FOUND:  # deleted since it was found
            return ignored(_UNKNOWN)
        return self._outcome(response, UPDATED)

    def _find(self, value: Any) -> _Asking:
        """The people with this value of the matching attribute: at most two, to tell one from several."""
        query = {"filter": {self.identifying_field: value}, "limit": 2}
        response = yield self.destination.ask(
            "POST", f"{_RECORDS}/query", budget=self.destination.reads, json=query
        )
        return self._data(response)

    def _moved(self, person: Mapping[str, Any], today: Any, before: Any) -> dict[str, list[Any]]:
        """The matching attribute as it must become: nothing to write where today's value is there already.

        The update overwrites all values of an attribute, and the person may have other addresses: they stay, and
        today's takes the place of the one before.
        """
        written = person.get("values", {}).get(self.identifying_field) or ()
        there = [value for value in map(plain, written) if value is not None]
        folded = [_folded(value) for value in there]
        if _folded(today) in folded:
            return {}
        if _folded(before) not in folded:
            return {self.identifying_field: [today, *there]}
        there[folded.index(_folded(before))] = today
        return {self.identifying_field: there}

    def _value(self, record: Record, identifier: str | None) -> Any:
        """An identifier in the type of the matching attribute: a number where today's value is one."""
        sent = record.values.get(self.identifying_field)
        if identifier is None or isinstance(sent, bool) or not isinstance(sent, (int, float)):
            return identifier
        try:
            return float(identifier) if isinstance(sent, float) else int(identifier)
        except ValueError:  # it was last sent when the attribute was of another type
            return identifier

    def _write(
        self, method: str, path: str, values: dict[str, list[Any]], params: Mapping[str, str] | None = None
    ) -> httpx.Request:
        body = {"data": {"values": values}}
        return self.destination.ask(method, path, budget=self.destination.writes, params=params, json=body)

    def _outcome(self, response: httpx.Response, success: Outcome) -> Outcome:
        if response.is_success:
            said(response)
            return success
        if response.status_code == httpx.codes.NOT_FOUND:
            refuse(response, self.destination.refusal(response))
        return rejected(self.destination.refusal(response))

    def _page(self, offset: int) -> _Asking:
        response = yield self.destination.ask(
            "GET",
            "/v2/objects/people/attributes",
            budget=self.destination.reads,
            params={"limit": _PAGE, "offset": offset},
        )
        return self._data(response)

    def _data(self, response: httpx.Response) -> list[Any]:
        if not response.is_success:
            refuse(response, self.destination.refusal(response))
        body = said(response)
        if not isinstance(body, dict) or not isinstance(body.get("data"), list):
            raise UnreadableAnswer(f"{response.status_code} without a list of data")
        data: list[Any] = body["data"]
        return data

    def _keyed(self, field: Field) -> Field:
        key = field.name == self.identifying_field
        return replace(field, key=key, required=key or field.required)


def _folded(value: Any) -> Any:
    """Attio keeps e-mail addresses and domains in lower case."""
    return value.lower() if isinstance(value, str) else value


def _is_conflict(response: httpx.Response) -> bool:
    """Whether a unique value is taken.

    Unconfirmed: the specification shows no such answer. Seen in public is a Bad Request whose message says "conflicts
    with one already in the system" (https://github.com/kesslerio/attio-mcp-server/issues/216); a 409 or a code that
    speaks of a conflict or of uniqueness is taken to mean the same. Whoever is found there decides, not these words.
    """
    if response.is_success:
        return False
    words = response.text.lower()
    return response.status_code == httpx.codes.CONFLICT or "conflict" in words or "uniqueness" in words

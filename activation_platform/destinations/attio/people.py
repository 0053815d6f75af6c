"""The people of an Attio workspace."""

from dataclasses import dataclass
from typing import Any, ClassVar

from activation_platform.contracts.fields import Field
from activation_platform.contracts.modes import ModelKind
from activation_platform.contracts.values import Email, Phone, Several, Text
from activation_platform.destinations.attio.attributes import Matching
from activation_platform.destinations.attio.records import Records
from activation_platform.destinations.attio.value_types import LINE
from activation_platform.destinations.attio.values import FIRST_NAME, LAST_NAME, NAME

__all__ = ["People", "PeopleOptions"]


@dataclass(frozen=True, slots=True)
class PeopleOptions(Matching):
    """`matching_attribute`: the slug of the unique attribute by which a person is recognised; not the record ID."""

    matching_attribute: str = "email_addresses"


class People(Records):
    """Create and update the people of an Attio workspace; under mirror, delete those who left.

    A person is recognised by the *matching attribute*: the e-mail address, or any other unique attribute. Attributes
    must exist in Attio before they are mapped. Where one takes several values, those sent replace those there, except
    for the matching attribute, to which the one sent is added. A person who left and has other values of the matching
    attribute stays under mirror, without the value that left.
    """

    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS})
    target: ClassVar[str] = "people"
    Options: ClassVar[type[Any]] = PeopleOptions
    # https://docs.attio.com/docs/standard-objects/standard-objects-people
    fields: ClassVar[tuple[Field, ...]] = (
        Field("email_addresses", Several(Email()), docs="E-mail addresses; as the matching attribute, one."),
        Field(NAME, LINE, docs='"Last name, First name"; without a comma all is first name.'),
        Field(FIRST_NAME, LINE, docs="Sent together with the last name, as one name."),
        Field(LAST_NAME, LINE, docs="Sent together with the first name, as one name."),
        Field("company", LINE, docs="A domain of the company, which must be in Attio."),
        Field("phone_numbers", Several(Phone()), docs="Phone numbers."),
        Field("job_title", Text(), docs="What the person does."),
        Field("description", Text(), docs="A few words about the person."),
        Field("primary_location", LINE, docs="An address on one line, which Attio takes apart."),
        Field("linkedin", Text(), docs="Address of the LinkedIn profile."),
        Field("twitter", Text(), docs="Handle or address on X."),
        Field("facebook", Text(), docs="Address of the Facebook profile."),
        Field("instagram", Text(), docs="Handle or address on Instagram."),
    )

"""The companies of an Attio workspace."""

from dataclasses import dataclass
from typing import Any, ClassVar

from activation_platform.contracts.fields import Field
from activation_platform.contracts.modes import ModelKind
from activation_platform.contracts.values import Several, Text
from activation_platform.destinations.attio.attributes import Matching
from activation_platform.destinations.attio.records import Records
from activation_platform.destinations.attio.value_types import LINE, Domain

__all__ = ["Companies", "CompaniesOptions"]


@dataclass(frozen=True, slots=True)
class CompaniesOptions(Matching):
    """`matching_attribute`: the slug of the unique attribute by which a company is recognised; not the record ID."""

    matching_attribute: str = "domains"


class Companies(Records):
    """Create and update the companies of an Attio workspace; under mirror, delete those that left.

    A company is recognised by the *matching attribute*: a domain, or any other unique attribute; the values of all
    other attributes are replaced by those sent. Attio fills in some attributes itself, and those values cannot be
    overwritten. A company that left and has other domains stays under mirror, without the one that left.
    """

    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS, ModelKind.CUSTOM})
    target: ClassVar[str] = "companies"
    Options: ClassVar[type[Any]] = CompaniesOptions
    # https://docs.attio.com/docs/standard-objects/standard-objects-companies
    fields: ClassVar[tuple[Field, ...]] = (
        Field("domains", Several(Domain()), docs="Internet domains; as the matching attribute, one."),
        Field("name", Text(), docs="The company's name."),
        Field("description", Text(), docs="A few words about the company."),
        Field("team", Several(LINE), docs="E-mail addresses of people who are in Attio."),
        Field("categories", Several(Text(min=1)), docs="Options that are there."),
        Field("primary_location", LINE, docs="An address on one line, which Attio takes apart."),
        Field("linkedin", Text(), docs="Address of the LinkedIn page."),
        Field("twitter", Text(), docs="Handle or address on X."),
        Field("facebook", Text(), docs="Address of the Facebook page."),
        Field("instagram", Text(), docs="Handle or address on Instagram."),
        Field("angellist", Text(), docs="Address of the AngelList page."),
    )

"""The users of a product, as an Attio workspace knows them: an object of their own, beside people."""

from dataclasses import dataclass
from typing import Any, ClassVar

from activation_platform.contracts.fields import Field
from activation_platform.contracts.modes import ModelKind
from activation_platform.contracts.values import Email, Several, Text
from activation_platform.destinations.attio.attributes import Matching
from activation_platform.destinations.attio.records import Records
from activation_platform.destinations.attio.value_types import LINE

__all__ = ["Users", "UsersOptions"]


@dataclass(frozen=True, slots=True)
class UsersOptions(Matching):
    """`matching_attribute`: the slug of the unique attribute by which a user is recognised; not the record ID."""

    matching_attribute: str = "user_id"


class Users(Records):
    """Create and update the users of your product in an Attio workspace; under mirror, delete those who left.

    A user is recognised by the *matching attribute*: your own ID, the primary e-mail address, or any other unique
    attribute. The object *Users* must be enabled in Attio first, under Workspace settings > Objects.
    """

    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS})
    target: ClassVar[str] = "users"
    Options: ClassVar[type[Any]] = UsersOptions
    # https://docs.attio.com/docs/standard-objects/standard-objects-users. Unconfirmed: that a user may be in several
    # workspaces; the account's own attributes decide.
    fields: ClassVar[tuple[Field, ...]] = (
        Field("user_id", Text(), required=True, docs="Your own ID of the user."),
        Field("primary_email_address", Email(), required=True, docs="The address of the user's login."),
        Field("person", LINE, docs="The e-mail address of a person who is in Attio."),
        Field("workspace", Several(LINE), docs="IDs of workspaces (of your product) that are in Attio."),
    )

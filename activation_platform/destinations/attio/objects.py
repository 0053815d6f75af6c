"""Any other object of an Attio workspace: workspaces of a product, and the objects made in Attio itself."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.modes import ModelKind
from activation_platform.destinations.attio.attributes import Matching, check_object
from activation_platform.destinations.attio.records import Records

__all__ = ["Objects", "ObjectsOptions"]

_OF_THEIR_OWN = ("companies", "deals", "people", "users")


@dataclass(frozen=True, slots=True)
class ObjectsOptions(Matching):
    """`object`: the object's slug, as in `projects`. `matching_attribute`: the slug of the unique attribute by which a
    record is recognised; not the record ID.
    """

    object: str = field(kw_only=True, metadata={"example": "projects"})

    def __post_init__(self) -> None:
        Matching.__post_init__(self)
        if self.object in _OF_THEIR_OWN:
            raise DeclarationError(
                f"{self.object} are kept by a service of their own",
                remedy=f"Use the service {self.object}, so that two activations of one object know of each other.",
            )
        check_object(self.object)


class Objects(Records):
    """Create and update the records of any object of an Attio workspace; under mirror, delete those that left.

    A record is recognised by the *matching attribute*, which must be unique; make one in Attio where the object has
    none. Which fields there are is read from the account: `activation fields`.
    """

    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS, ModelKind.CUSTOM})
    Options: ClassVar[type[Any]] = ObjectsOptions

    options: ObjectsOptions

    @property
    def target(self) -> str:
        """The object's slug."""
        return self.options.object

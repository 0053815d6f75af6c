"""The deals of an Attio workspace."""

from typing import ClassVar

from activation_platform.contracts.fields import Field
from activation_platform.contracts.modes import ModelKind
from activation_platform.contracts.values import Email, Number, Several, Text
from activation_platform.destinations.attio.records import Records
from activation_platform.destinations.attio.value_types import LINE

__all__ = ["Deals"]


class Deals(Records):
    """Create and update the deals of an Attio workspace; under mirror, delete those that left.

    Deals have no unique attribute of their own, so nothing tells one from another: make one in Attio first (a text
    such as `deal_id`, unique), and name it as the *matching attribute*. The object *Deals* must be enabled in Attio,
    under Workspace settings > Objects.
    """

    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.CUSTOM})
    target: ClassVar[str] = "deals"
    # https://docs.attio.com/docs/standard-objects/standard-objects-deals
    fields: ClassVar[tuple[Field, ...]] = (
        Field("name", Text(), required=True, docs="What the deal is called."),
        Field("stage", Text(min=1), required=True, docs="A stage that is there: Lead, In Progress, …"),
        Field("owner", Email(), required=True, docs="The e-mail address of a member of the workspace."),
        Field(
            "value", Number(), docs="What it is worth, in the currency of the attribute; at most 4 decimals."
        ),
        Field("associated_people", Several(LINE), docs="E-mail addresses of people who are in Attio."),
        Field("associated_company", LINE, docs="A domain of the company, which must be in Attio."),
    )

"""What fields a profile has, and what they refuse before the vendor would."""

import polars as pl
import pytest

from activation_platform.contracts.modes import Mode
from activation_platform.contracts.values import Text, TextList
from activation_platform.destinations.batch.profiles import Profiles


def test_only_mirror_needs_the_keys_of_the_apps():
    assert Profiles.requirements(Mode.MIRROR) == ("live_api_keys",)
    assert Profiles.requirements(Mode.UPSERT) == ()


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("firstname", True),
        ("a" * 30, True),
        ("a" * 31, False),
        ("FirstName", False),
        ("é", False),
        ("url(site)", True),
        ("url()", False),
        ("url(Site)", False),
        ("date(born)", False),
        ("", False),
    ],
)
def test_custom_names_keep_the_vendors_rule(name, accepted):
    assert Profiles.custom_fields.accepts(name) is accepted


@pytest.mark.parametrize(
    ("field", "value", "fine"),
    [
        ("custom_id", "a" * 512, True),
        ("custom_id", "a" * 513, False),
        ("custom_id", "", False),
        ("$email_marketing", "subscribed", True),
        ("$sms_marketing", "yes", False),
        ("$language", "fr", True),
        ("$language", "FR", False),
        ("$language", "fra", False),
        ("$region", "FR", True),
        ("$region", "fr", False),
        ("$timezone", "Europe/Paris", True),
        ("$timezone", "Europe/Lutetia", False),
        ("$phone_number", "+33639981337", True),
        ("$phone_number", "0639981337", False),
    ],
)
def test_standard_fields_refuse_what_the_vendor_would(field, value, fine):
    type_ = next(one.type for one in Profiles.fields if one.name == field)

    assert (type_.clean(pl.Series([value])).reasons[0] is None) is fine


def test_texts_and_lists_keep_the_vendors_lengths():
    text, texts = (
        Profiles.custom_fields.type_for("x", pl.String()),
        Profiles.custom_fields.type_for("x", pl.List(pl.String)),
    )

    assert text == Text(min=1, max=300)
    assert texts == TextList(max_items=25, max=300)
    assert Profiles.max_fields == 50


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("https://example.org/a?b=c", None),
        ("example.org", "is not a URL"),
        ("https://example.org/a b", "is not a URL"),
        ("https://example.org/" + "a" * 2048, "is longer than 2048 characters"),
        ("", "is empty"),
    ],
)
def test_a_field_that_is_named_as_an_address_holds_one(address, reason):
    type_ = Profiles.custom_fields.type_for("url(site)", pl.String())

    assert type_.clean(pl.Series([address])).reasons.to_list() == [reason]

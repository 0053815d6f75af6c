"""What is taken out of text before anybody sees it."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activation_platform.contracts.redaction import Redactor, mask, mask_text


def test_every_secret_is_replaced_wherever_it_stands():
    hide = Redactor(["top-secret", "other/key"])
    assert hide("top-secret?key=other/key&again=top-secret") == "•••?key=•••&again=•••"


def test_a_secret_is_found_percent_encoded_too():
    assert Redactor(["a/b c+d"])("GET /x?k=a%2Fb%20c%2Bd") == "GET /x?k=•••"


def test_a_secret_that_begins_another_does_not_leave_its_rest():
    assert Redactor(["secret", "secret-longer"])("secret-longer") == "•••"


@pytest.mark.parametrize("secrets", [[], [""], ["abc"]])
def test_nothing_that_could_be_any_word_is_a_secret(secrets):
    assert Redactor(secrets)("abc and nothing else") == "abc and nothing else"


@pytest.mark.parametrize("secrets", [[], ["top-secret"]])
def test_half_a_character_in_a_vendors_words_becomes_a_question_mark(secrets):
    assert Redactor(secrets)("bad \ud800 value, \U0001f600") == "bad ? value, \U0001f600"


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="•%"), min_size=4, max_size=20),
    st.text(max_size=20),
    st.text(max_size=20),
)
def test_no_secret_survives(secret, before, after):
    shown = Redactor([secret])(f"{before}{secret}{after} {quote(secret, safe='')}")
    assert "•••" in shown
    assert shown.count(secret) <= f"{before}•••{after} •••".count(secret)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        ("", ""),
        ("ann@example.org", "a•••@e•••"),
        ("customer-4711", "c•••1"),
        ("4711", "•••"),
        ("+33639981337", "+•••7"),
    ],
)
def test_a_masked_value_is_recognisable_to_who_knows_it(value, shown):
    assert mask(value) == shown


@given(st.text(min_size=5, max_size=40))
def test_a_masked_value_keeps_at_most_its_ends(value):
    assert len(mask(value).replace("•", "").replace("@", "")) <= 2


def test_free_text_loses_addresses_and_long_numbers_and_keeps_its_sense():
    said = 'Invalid value "ann@example.org" for phone +33 6 39 98 13 37: error 422, at most 50 attributes'
    assert mask_text(said) == 'Invalid value "a•••@e•••" for phone +•••7: error 422, at most 50 attributes'

"""E-mail addresses and phone numbers, one value at a time, as the field's own libraries judge them.

Sources: https://pypi.org/project/email-validator/ (syntax only, no look-up), https://github.com/daviddrysdale/python-phonenumbers
(Google's libphonenumber).
"""

import re

__all__ = ["clean_email", "clean_phone"]

# Plain lower-case addresses need no library: everything this pattern takes, the library takes unchanged (tests
# say so), except the top-level domains that are reserved for special use.
_PLAIN = re.compile(
    r"[a-z0-9]{1,30}(?:[._+-][a-z0-9]{1,15}){0,2}@(?:[a-z0-9]{1,40}\.){1,3}(?:com|org|net|edu|fr|de|uk|es|it|nl|be|eu|io|co)"
)
# Nor do numbers in E.164 of countries whose plans say their length, and where no national prefix begins them.
_E164 = re.compile(
    r"\+(?:1[2-9][0-9]{9}|3[134][1-9][0-9]{8}|32[1-9][0-9]{7,8}|351[2-9][0-9]{8}|41[1-9][0-9]{8}|44[1-9][0-9]{9}|49[1-9][0-9]{9,10})"
)


def clean_email(value: str) -> str | None:
    """The address as sent, in lower case, or None where it is none.

    RFC 5321 lets the part before the @ depend on case; no mail provider of note and no vendor here does, and two
    spellings of one address must be one identifier.
    """
    text = value.strip()
    if _PLAIN.fullmatch(text):
        return text
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(text, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        return None


def clean_phone(value: str) -> str | None:
    """The number as E.164 (`+33639981337`), or None where it is none.

    A number must be *possible* (country code and length). Whether its range is in use is the vendor's business: number
    plans grow faster than libraries, and the ranges reserved for fiction, which the vendors accept, are never in use.
    """
    if _E164.fullmatch(value):
        return value
    import phonenumbers

    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

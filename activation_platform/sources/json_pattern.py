r"""One regular expression in the dialect of PCRE, whose groups call themselves: it judges a JSON document and finds a value.

It is for a document with `x` before it, and always matches. Its first group is the value where there is one; `x` where there is
none, or the document is not I-JSON; nothing where that cannot be told, which is also what is found where an engine gives up.

It cannot be told whether two keys are the same that are written in two ways, nor what a day or a moment is that has escapes, nor
a number that may be beyond any 64-bit float, or nearer to 0. https://www.pcre.org/original/doc/html/pcrepattern.html
"""

import re
from collections.abc import Mapping

from activation_platform.contracts.json_value import MOMENT, JsonPath, JsonType
from activation_platform.sources.json_text import UNIT

__all__ = ["ANY_STRING", "MOST_BYTES", "element", "value_at"]

MOST_BYTES = 65_000
"""How large a document may be: what a text of Redshift holds, less a little."""
ANY_STRING = r'"(?:[^"\\]++|\\.)*+"'

_BLANKS = r"[ \t\n\r]*+"
_STRING = rf'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u(?:{UNIT})))*+"'
_NESTED = rf'[[{{](?:[^][{{}}"]++|{ANY_STRING}|(?&nested))*+[]}}]'
_AGAIN = rf'(?<key>{ANY_STRING})(?:[^][{{}}"]++|(?!\k<key>{_BLANKS}:){ANY_STRING}|(?&nested))*+\k<key>'
"""A key, and the same letters as a key in the rest of its object."""
_MEMBER = rf"{_BLANKS}(?!(?&again))(?&string){_BLANKS}:(?&item)"
_ITEM = (
    rf"{_BLANKS}(?:(?&string)|(?&number)|true|false|null|\[(?:(?&item)(?:,(?&item))*+|{_BLANKS})\]|"
    rf"\{{(?:(?&member)(?:,(?&member))*+|{_BLANKS})\}}){_BLANKS}"
)
_NUMBER = r"-?(?:0|[1-9][0-9]*+)(?:[.][0-9]++)?+(?:[eE][-+]?[0-9]++)?+"

_ESCAPED_KEY = rf'"[^"\\]*+\\(?:[^"\\]++|\\.)*+"{_BLANKS}:'


def _until(escape: str) -> str:
    return rf"(?:[^\\]++|(?!\\{escape})\\.)*+\\{escape}"


_CODE, _LOWER, _UPPER = "u(?!00[0-7])", "u[0-9A-Fa-f]{0,3}[a-f]", "u[0-9A-Fa-f]{0,3}[A-F]"
_TWOFOLD = (
    rf'x(?=[^\\]*+\\)(?=[^"]*+(?:(?!{_ESCAPED_KEY}){ANY_STRING}[^"]*+)*+{_ESCAPED_KEY})(?:'
    rf"{_until('u00(?:[2-7]|0[89acdACD])')}|(?={_until(_LOWER)}){_until(_UPPER)}|"
    rf"(?={_until(_CODE)})[\x00-\x7f]*+[^\x00-\x7f]|(?={_until('/')})(?:[^\\/]++|\\.)*+/)"
)
"""Whether a document with an escape in a key writes something in two ways: a letter by its code that has a shorter escape, or
none to need; codes in small letters and in capitals; letters beyond ASCII, or slashes, with an escape and without.
"""

_LONG = "0[13578]|1[02]"
_LEAP = "[1-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00"
_DAY = (
    rf"(?:[1-9][0-9]{{3}}-(?:(?:{_LONG})-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|"
    rf"02-(?:0[1-9]|1[0-9]|2[0-8]))|(?:{_LEAP})-02-29)"
)
_MOMENT = rf'(?={_DAY}){MOMENT[1:-1]}(?:(?<!Z|[-+][0-9]{{2}}:[0-9]{{2}})"|(?="))'
"""With the quotation mark behind it where it has no offset."""
_WITH_ESCAPES = r'(?=[^"\\]*+\\)(?:[-+.: 0-9TZ]++|\\u00(?:2[0BDEbde]|3[0-9Aa]|5[4Aa]))*+"'
_FINITE = r"-?(?:0|[1-9][0-9]{0,99})(?:[.][0-9]{1,99})?(?:[eE][-+]?0*(?:1[0-9]{2}|[0-9]{1,2}))?(?![.0-9eE])"
_INFINITE = (
    r"-?[1-9](?:[0-9]*+(?:[.][0-9]++)?+[eE][+]?0*+(?:309|3[1-9][0-9]|[4-9][0-9]{2}|[1-9][0-9]{3,})(?![0-9])|"
    r"[0-9]{309,}+(?:[.][0-9]++)?+(?:[eE][+]?[0-9]++)?+(?![-.0-9eE]))"
)
_TEXTS = rf"\[{_BLANKS}(?:(?&string){_BLANKS}(?:,{_BLANKS}(?&string){_BLANKS})*+)?+\]"
_NUMBERS = rf"(?!{_INFINITE})(?=[-0-9])", _FINITE
_FOUND: Mapping[JsonType, tuple[str, str]] = {
    JsonType.TEXT: ('(?=")', r'"[^"\\]*+(?=")|(?&string)'),
    JsonType.INTEGER: _NUMBERS,
    JsonType.NUMBER: _NUMBERS,
    JsonType.BOOLEAN: ("(?=[tf])", "true|false"),
    JsonType.DATE: (f'"(?={_DAY}"|{_WITH_ESCAPES})', f'{_DAY}(?=")'),
    JsonType.TIMESTAMP: (f'"(?={_MOMENT}|{_WITH_ESCAPES})', _MOMENT),
    JsonType.TEXTS: (f"(?={_TEXTS})", _TEXTS),
}
"""What must stand at the path, and what of it is found. A text without escapes is found without its last quotation mark."""
_SHORT = {'"': '"', "\\": "\\", "/": "/", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t"}


def value_at(path: JsonPath, kind: JsonType) -> str:
    """The regular expression for a value of a type at a path."""
    before, found = _FOUND[kind]
    groups = {
        "way": rf"x(?=(?&item)\z){''.join(map(_step, path.steps))}{_BLANKS}{before}",
        "hundred": "(?:(?&item),){100}",
        "twofold": _TWOFOLD,
        "string": _STRING,
        "number": _NUMBER,
        "item": _ITEM,
        "member": _MEMBER,
        "again": _AGAIN,
        "nested": _NESTED,
    }
    defined = "".join(f"(?<{name}>{group})" for name, group in groups.items())
    told = rf"({found}|(?=(?&twofold))(?=(?&way))|x|)"
    return rf"\A(?:(?!(?&twofold))(?&way))?+{told}(?(DEFINE){defined})"


def element(wanted: str) -> str:
    """The regular expression for a list of texts that contains a text."""
    spelled = _spelled(wanted)
    return rf"\A\[{_BLANKS}(?:(?!{spelled}){ANY_STRING}{_BLANKS},{_BLANKS})*+{spelled}"


def _step(step: str | int) -> str:
    if isinstance(step, int):
        hundreds, ones = divmod(step, 100)
        skipped = rf"(?&hundred){{{hundreds}}}(?:(?&item),){{{ones}}}"
        return rf"{_BLANKS}\[{skipped}" if step < MOST_BYTES else "(?!)"
    key = _BLANKS + _spelled(step)
    return rf"{_BLANKS}\{{(?:(?!{key})(?&member),)*+{key}{_BLANKS}:"


def _spelled(string: str) -> str:
    """A string in all the ways that JSON has to write it."""
    return f'"{"".join(map(_letter, string))}"'


def _letter(letter: str) -> str:
    units = letter.encode("utf-16-be", "surrogatepass")
    ways = ["".join(map(_code, zip(units[::2], units[1::2], strict=True)))]
    if letter in _SHORT:
        ways.append(r"\\" + re.escape(_SHORT[letter]))
    if letter >= " " and letter not in '"\\' and not "\ud800" <= letter <= "\udfff":
        ways.append(re.escape(letter))
    return f"(?:{'|'.join(reversed(ways))})"


def _code(unit: tuple[int, int]) -> str:
    """A unit of UTF-16 by its number, in letters of either case."""
    digits = "{:02x}{:02x}".format(*unit)
    return r"\\u" + "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits)

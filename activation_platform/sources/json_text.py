"""JSON as text: what must hold of it before a parser may read it, and its scalars as texts that say of which type they are.

For warehouses whose parsers take more than JSON, or fail at a number. Before one sees a text, every scalar becomes a text: a
string gets `=` before it, anything else becomes a string with `=` behind it, so that `{"a": "x", "b": 1e400}` is
`{"=a": "=x", "=b": "1e400="}` and nothing is converted. A regular expression, RE2's as well as POSIX' but for the control
characters, then judges all but what stands between the scalars. That the parser does: what it kept, written as text again, has
as many signs and scalars as what it got, else it left out a key that came twice, or made up what was missing.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from activation_platform.contracts.json_value import MOST_BRACKETS, JsonPath
from activation_platform.sources.dialect import call, text

__all__ = ["CONTROL", "NUMBER", "STRING", "UNIT", "JsonText", "boolean", "steps"]

CONTROL = r"\x00-\x1f"
"""What no string may hold as it is, as RE2 writes it within brackets."""
STRING, NUMBER = "=", "[-0-9].*="
"""What a string begins with as a scalar, and what a number is."""

_BLANK = "[ \t\n\r]"
_ANY_STRING = r'"(([^"\\]|\\.)*)"'
_ANY_OTHER = '([^][{}:,"= \t\n\r]+)'
_COUNTED = rf'"([^"\\]|\\.)*(")|{_BLANK}'
_HEX = "[0-9A-Fa-f]"
UNIT = (
    rf"000[1-9A-Fa-f]|00[1-9A-Fa-f]{_HEX}|0[1-9A-Fa-f]{_HEX}{{2}}|[1-9A-CE-Fa-ce-f]{_HEX}{{3}}|[Dd][0-7]{_HEX}{{2}}|"
    rf"[Dd][89ABab]{_HEX}{{2}}\\u[Dd][C-Fc-f]{_HEX}{{2}}"
)
"""What may stand behind `\\u`: neither NUL nor half a surrogate pair."""
_STRING = rf'"=([^"\\{CONTROL}]|\\["\\/bfnrt]|\\u({UNIT}))*"'
_OTHER = '"(-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?|true|false|null)="'
_SOUND = f"([][{{}},]|{_BLANK}|{_STRING}({_BLANK}*:)?|{_OTHER})*"


@dataclass(frozen=True)
class JsonText:
    """What may be a document. `replaced`: a text with each match of a regular expression replaced; `like`: whether all of a
    text matches one.
    """

    written: exp.Expr
    replaced: Callable[[exp.Expr, str, str], exp.Expr]
    like: Callable[[exp.Expr, str], exp.Expr]

    def parsed(self, parser: str, writer: str) -> exp.Expr:
        """The document with its scalars told apart, null where the text is none. `parser` is null where it fails; `writer`
        makes a text of what it read.
        """
        told = self.replaced(self.written.copy(), f"{_ANY_STRING}|{_ANY_OTHER}", r'"\3=\1"')
        document = call(parser, told)
        without = call(
            "REPLACE", call("REPLACE", self.written.copy(), text("["), text("")), text("{"), text("")
        )
        brackets = exp.Sub(this=call("LENGTH", self.written.copy()), expression=call("LENGTH", without))
        few = exp.LTE(this=brackets, expression=exp.Literal.number(MOST_BRACKETS))
        kept = self._size(call(writer, document.copy()))
        same = exp.EQ(this=self._size(told.copy()), expression=kept)
        return exp.Case().when(exp.and_(few, self.like(told.copy(), _SOUND), same), document)

    def _size(self, json: exp.Expr) -> exp.Expr:
        """How many signs and strings it has; anything else counts with all its letters."""
        return call("LENGTH", self.replaced(json, _COUNTED, r"\2"))


def steps(path: JsonPath) -> list[exp.Expr]:
    """A path in a document whose scalars are told apart, as are its keys."""
    return [exp.convert(step) if isinstance(step, int) else text(f"{STRING}{step}") for step in path.steps]


def boolean(scalar: exp.Expr) -> exp.Expr:
    """A scalar that says of which type it is as a truth value."""
    return exp.Case(this=scalar).when(text("true="), exp.true()).when(text("false="), exp.false())

r"""The regular expressions of conditions: a subset of RE2 that every engine reads alike, and the one way to write each.

Engines differ in what they add to regular expressions and in what they leave to taste: whether `.` takes a line break, `$`
stands before the last one, `\w` has accents, `{` may be a brace. So a pattern is read here, and written anew from what all have:

| read                                                         | written                                      |
|--------------------------------------------------------------|----------------------------------------------|
| a character, `\` before a sign, `\t` `\n` `\r` `\f`          | the character, with `\` where it means more  |
| `.`                                                          | `[^\n]`: any character but a line break      |
| `\d` `\w` `\s`, and outside brackets `\D` `\W` `\S`          | `[0-9]` `[A-Za-z0-9_]` `[ \t\n\r\f]`, `[^…]` |
| `[...]` `[^...]` of these, with ranges of digits, a-z or A-Z | the same                                     |
| `(...)` `(?:...)` `|`                                        | `(...)` `|`                                  |
| once `?` `*` `+` `{2}` `{2,}` `{2,5}`, after what is not empty | the same                                   |
| `^` `$`: where the whole text begins and ends                | the same                                     |

Everything else is refused. https://github.com/google/re2/wiki/Syntax
"""

import re
from dataclasses import dataclass

__all__ = ["lowered", "portable"]

_MOST_TIMES = 255
"""PostgreSQL counts no further. https://www.postgresql.org/docs/current/functions-matching.html#POSIX-SYNTAX-DETAILS"""
_MOST_CHARACTERS = 1_000
"""Of a pattern whose repetitions are written out: RE2 repeats nothing more often than that."""
_DEEPEST = 32
_WHITE = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_WRITTEN = {character: f"\\{letter}" for letter, character in _WHITE.items()}
_CLASSES = {"d": "0-9", "w": "A-Za-z0-9_", "s": r" \t\n\r\f"}
_REPEATS = ("?", "*", "+", "{")
_COUNTS = re.compile(r"\{(\d{1,4})(?:(,)(\d{1,4})?)?\}", re.ASCII)
_RANGE = re.compile(r"[0-9]-[0-9]|[a-z]-[a-z]|[A-Z]-[A-Z]")
_ALLOWED = (
    r"what is allowed: characters, `\` before a sign, `.`, `\d`, `\w`, `\s`, `[a-z]`, `[^,]`, `( )`, `|`, "
    "`?`, `*`, `+`, `{2,5}`, `^`, `$`"
)
_HINTS = {
    "b": r"; write (^|\W) or (\W|$) for the edge of a word",
    "A": "; write ^ for the beginning of the text",
    "z": "; write $ for the end of the text",
    "Z": "; write $ for the end of the text",
}


def portable(pattern: str, *, ignore_case: bool = False) -> str:
    """Return a pattern in the words that all engines share; raises ValueError that says what is not among them.

    With `ignore_case` the pattern is for texts that the engine has lower-cased.
    """
    return _Reader(pattern, ignore_case).whole()


def lowered(text: str) -> str:
    """Return a text in lower case, one character for one."""
    return "".join(letter.lower()[0] for letter in text)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a pattern as it is written anew: how many characters it has when written out, and whether it may be empty."""

    text: str
    length: int = 1
    empty: bool = False


class _Reader:
    """Reads a pattern from left to right: branches, parts, repetitions."""

    def __init__(self, pattern: str, ignore_case: bool) -> None:
        self._pattern = pattern
        self._ignore_case = ignore_case
        self._at = 0
        self._depth = 0

    def whole(self) -> str:
        read = self._branches()
        if self._ahead == ")":
            raise self._refused("`)` closes no group; write `\\)` for the character")
        if read.length > _MOST_CHARACTERS:
            raise self._refused(f"with its repetitions written out it is longer than {_MOST_CHARACTERS:,}")
        return read.text

    @property
    def _ahead(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _next(self) -> str:
        self._at += 1
        return self._pattern[self._at - 1]

    def _refused(self, why: str) -> ValueError:
        return ValueError(f"{self._pattern!r}: {why} ({_ALLOWED})")

    def _branches(self) -> _Part:
        branches = [self._branch()]
        while self._ahead == "|":
            self._next()
            branches.append(self._branch())
        length = sum(branch.length for branch in branches)
        return _Part(
            "|".join(branch.text for branch in branches), length, any(branch.empty for branch in branches)
        )

    def _branch(self) -> _Part:
        parts = []
        while self._ahead not in ("", "|", ")"):
            parts.append(self._repeated())
        if not parts:
            raise self._refused("there is nothing before or after a `|`, or between parentheses")
        length = sum(part.length for part in parts)
        return _Part("".join(part.text for part in parts), length, all(part.empty for part in parts))

    def _repeated(self) -> _Part:
        part = self._part()
        if self._ahead not in _REPEATS:
            return part
        if part.empty:
            raise self._refused(f"`{self._ahead}` repeats what may be empty")
        times, least, most = self._times()
        if self._ahead in _REPEATS:
            raise self._refused(f"`{self._ahead}` follows `{times}`; lazy and possessive ones find the same")
        return _Part(part.text + times, part.length * max(most, 1), not least)

    def _times(self) -> tuple[str, int, int]:
        """A repetition as it is written, and how often it is at least and at most, or has to be written out."""
        if self._ahead != "{":
            sign = self._next()
            return sign, int(sign == "+"), 1
        found = _COUNTS.match(self._pattern, self._at)
        if found is None:
            raise self._refused(
                "`{` begins no count such as {2}, {2,} or {2,5}; write `\\{` for the character"
            )
        self._at = found.end()
        least = int(found[1])
        most = int(found[3]) if found[3] else least
        nothing = most == 0 and found[0] != "{0,}"
        if nothing or not least <= most <= _MOST_TIMES:
            raise self._refused(f"`{found[0]}` counts from few to many, at least 1 and at most {_MOST_TIMES}")
        return found[0], least, most

    def _part(self) -> _Part:
        match self._next():
            case "(":
                return self._group()
            case "[":
                return self._brackets()
            case "\\":
                return self._escaped()
            case ".":
                return _Part(r"[^\n]")
            case "^" | "$" as edge:
                return _Part(edge, empty=True)
            case "?" | "*" | "+" | "{" | "}" | "]" as sign:
                raise self._refused(
                    f"`{sign}` follows nothing that it belongs to; write `\\{sign}` for the character"
                )
            case character:
                return _Part(self._written(character))

    def _group(self) -> _Part:
        if self._ahead == "?":
            if not self._pattern.startswith("?:", self._at):
                raise self._refused("`(?` begins a look-around, a flag or a name; case is for `ignore_case`")
            self._at += 2
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._refused(f"its groups are nested deeper than {_DEEPEST} levels")
        inside = self._branches()
        self._depth -= 1
        if self._ahead != ")":
            raise self._refused("a `(` is never closed; write `\\(` for the character")
        self._next()
        return _Part(f"({inside.text})", inside.length, inside.empty)

    def _escaped(self) -> _Part:
        letter = self._escape()
        if letter.lower() in _CLASSES:
            return _Part(f"[{'^' if letter.isupper() else ''}{self._class(letter)}]")
        return _Part(self._written(_WHITE.get(letter, letter)))

    def _escape(self) -> str:
        """What stands behind a backslash: the letter of a class or of white space, or a sign."""
        if not self._ahead:
            raise self._refused("`\\` stands before nothing; write `\\\\` for the character")
        letter = self._next()
        known = letter in _WHITE or letter.lower() in _CLASSES
        if not known and (letter.isalnum() or not letter.isascii()):
            raise self._refused(f"engines differ about `\\{letter}`{_HINTS.get(letter, '')}")
        return letter

    def _class(self, letter: str) -> str:
        inside = _CLASSES[letter.lower()]
        return lowered(inside) if self._ignore_case else inside

    def _brackets(self) -> _Part:
        negated = self._ahead == "^"
        self._at += negated
        members: list[str] = []
        while self._ahead != "]" or not members:
            if not self._ahead:
                raise self._refused("a `[` is never closed; write `\\[` for the character")
            members.append(self._member(first=not members))
        self._next()
        return _Part(f"[{'^' if negated else ''}{''.join(members)}]")

    def _member(self, *, first: bool) -> str:
        if found := _RANGE.match(self._pattern, self._at):
            self._at = found.end()
            if found[0][0] > found[0][2]:
                raise self._refused(f"`{found[0]}` has its ends in the wrong order")
            return lowered(found[0]) if self._ignore_case else found[0]
        character = self._next()
        if character == "\\":
            letter = self._escape()
            if letter.lower() in _CLASSES:
                if letter.isupper():
                    raise self._refused(f"`\\{letter}` stands in brackets; write [^…] of what it leaves out")
                return self._class(letter)
            character = _WHITE.get(letter, letter)
        elif character in "[]":
            raise self._refused(f"`{character}` stands in brackets; write `\\{character}` for the character")
        elif character == "-" and not first and self._ahead != "]":
            raise self._refused("ranges are of digits, of a-z or of A-Z; write `\\-` for the character")
        return self._written(character, inside=True)

    def _written(self, character: str, *, inside: bool = False) -> str:
        """One character, escaped where it would mean more; never a letter, a digit or `_`."""
        character = lowered(character) if self._ignore_case else character
        special = r"\[]^-&~|$" if inside else r"\.[](){}*+?^$|"
        return _WRITTEN.get(character, f"\\{character}" if character in special else character)

"""Regular expressions are read as the few words that all engines share, and what is more is refused."""

import re

import pytest

from activation_platform.segmentation.patterns import portable


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        (r"^\d{5}$", "^[0-9]{5}$"),
        ("a.b", r"a[^\n]b"),
        (r"\w\W\s\S\D", r"[A-Za-z0-9_][^A-Za-z0-9_][ \t\n\r\f][^ \t\n\r\f][^0-9]"),
        (r"[^@]+@example\.(?:com|org)$", r"[^@]+@example\.(com|org)$"),
        (r"[\w.-]{2,}", r"[A-Za-z0-9_.\-]{2,}"),
        ("[-a][^-a][a-]", r"[\-a][^\-a][a\-]"),
        ("[a&&b~~|$^]", r"[a\&\&b\~\~\|\$\^]"),
        (r"\<\@\_\\", r"<@_\\"),
        ("a\nb\tc", r"a\nb\tc"),
        ("(^|,)é(,|$)", "(^|,)é(,|$)"),
        ("x{0,3}y{7}z{0,}", "x{0,3}y{7}z{0,}"),
    ],
)
def test_a_pattern_is_written_in_words_that_all_engines_share(pattern, written):
    assert portable(pattern) == written
    assert portable(written) == written


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        ("É[A-C]", "é[a-c]"),
        ("[^A-Z]", "[^a-z]"),
        (r"\W\D", "[^a-za-z0-9_][^0-9]"),
        ("İẞ", "iß"),
        (r"A\n\.", r"a\n\."),
    ],
)
def test_without_regard_to_case_a_pattern_is_one_for_lower_case(pattern, written):
    assert portable(pattern, ignore_case=True) == written


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        ("(?=a)", "look-around"),
        ("(?i)a", "`ignore_case`"),
        ("(?P<n>a)", "a name"),
        (r"(a)\1", r"differ about `\1`"),
        (r"\bfoo", "the edge of a word"),
        (r"\Aa", "write ^"),
        (r"a\z", "write $"),
        (r"\pL", r"differ about `\p`"),
        (r"\x41", r"differ about `\x`"),
        (r"\é", r"differ about `\é`"),
        ("a*?", "lazy and possessive"),
        ("a*+", "lazy and possessive"),
        ("a{2}{2}", "lazy and possessive"),
        ("(a*)*", "what may be empty"),
        ("(a|^)+", "what may be empty"),
        ("^*", "what may be empty"),
        ("a{0}", "at least 1"),
        ("a{3,2}", "from few to many"),
        ("a{256}", "at most 255"),
        ("a{,5}", "begins no count"),
        ("a{2", "begins no count"),
        ("a{٣}", "begins no count"),
        ("*a", "follows nothing"),
        ("a]", "follows nothing"),
        ("a}", "follows nothing"),
        ("(a", "never closed"),
        ("a)", "closes no group"),
        ("[a", "never closed"),
        ("[]a]", "stands in brackets"),
        ("[[:alpha:]]", "stands in brackets"),
        (r"[\D]", "stands in brackets"),
        ("[z-a]", "wrong order"),
        ("[a-Z]", "ranges are of digits"),
        ("[À-ÿ]", "ranges are of digits"),
        (r"[\w-.]", "ranges are of digits"),
        ("a|", "nothing before or after"),
        ("()", "nothing before or after"),
        ("a\\", "stands before nothing"),
        ("(a{100}){100}", "longer than 1,000"),
        ("a" * 1001, "longer than 1,000"),
        ("(" * 33 + "a" + ")" * 33, "deeper than 32"),
        ("(" * 100_000, "deeper than 32"),
    ],
)
def test_what_engines_read_differently_is_refused(pattern, word):
    with pytest.raises(ValueError, match=re.escape(word)) as refused:
        portable(pattern)

    assert "what is allowed: " in str(refused.value)

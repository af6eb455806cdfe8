"""Patterns of AWS's models, which are Java's, as Python's."""

import re
import sys
import unicodedata
from functools import lru_cache

# Java's notation for all characters beyond the first 65,536.
_PAIRS = r"\uD800\uDC00-\uDBFF\uDFFF"
_BEYOND = r"\U00010000-\U0010FFFF"
_CLASSES = {
    "ASCII": r"\x00-\x7f",
    "Alnum": r"0-9A-Za-z",
    "Alpha": r"A-Za-z",
    "Graph": r"!-~",
    "Print": r" -~",
    "XDigit": r"0-9A-Fa-f",
}


def matches(pattern, text):
    """Whether the whole text matches."""
    return _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=None)
def _compiled(pattern):
    return re.compile(_translated(pattern.replace(_PAIRS, _BEYOND)), re.ASCII)


def _translated(pattern):
    """Replaces \\p{X} by the characters of the class, inside of brackets and outside."""
    out, depth, at = "", 0, 0
    while at < len(pattern):
        found = re.match(r"\\p\{(\w+)\}", pattern[at:])
        if found is not None:
            ranges = _CLASSES.get(found[1]) or _category(found[1])
            out += ranges if depth else f"[{ranges}]"
            at += found.end()
        elif pattern[at] == "\\":
            out += pattern[at : at + 2]
            at += 2
        else:
            depth += {"[": 1, "]": -1}.get(pattern[at], 0)
            # Python would interpret it as the beginning of another set.
            out += "\\[" if pattern[at] == "[" and depth > 1 else pattern[at]
            at += 1
    return out


@lru_cache(maxsize=None)
def _category(name):
    """Ranges of all characters whose category begins with the name: L, Lu, Z."""
    name, ranges, start = name.removeprefix("Is"), [], None
    for code in range(sys.maxunicode + 2):
        inside = code <= sys.maxunicode and unicodedata.category(chr(code)).startswith(name)
        if inside and start is None:
            start = code
        elif not inside and start is not None:
            ranges.append(f"\\U{start:08x}-\\U{code - 1:08x}")
            start = None
    if not ranges:
        raise ValueError(f"no character is in the class {name}")
    return "".join(ranges)

"""HCL's functions of texts, paths and patterns.

Source: go-cty's function/stdlib/string.go and regexp.go, go-cty-funcs' filesystem, Packer's hcl2template/function.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping

from tfgen_generators.packer.evaluation.convert import RefusedError, UndecidedError, text, whole, within
from tfgen_generators.packer.syntax.values import Value
from tfgen_generators.shell.marks import ANCHOR, UNKNOWN, WORKING

#: What RE2 has and Python means otherwise, or has not; and what RE2 has not.
_FOREIGN = re.compile(r"\\[pPQEzCGKbB1-9]|\[\[:|\(\?(?![:i)]|P<)|[*+?}]\+|\\x\{|[^\x00-\x7f]")
_REPEATS, _CHOICES = re.compile(r"[*+{]"), re.compile(r"[?|]")
_CLASS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\$", re.DOTALL)
#: What Go calls white space.
_SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
#: Steps of a pattern, as far as they can be told beforehand.
_MOST_STEPS = 1_000_000
#: Characters that a repeated group is tried on: each may double the steps.
_LONGEST_NESTED = 20
_REPLACED = re.compile(r"\$(?:\$|(\w+)|\{(\w+)\})")


def graphemes(found: str) -> list[str]:
    """What a reader takes for one character; where marks follow letters that is for Packer to say."""
    if not found.isascii():
        found = unicodedata.normalize("NFC", found)
        if any(unicodedata.category(sign)[0] == "M" or sign > "\u10ff" for sign in found):
            raise UndecidedError
    if "\r" in found:
        raise UndecidedError
    return list(found)


def _cased(change: Callable[[str], str]) -> Callable[[Value], Value]:
    """Letter by letter, as Go does: one for one."""

    def apply(value: Value) -> Value:
        found = text(value)
        if found.isascii():
            return change(found)
        changed = [change(sign) for sign in found]
        if any(len(other) > 1 for other in changed) or "\u0130" in found:
            raise UndecidedError
        return "".join(changed)

    return apply


def _base(value: Value) -> Value:
    found = _with_end(value).removeprefix("\0")
    return posixpath.basename(found.rstrip("/")) or ("/" if found else ".")


def _with_end(value: Value) -> str:
    """A path with a last part: not the working directory itself."""
    found = text(value)
    if found.rstrip("/.") == WORKING:
        raise UndecidedError
    return found


def _dir(value: Value) -> Value:
    found = _with_end(value)
    anchor = "\0" * found.startswith("\0")
    folder = found[len(anchor) :].rpartition("/")
    cleaned = posixpath.normpath(folder[0] + folder[1] or ".")
    return anchor + ("/" + cleaned.lstrip("/") if cleaned.startswith("/") else cleaned)


def _abspath(value: Value) -> Value:
    """Not of a relative path: where the build stands is another's to say."""
    found = text(value)
    if not found.startswith(("/", ANCHOR, WORKING, UNKNOWN)):
        raise UndecidedError
    return "/" + posixpath.normpath(found).lstrip("/") if found.startswith("/") else found


def _pathexpand(value: Value) -> Value:
    if text(value).startswith("~"):
        raise UndecidedError
    return text(value)


def _substr(value: Value, offset: Value, length: Value) -> Value:
    signs, start, size = graphemes(text(value)), whole(offset), whole(length)
    whole_rest = size < 0 or (size == 0 and start < 0)  # as go-cty has it
    start = max(start + len(signs), 0) if start < 0 else start
    return "".join(signs[start:] if whole_rest else signs[start : start + size])


def _title(value: Value) -> Value:
    found = text(value)
    if not found.isascii():
        raise UndecidedError
    return re.sub(r"(?<![A-Za-z0-9_])[a-z]", lambda match: match.group().upper(), found)


def _indent(spaces: Value, value: Value) -> Value:
    if whole(spaces) < 0:
        raise RefusedError("fewer than no spaces")
    padding = " " * within(whole(spaces))
    within(len(padding) * text(value).count("\n"))
    return text(value).replace("\n", f"\n{padding}")


def _replace(value: Value, old: Value, new: Value) -> Value:
    found, wanted, other = text(value), text(old), text(new)
    within(len(found) + (found.count(wanted) if wanted else len(found) + 1) * len(other))
    return found.replace(wanted, other)


def _compiled(pattern: Value, subject: Value) -> re.Pattern[str]:
    """The pattern, where Python reads it as Go does, and ends soon."""
    found = text(pattern)
    if _FOREIGN.search(found) or not text(subject).isascii():
        raise UndecidedError
    bare = _CLASS.sub("x", found)
    steps = (len(text(subject)) + 2) ** len(_REPEATS.findall(bare)) << len(_CHOICES.findall(bare))
    nested = re.search(r"\)[*+{]", bare) is not None
    if steps > _MOST_STEPS or (nested and len(text(subject)) > _LONGEST_NESTED):
        raise UndecidedError
    exact = _CLASS.sub(lambda match: r"\Z" if match.group() == "$" else match.group(), found)
    try:
        return re.compile(exact, re.ASCII)
    except (re.error, OverflowError, RecursionError):
        raise UndecidedError from None


def _captured(match: re.Match[str]) -> Value:
    names = match.re.groupindex
    if len(names) not in (0, match.re.groups):
        raise RefusedError("named and unnamed groups")
    if names:
        return {name: match[name] for name in names}
    return list(match.groups()) if match.re.groups else match[0]


def _regex(pattern: Value, subject: Value) -> Value:
    match = _compiled(pattern, subject).search(text(subject))
    if match is None:
        raise RefusedError("the pattern matches nothing")
    return _captured(match)


def _matches(pattern: Value, subject: Value) -> Iterator[re.Match[str]]:
    """As Go: an empty match right behind another one is none."""
    end = -1
    for match in _compiled(pattern, subject).finditer(text(subject)):
        if match.start() != match.end() or match.start() != end:
            yield match
        end = match.end()


def _regex_replace(subject: Value, pattern: Value, replacement: Value) -> Value:
    found, other = text(subject), text(replacement)
    pieces, start = [""], 0
    for match in _matches(pattern, subject):
        filled = _REPLACED.sub(lambda sign, match=match: _group(match, sign), other)  # type: ignore[misc]
        pieces += [found[start : match.start()], filled]
        start = match.end()
        within(len(pieces) * max(len(other), 1))
    within(sum(map(len, pieces)))
    return "".join([*pieces, found[start:]])


def _group(match: re.Match[str], sign: re.Match[str]) -> str:
    name = sign[1] or sign[2]
    if name is None:
        return "$"
    key = int(name) if name.isdigit() else name
    known = key in match.re.groupindex or (isinstance(key, int) and key <= match.re.groups)
    return (match[key] or "") if known else ""


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "abspath": _abspath,
    "basename": _base,
    "chomp": lambda value: text(value).rstrip("\r\n"),
    "dirname": _dir,
    "endswith": lambda value, end: text(value).endswith(text(end)),
    "indent": _indent,
    "lower": _cased(str.lower),
    "pathexpand": _pathexpand,
    "regex": _regex,
    "regex_replace": _regex_replace,
    "regexall": lambda pattern, subject: [_captured(match) for match in _matches(pattern, subject)],
    "replace": _replace,
    "startswith": lambda value, start: text(value).startswith(text(start)),
    "strcontains": lambda value, part: text(part) in text(value),
    "strrev": lambda value: "".join(graphemes(text(value))[::-1]),
    "substr": _substr,
    "title": _title,
    "trim": lambda value, signs: text(value).strip(text(signs)) if text(signs) else text(value),
    "trimprefix": lambda value, start: text(value).removeprefix(text(start)),
    "trimspace": lambda value: text(value).strip(_SPACES),
    "trimsuffix": lambda value, end: text(value).removesuffix(text(end)),
    "upper": _cased(str.upper),
}

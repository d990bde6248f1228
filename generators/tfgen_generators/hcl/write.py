"""Values -> canonical HCL text: what `terraform fmt` would leave as it is.

Text is data. A plain string never becomes syntax or an expression, whatever stands in it; an expression
appears only where the code above says `Reference`.
Source: the HCL native syntax specification (quoted templates) and `terraform fmt`'s alignment rule.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias, Union

import msgspec

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_WORDS = frozenset({"for", "if", "in", "null", "true", "false"})
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
# What an editor or a terminal would not show as itself: C0, DEL, C1, zero-width and bidirectional signs, line
# separators, surrogates, non-characters, tags.
_SPECIAL = (
    r'[\\"\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff'
    r"\ud800-\udfff\U000e0000-\U000e007f]|[$%]+\{"
)

_TRAILING_SIGN = re.compile(r"(?<![$%])[$%]+$")  # before an interpolation it would turn `${` into a literal
#: A list of plain values stays on one line up to this width.
_LINE_WIDTH = 100
#: Go's Unicode normalisation, which Terraform applies to every text, breaks longer runs of combining signs
#: (UAX #15, Stream-Safe Text Format).
_LONGEST_RUN = 30


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """A Terraform expression that the code wants, such as `local.account_id`."""

    expression: str


Part = str | Reference


class Interpolated(msgspec.Struct, frozen=True, kw_only=True):
    """A string with references in it: `"${local.account_id}-x"`."""

    parts: tuple[Part, ...]


Scalar = str | bool | int | float | Interpolated | Reference
Value: TypeAlias = Union[Scalar, Sequence["Value"], Mapping[str, "Value"]]  # noqa: UP007 (a string has no |)


def is_identifier(text: str) -> bool:
    """Whether `text` can be a module label or a bare key (ASCII only: the labels become names in AWS)."""
    return _IDENTIFIER.fullmatch(text) is not None


def quote(value: str | Interpolated) -> str:
    """A quoted template whose value is exactly `value`; a bare expression where that is all there is."""
    if isinstance(value, str):
        return f'"{_escape(value)}"'
    if len(value.parts) == 1 and isinstance(value.parts[0], Reference):
        return value.parts[0].expression  # fmt takes `"${x}"` apart
    text = ""
    for part in value.parts:
        if isinstance(part, Reference):
            text = _TRAILING_SIGN.sub(_as_unicode, text) + f"${{{part.expression}}}"
        else:
            text += _escape(part)
    return f'"{text}"'


def why_changed(text: str) -> str:
    """Why Terraform would not carry `text` as it is; "" when it would."""
    if text.isascii():
        return ""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "it is not UTF-8"
    if unicodedata.normalize("NFC", text) != text:
        return "it is not in Unicode's composed form (NFC), and Terraform would change it"
    run = 0
    for sign in unicodedata.normalize("NFD", text):
        run = run + 1 if unicodedata.combining(sign) else 0
        if run > _LONGEST_RUN:
            return f"it has more than {_LONGEST_RUN} combining signs in a row, and Terraform would change it"
    return ""


def block(kind: str, label: str, groups: Sequence[Sequence[tuple[str, Value]]]) -> str:
    """One block with a label; each group of attributes is aligned by itself, a blank line between groups."""
    lines = [f"{kind} {quote(label)} {{"]
    for number, group in enumerate(group for group in groups if group):
        if number:
            lines.append("")
        lines += _attributes(group, "  ")
    lines.append("}\n")
    return "\n".join(lines)


def is_one_line(value: Value) -> bool:
    """Whether `value` is written on the line of its key."""
    return isinstance(value, Scalar) or _one_line(value) is not None


def comment(text: str) -> str:
    """One comment line: nothing in `text` can end it."""
    return "# " + re.sub(_SPECIAL, lambda match: _escape_control(match.group()), text)


def _attributes(pairs: Sequence[tuple[str, Value]], pad: str) -> Iterator[str]:
    """The lines of `pairs` of key (as written) and value; consecutive ones of one line are aligned, as by fmt."""
    run: list[tuple[str, str]] = []
    for key, value in pairs:
        text = _one_line(value)
        if text is not None:
            run.append((key, text))
            continue
        yield from _aligned(run, pad)
        run = []
        yield from _many_lines(f"{pad}{key} = ", value, pad)
    yield from _aligned(run, pad)


def _aligned(run: Sequence[tuple[str, str]], pad: str) -> Iterator[str]:
    width = max((len(key) for key, _ in run), default=0)
    return (f"{pad}{key.ljust(width)} = {text}" for key, text in run)


def _one_line(value: Value) -> str | None:
    """`value` as it stands behind its key; None when it needs lines of its own."""
    if isinstance(value, str | Interpolated):
        return quote(value)
    if isinstance(value, Reference):
        return value.expression
    if isinstance(value, Mapping):
        return None if value else "{}"
    if isinstance(value, Sequence):
        return _one_line_list(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value or abs(value))  # no -0.0, which is 0 to some of Terraform's readers


def _one_line_list(items: Sequence[Value]) -> str | None:
    if any(isinstance(item, Mapping | list | tuple) and item for item in items):
        return None
    text = f"[{', '.join(_one_line(item) or '' for item in items)}]"
    return text if len(text) <= _LINE_WIDTH else None


def _many_lines(start: str, value: Value, pad: str, end: str = "") -> Iterator[str]:
    """A map or a list, one item a line."""
    inner = pad + "  "
    if isinstance(value, Mapping):
        yield start + "{"
        yield from _attributes([(_key(name), value[name]) for name in sorted(value)], inner)
        yield f"{pad}}}{end}"
    elif isinstance(value, Sequence):
        yield start + "["
        for item in value:
            text = _one_line(item)
            if text is None:
                yield from _many_lines(inner, item, inner, ",")
            else:
                yield f"{inner}{text},"
        yield f"{pad}]{end}"


def _key(name: str) -> str:
    """A map's key: quoted unless it is a plain word that means nothing else there."""
    if name not in _WORDS and is_identifier(name):
        return name
    # fmt aligns by grapheme clusters: from U+0300 on a sign may be less than one.
    return "".join(_code_point(sign) if sign == "\u00ad" or sign >= "\u0300" else sign for sign in quote(name))


def _escape(text: str) -> str:
    return re.sub(_SPECIAL, lambda match: _escape_special(match.group()), text)


def _escape_special(found: str) -> str:
    if found[-1] == "{":
        # Not `$${`: what `$$${` means depends on what stands before it, and python-hcl2 (8.1.4) fails on some.
        # A sign by its code point is one sign everywhere.
        return re.sub(r"[$%]", _as_unicode, found)
    return _ESCAPES.get(found) or _code_point(found)


def _code_point(sign: str) -> str:
    number = ord(sign)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def _as_unicode(match: re.Match[str]) -> str:
    return "".join(_code_point(sign) for sign in match.group())


def _escape_control(found: str) -> str:
    return found if found[-1] in '\\"{' else _escape_special(found)

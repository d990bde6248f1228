"""Values -> canonical HCL text: what `terraform fmt` would leave as it is.

Text is data. A plain string never becomes syntax or an expression, whatever stands in it; an expression
appears only where the code above says `Reference`.
Source: the HCL native syntax specification (quoted templates) and `terraform fmt`'s alignment rule.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
# Everything that an editor or a terminal would not show as itself: C0, DEL, C1, line separators, surrogates.
_SPECIAL = re.compile(r'[\\"\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]|[$%]+\{')

_TRAILING_SIGN = re.compile(r"[$%]+$")  # before an interpolation it would turn `${` into a literal


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A Terraform expression that the code wants, such as `local.account_id`."""

    expression: str


Part = str | Reference


@dataclass(frozen=True, kw_only=True)
class Interpolated:
    """A string with references in it: `"${local.account_id}-x"`."""

    parts: tuple[Part, ...]


Value = str | Interpolated | Mapping[str, str]


def is_identifier(text: str) -> bool:
    """Whether `text` can be a module label or a bare key (ASCII only: the labels become names in AWS)."""
    return _IDENTIFIER.fullmatch(text) is not None


def quote(value: str | Interpolated) -> str:
    """A quoted template whose value is exactly `value`."""
    if isinstance(value, str):
        return f'"{_escape(value)}"'
    text = ""
    for part in value.parts:
        if isinstance(part, Reference):
            text = _TRAILING_SIGN.sub(_as_unicode, text) + f"${{{part.expression}}}"
        else:
            text += _escape(part)
    return f'"{text}"'


def block(kind: str, label: str, groups: Sequence[Sequence[tuple[str, Value]]]) -> str:
    """One block with a label; each group of attributes is aligned by itself, a blank line between groups."""
    lines = [f"{kind} {quote(label)} {{"]
    for number, group in enumerate(group for group in groups if group):
        if number:
            lines.append("")
        lines += _attributes(group, indent=1)
    lines.append("}")
    return "\n".join(lines) + "\n"


def comment(text: str) -> str:
    """One comment line: nothing in `text` can end it."""
    return "# " + _SPECIAL.sub(lambda match: _escape_control(match.group()), text)


def _attributes(pairs: Sequence[tuple[str, Value]], *, indent: int) -> list[str]:
    keys = [key if is_identifier(key) else quote(key) for key, _ in pairs]
    width = max((len(key) for key in keys), default=0)
    pad = "  " * indent
    lines: list[str] = []
    for key, (_, value) in zip(keys, pairs, strict=True):
        if isinstance(value, str | Interpolated):
            lines.append(f"{pad}{key.ljust(width)} = {quote(value)}")
        else:
            lines += [f"{pad}{key.ljust(width)} = {{", *_attributes(sorted(value.items()), indent=indent + 1)]
            lines.append(f"{pad}}}")
    return lines


def _escape(text: str) -> str:
    return _SPECIAL.sub(lambda match: _escape_special(match.group()), text)


def _escape_special(found: str) -> str:
    if found[-1] == "{":
        # Not `$${`: what `$$${` means depends on what stands before it, and python-hcl2 (8.1.4) fails on some.
        # A sign by its code point is one sign everywhere.
        return re.sub(r"[$%]", _as_unicode, found)
    return _ESCAPES.get(found, f"\\u{ord(found):04x}")


def _as_unicode(match: re.Match[str]) -> str:
    return "".join(f"\\u{ord(sign):04x}" for sign in match.group())


def _escape_control(found: str) -> str:
    return found if found[-1] in '\\"{' else _escape_special(found)

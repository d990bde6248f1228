"""Bytes that are no UTF-8 text: Packer does not read them."""

from __future__ import annotations

from tfgen_generators.packer.model import NotATemplateError


def check_utf_8(data: bytes) -> None:
    """Raises NotATemplateError for UTF-16 and UTF-32, with or without their mark: of UTF-8 they are full of zeros."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:4]:
        raise NotATemplateError("UTF-16 text, which Packer does not read: not a template (save it as UTF-8)")


def not_utf_8(data: bytes, at: int) -> NotATemplateError:
    """For a byte that no UTF-8 text has: Latin-1, or no text at all."""
    line = data.count(b"\n", 0, at) + 1
    return NotATemplateError(f"not UTF-8 text (line {line}), which Packer does not read: not a template")

"""Files of values: the names that they set."""

from __future__ import annotations


def names_set(name: str, data: bytes) -> list[str]:
    """The names that a file of values sets; none when it cannot be read."""
    from tfgen_generators.packer.model import BrokenTemplateError, NotATemplateError
    from tfgen_generators.packer.syntax.hcl_reader import read_native
    from tfgen_generators.packer.syntax.json_reader import Pairs, load

    try:
        if name.endswith(".json"):
            document = load(data)
            return [key for key, _ in document] if isinstance(document, Pairs) else []
        return list(read_native(data.removeprefix(b"\xef\xbb\xbf")).attributes)
    except (BrokenTemplateError, NotATemplateError, UnicodeDecodeError, RecursionError):
        return []

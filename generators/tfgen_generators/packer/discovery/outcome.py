"""Bytes -> what one candidate file is: a legacy template, a piece of HCL2, something else, or broken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import msgspec

from tfgen_generators.packer.details import encode_details
from tfgen_generators.packer.facts import Facts, check_top_level, facts_of
from tfgen_generators.packer.model import (
    GENERATOR_INPUT,
    BrokenTemplateError,
    Format,
    NotATemplateError,
    is_generator_input,
)

if TYPE_CHECKING:
    from tfgen_generators.packer.syntax.syntax import Body

#: Packer's key in any case, as Unicode folds it: the long s too.
_ANY_CASE = re.compile(rb'"builder(?:s|\xc5\xbf)"', re.IGNORECASE)

Status = Literal["legacy", "hcl2", "other", "broken"]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What reading one file gave. `digest` is the SHA-256 of its bytes, `message` why it is "other" or "broken".

    `details` are encoded (`decode_details`), b"" where nobody wanted them. `alike`: an "other" file looks like one of
    Packer's, so that a repository without any template is not well.
    """

    status: Status
    digest: str
    builders: tuple[str, ...] = ()
    facts: Facts | None = None
    message: str = ""
    line: int = 0
    fix: str = ""
    details: bytes = b""
    alike: bool = False


def read_file(data: bytes, form: Format, digest: str, *, details: bool) -> Outcome:
    """What `data` is, read as the format that its name stands for; its `details` where they are wanted."""
    try:
        if form == "json":
            return _legacy(data, digest, details=details)
        return _hcl2(data, form, digest, details=details)
    except NotATemplateError as reason:
        return Outcome(status="other", digest=digest, message=str(reason), alike=_is_alike(data, form))
    except BrokenTemplateError as error:
        return Outcome(status="broken", digest=digest, message=error.message, line=error.line, fix=error.fix)
    except (RecursionError, OverflowError):
        return Outcome(status="broken", digest=digest, message="nested too deeply", line=1)


def _is_alike(data: bytes, form: Format) -> bool:
    """Packer's endings are nobody else's; a JSON file looks like a template by its builders, in UTF-16 as well."""
    return form != "json" or looks_like_packer(data)


def looks_like_packer(data: bytes) -> bool:
    """Whether a JSON file has a key like that of builders."""
    return _names_builders(data.replace(b"\0", b""))


def _names_builders(data: bytes) -> bool:
    return b'"builders"' in data or (b'"builder' in data.lower() and _ANY_CASE.search(data) is not None)


def _legacy(data: bytes, digest: str, *, details: bool) -> Outcome:
    if not _names_builders(data) and b"\\u" not in data and _is_object(data):
        raise NotATemplateError("no builders: not a Packer template")
    from tfgen_generators.packer.legacy import legacy_details, read_legacy

    builders, root = read_legacy(data)
    found = encode_details(legacy_details(root)) if details else b""
    return Outcome(status="legacy", digest=digest, builders=builders, details=found)


def _is_object(data: bytes) -> bool:
    """Whether it is whole JSON: much faster to find out than to read it with its positions."""
    try:
        msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _hcl2(data: bytes, form: Format, digest: str, *, details: bool) -> Outcome:
    body = _json_body(data) if form == "hcl2-json" else _native_body(data)
    check_top_level(body)
    facts = facts_of(body)
    if not details:
        return Outcome(status="hcl2", digest=digest, facts=facts)
    from tfgen_generators.packer.details import details_of

    return Outcome(status="hcl2", digest=digest, facts=facts, details=encode_details(details_of(body)))


def _json_body(data: bytes) -> Body:
    from tfgen_generators.packer.syntax.json_reader import Pairs, line_of_key, load, read_json_body

    document = load(data, what="build")
    keys = [key for key, _ in document if key.casefold() == "builders"] if isinstance(document, Pairs) else []
    if keys:
        raise BrokenTemplateError(
            "legacy JSON template named .pkr.json, which Packer reads as HCL2",
            line_of_key(data, keys[0]),
            "rename it to .json",
        )
    return read_json_body(document)


def _native_body(data: bytes) -> Body:
    from tfgen_generators.packer.syntax.hcl_reader import in_utf_8, read_native

    data = in_utf_8(data.removeprefix(b"\xef\xbb\xbf"))
    try:
        return read_native(data)
    except BrokenTemplateError:
        if is_generator_input(data.decode()):
            raise NotATemplateError(f"{GENERATOR_INPUT}, not HCL") from None
        raise

"""Rules about AWS's limits of names, descriptions and tags.

Source: EC2's API reference, "RegisterImage" and "CreateImage" (Name: 3 to 128 characters, letters, digits and
`()[] ./-'@_`; Description: 255), and "Tag your Amazon EC2 resources" (50 tags; keys 128, values 256, not `aws:`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.scope import Scope
from tfgen_generators.lint.templates.nodes import Node
from tfgen_generators.lint.templates.source import Component, Source, sources
from tfgen_generators.lint.templates.values import Values
from tfgen_generators.packer.syntax.actions import actions
from tfgen_generators.packer.syntax.values import Expression, Value, as_text

_SHORTEST, _LONGEST = 3, 128
_DESCRIPTION = 255
_MOST_TAGS, _TAG_KEY, _TAG_VALUE = 50, 128, 256
_WRONG = re.compile(r"[^A-Za-z0-9()\[\] ./\-'@_]")
_ALLOWED = "letters, digits and ()[] ./-'@_"
_DEEPEST = 30
_TAGS = ("tags", "snapshot_tags", "run_tags", "run_volume_tags", "spot_tags", "fleet_tags")


def _check(scope: Scope) -> Iterator[Finding]:
    for source in sources(scope):
        for builder in source.builders:
            if builder.makes_ami:
                for node, message, fix in _of_builder(source, builder):
                    name = source.template.name
                    line = node.line
                    yield Finding(rule="name-limits", path=node.path, line=line, message=message, fix=fix, image=name)


def _of_builder(source: Source, builder: Component) -> Iterator[tuple[Node, str, str]]:
    if (node := builder.node.find("ami_name")) is not None:
        yield from ((node, *found) for found in name_problems(source.values, node.value()))
    if (node := builder.node.find("ami_description")) is not None:
        length, _ = length_of(source.values, node.value())
        if length > _DESCRIPTION:
            yield node, f"ami_description has {length} characters or more; AWS allows {_DESCRIPTION}", "shorten it"
    for setting in _TAGS:
        node = builder.node.find(setting)
        tags = source.values.known(node.value()) if node is not None else None
        if node is not None and isinstance(tags, dict):
            yield from ((node, f"{setting}: {message}", fix) for message, fix in tag_problems(source.values, tags))


def name_problems(values: Values, value: Value) -> Iterator[tuple[str, str]]:
    """What AWS would refuse in an AMI's name, as far as it is known: messages, each with what to do."""
    length, whole = length_of(values, value)
    wrong = sorted({match.group() for piece in _pieces(values, value) for match in _WRONG.finditer(piece or "")})
    if wrong:
        shown = " ".join(map(repr, wrong))
        yield (
            f"ami_name contains {shown}, which AWS does not allow",
            f"use only {_ALLOWED}; clean_resource_name() replaces other characters",
        )
    if length > _LONGEST:
        yield f"ami_name has {length} characters{'' if whole else ' or more'}; AWS allows {_LONGEST}", "shorten it"
    if whole and 0 < length < _SHORTEST:
        yield f"ami_name has {length} character{'s' * (length > 1)}; AWS requires {_SHORTEST} or more", "lengthen it"


def tag_problems(values: Values, tags: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    """What AWS would refuse in tags, as far as they are known."""
    if len(tags) > _MOST_TAGS:
        yield f"{len(tags)} tags; AWS allows {_MOST_TAGS}", "remove some"
    for key, value in tags.items():
        if len(key) > _TAG_KEY:
            yield f"the key {key[:20]!r}... has {len(key)} characters; AWS allows {_TAG_KEY}", "shorten it"
        if key.lower().startswith("aws:"):
            yield f"the key {key!r} begins with aws:, which is reserved by AWS", "rename it"
        length, whole = length_of(values, value)
        if length > _TAG_VALUE:
            more = "" if whole else " or more"
            yield f"the value of {key} has {length} characters{more}; AWS allows {_TAG_VALUE}", "shorten it"


def length_of(values: Values, value: Value) -> tuple[int, bool]:
    """How many characters are known, and whether those are all."""
    pieces = list(_pieces(values, value))
    return sum(len(piece) for piece in pieces if piece is not None), None not in pieces


def _pieces(values: Values, value: Value, depth: int = 0) -> Iterator[str | None]:
    """The texts that are certainly in it, and None for each that is not known."""
    found = values.known(value)
    if isinstance(found, str):
        start = 0
        for action in actions(found):
            yield from (found[start : action.start], None)
            start = action.end
        yield found[start:]
    elif isinstance(found, Expression) and found.op == "template" and depth < _DEEPEST:
        for part in found.args:
            yield from _pieces(values, part, depth + 1)
    elif isinstance(found, bool | int | float):
        yield as_text(found)
    else:
        yield None


RULES = (
    Rule(
        id="name-limits",
        severity="error",
        summary="AWS rejects the name, the description or a tag of an image",
        check=_check,
        by_template=True,
    ),
)

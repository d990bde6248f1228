"""A rule about filters for the source AMI that can match several images.

Source: the amazon plugin, `builder/common/ami_filter.go` ("Your query returned more than one result"), and EC2's
"List and filter your resources": `*` and `?` in a filter's value are wildcards, behind a backslash they are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.templates.nodes import Node
from tfgen_generators.lint.templates.source import Source, sources

if TYPE_CHECKING:
    from tfgen_generators.lint.scope import Scope

_WILDCARD = re.compile(r"(?<!\\)(?:\\\\)*[*?]")


def filter_tables(source: Source) -> Iterator[Node]:
    """Every filter that decides on a source AMI: of the builders without `source_ami`, and the data sources."""
    for builder in source.builders:
        if builder.kind.startswith("amazon-") and builder.node.get("source_ami") in (None, ""):
            yield from builder.node.tables("source_ami_filter")
    yield from (data.node for data in source.data_sources if data.kind == "amazon-ami")


def _no_most_recent(scope: Scope) -> Iterator[Finding]:
    for source in sources(scope):
        seen: set[tuple[str, int]] = set()
        for table in filter_tables(source):
            node = _wildcard(source, table)
            if source.values.flag(table.get("most_recent")) is not False or node is None:
                continue
            if (node.path, node.start) in seen:
                continue  # several builders of one source
            seen.add((node.path, node.start))
            yield Finding(
                rule="no-most-recent",
                path=node.path,
                line=node.line,
                message=f"the filter matches every image named {source.values.text(node.value())!r}, and Packer refuses"
                " more than one: the build fails when the second is published",
                fix="add most_recent = true, or name one image",
                image=source.template.name,
            )


def _wildcard(source: Source, table: Node) -> Node | None:
    """The value of a filter by name that is a pattern, unless another filter names one image."""
    filters = table.find("filters")
    written = {str(key).lower(): node for key, node in (filters.kids or {}).items()} if filters is not None else {}
    if "image-id" in written:
        return None
    name = written.get("name")
    if name is None:
        tags = (node for key, node in written.items() if key.startswith("tag:"))
        return next((node for node in tags if _WILDCARD.search(source.values.text(node.value()) or "")), None)
    return name if _WILDCARD.search(source.values.text(name.value()) or "") else None


RULES = (
    Rule(
        id="no-most-recent",
        severity="warning",
        summary="A filter for the source AMI can match several images, and most_recent is not set",
        check=_no_most_recent,
        by_template=True,
    ),
)

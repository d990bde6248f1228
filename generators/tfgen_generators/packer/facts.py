"""What one HCL2 file (native or JSON) says that matters for telling templates apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: The blocks that may stand at the top of a Packer file. Source: `configSchema` in Packer's hcl2template/parser.go.
TOP_LEVEL = frozenset(
    {
        "build",
        "communicator",
        "data",
        "hcp_packer_registry",
        "local",
        "locals",
        "packer",
        "source",
        "variable",
        "variables",
    }
)
#: How many names follow the first one in a reference. Not `source`: in an expression it is the running build's
#: (`source.name`), or the iterator of a `dynamic "source"`; builds name their sources as text.
REFERENCE_LENGTH = {"var": 1, "local": 1, "data": 2}
#: What only the input of a generator (Jinja, Go templates) has.
GENERATOR_STATEMENT = re.compile(r"\{%-?\s*(?:if|for|set|macro|include|import|from|block|extends|raw|with)\b")
GENERATOR_INPUT = "input of a generator (Jinja or Go template)"


class BrokenTemplateError(Exception):
    """A template's text cannot be read; `line` is 1-based."""

    def __init__(self, message: str, line: int, fix: str = "") -> None:
        super().__init__(message)
        self.message, self.line, self.fix = message, line, fix


class NotATemplateError(Exception):
    """The file is something else; the message is the reason that `list` shows."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One file: what it declares, what it needs from somewhere, and whether it builds.

    Declarations and needs are dotted: `var.region`, `local.stamp`, `source.amazon-ebs.web`, `data.amazon-ami.base`.
    `needs` maps each to the line on which it is needed first; what a source block needs stands apart, by source,
    because Packer looks at it only when a build uses that source. `sources` are those that builds name as text;
    with `computed_sources`, builds may use others too. `required` are variables without a default.
    """

    blocks: frozenset[str]
    declares: frozenset[str]
    needs: Mapping[str, int]
    source_needs: Mapping[str, Mapping[str, int]]
    sources: frozenset[str]
    computed_sources: bool = False
    required: frozenset[str] = frozenset()

    @property
    def has_build(self) -> bool:
        return "build" in self.blocks

    @property
    def own_sources(self) -> frozenset[str]:
        return frozenset(name for name in self.declares if name.startswith("source."))

    def needed(self, used: frozenset[str] | None) -> dict[str, int]:
        """Everything that a template needs of this file which uses the sources `used` (None: any)."""
        needs = dict(self.needs)
        for source, inner in self.source_needs.items():
            if used is None or source in used:
                for name, line in inner.items():
                    needs.setdefault(name, line)
        return needs


def used_sources(files: Iterable[Facts]) -> frozenset[str] | None:
    """The sources that these files' builds use; None when that must be computed."""
    builds = [file for file in files if file.has_build]
    if any(file.computed_sources for file in builds):
        return None
    return frozenset[str]().union(*(file.sources for file in builds))


def source_name(written: str) -> str:
    """Packer takes `TYPE.NAME`, and any word before it (`source.`, `sources.`); "" for anything else."""
    parts = written.split(".")
    if len(parts) not in (2, 3) or not all(parts):
        return ""
    return ".".join(["source", *parts[-2:]])

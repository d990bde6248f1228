"""What one HCL2 file (native or JSON) says that matters for telling templates apart."""

from __future__ import annotations

from dataclasses import dataclass

#: The blocks that may stand at the top of a Packer file. Source: https://developer.hashicorp.com/packer/docs/templates/hcl_templates/blocks
TOP_LEVEL = frozenset({"build", "data", "local", "locals", "packer", "source", "variable", "variables"})
#: How many names follow the first one in a reference.
REFERENCE_LENGTH = {"var": 1, "local": 1, "data": 2, "source": 2}


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
    `needs` maps each to the line on which it is needed first. `sources` are those that its builds name.
    """

    blocks: frozenset[str]
    declares: frozenset[str]
    needs: dict[str, int]
    sources: frozenset[str]

    @property
    def has_build(self) -> bool:
        return "build" in self.blocks

    @property
    def missing(self) -> frozenset[str]:
        """What it does not declare itself."""
        return frozenset(self.needs) - self.declares


def source_name(written: str) -> str:
    """Packer takes `source.TYPE.NAME` and `TYPE.NAME`; "" for anything else."""
    name = written if written.startswith("source.") else f"source.{written}"
    return name if name.count(".") == 2 and all(name.split(".")) else ""

"""What one HCL2 file (native or JSON) says that matters for telling templates apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from tfgen_generators.nearest import did_you_mean
from tfgen_generators.packer.model import (
    GENERATOR_INPUT,
    BrokenTemplateError,
    NotATemplateError,
)
from tfgen_generators.packer.syntax.values import Expression, Value

if TYPE_CHECKING:
    from tfgen_generators.packer.syntax.syntax import Block, Body

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
#: Blocks that Packer does not have and other tools do.
_FOREIGN = frozenset(
    {
        "check",
        "dependency",
        "generate",
        "import",
        "include",
        "job",
        "module",
        "moved",
        "output",
        "provider",
        "remote_state",
        "removed",
        "resource",
        "terraform",
    }
)

_OTHER_TOOL = "HCL of another tool: no Packer block"
#: What a block declares for its neighbours, and how a reference to it begins.
_DECLARING = {"variable": "var", "source": "source", "data": "data", "local": "local"}
#: Values with something inside.
_COMPOUND = (Expression, list, dict)
#: Blocks that `only` and `except` leave out.
_CHOSEN, _CHOOSING = ("provisioner", "post-processor"), ("only", "except")
_TRYING = ("try", "can")
_DECLARING_ATTRIBUTES = {"variables": "var", "locals": "local"}


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """One file: what it declares, what it needs from somewhere, and whether it builds.

    Declarations and needs are dotted: `var.region`, `local.stamp`, `source.amazon-ebs.web`, `data.amazon-ami.base`.
    `needs` maps each to the line on which it is needed first; what a source block needs stands apart, by source,
    because Packer looks at it only when a build uses that source. `sources` are those that builds name as text;
    with `computed_sources`, builds may use others too. `required` are variables without a default. `tolerated` are
    needs that Packer may never look at, so that nobody has to declare them.
    """

    blocks: frozenset[str]
    declares: frozenset[str]
    needs: Mapping[str, int]
    source_needs: Mapping[str, Mapping[str, int]]
    sources: frozenset[str]
    computed_sources: bool = False
    required: frozenset[str] = frozenset()
    tolerated: frozenset[str] = frozenset()

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
    """Packer takes `TYPE.NAME`, or the second and third of more words (`source.TYPE.NAME`); "" for anything else."""
    parts = written.split(".")
    parts = parts[1:3] if len(parts) > 2 else parts
    return ".".join(["source", *parts]) if len(parts) == 2 and all(parts) else ""


def check_top_level(body: Body) -> None:
    """Raises NotATemplateError for values and for other tools' HCL, BrokenTemplateError for a misspelt block."""
    has_marks = any("{{" in label for block in body.blocks for label in block.labels)
    if not body.attributes and not has_marks and all(block.kind in TOP_LEVEL for block in body.blocks):
        return
    items = [
        *(("attribute", name, body.lines[name]) for name in body.attributes),
        *(("block", block.kind, block.line) for block in body.blocks),
    ]
    unknown = sorted((line, kind, name) for kind, name, line in items if kind == "attribute" or name not in TOP_LEVEL)
    if has_marks:
        raise NotATemplateError(GENERATOR_INPUT)
    if not unknown:
        return
    line, kind, name = unknown[0]
    foreign = any(word in _FOREIGN and (what == "block" or not at) for at, what, word in unknown)
    if foreign and not any(body.of("build")):
        raise NotATemplateError(_OTHER_TOOL)
    if not body.blocks:
        raise NotATemplateError("variable values, not a template")
    hint = did_you_mean(name, TOP_LEVEL)
    if len(unknown) == len(items) and not hint.startswith("did you mean"):
        raise NotATemplateError(_OTHER_TOOL)
    raise BrokenTemplateError(f"{kind} {name!r} is not allowed at the top level of a Packer file", line, hint)


def facts_of(body: Body) -> Facts:
    """Facts of one file's body. Raises BrokenTemplateError when something is declared twice."""
    needs: dict[str, int] = {}
    source_needs: dict[str, dict[str, int]] = {}
    sources: set[str] = set()
    computed = is_chosen = False
    for block in body.blocks:
        target = source_needs.setdefault(f"source.{block.address}", {}) if block.kind == "source" else needs
        found = block.body.expressions()
        for name, line in (named for one in found for named in _named(one)):
            target.setdefault(name, block.line and (line or block.line))  # 0 in JSON
        is_chosen = is_chosen or any(map(_chooses, found)) or _has_chosen(block.body)
        if block.kind == "build":
            named, unknown = sources_of(block)
            computed = computed or unknown
            for name, line in named:
                sources.add(name)
                needs.setdefault(name, line)
    return Facts(
        blocks=frozenset(block.kind for block in body.blocks),
        declares=frozenset(_declared(body)),
        needs=needs,
        source_needs=source_needs,
        sources=frozenset(sources),
        computed_sources=computed,
        required=frozenset(f"var.{name}" for name, default in variables(body) if default is None),
        tolerated=_tolerated(body, [needs, *source_needs.values()], sources) if is_chosen else frozenset(),
    )


def _tolerated(body: Body, needs: Iterable[Mapping[str, int]], sources: Iterable[str]) -> frozenset[str]:
    """What of `needs` Packer may never look at; nothing where nothing in the file is a matter of choice."""
    demanded = {*sources, *(name for block in body.blocks for name in _demanded(block.body))}
    return frozenset(name for found in needs for name in found) - demanded


def _chooses(found: Expression) -> bool:
    return found.op == "if" or (found.op == "call" and found.args[0] in _TRYING)


def _has_chosen(body: Body) -> bool:
    return any(_is_chosen(block) or _has_chosen(block.body) for block in body.blocks)


def _is_chosen(block: Block) -> bool:
    return block.kind in _CHOSEN and not block.body.attributes.keys().isdisjoint(_CHOOSING)


def _demanded(body: Body) -> Iterator[str]:
    """The references that Packer refuses where nothing declares them.

    Not within `try` and `can`, and not what a condition chooses from. A provisioner that is for some sources only may
    be for none.
    """
    yield from (name for value in body.attributes.values() for found in _looked_at(value) for name, _ in _named(found))
    for block in body.blocks:
        if not _is_chosen(block):
            yield from _demanded(block.body)


def _looked_at(value: Value) -> Iterator[Expression]:
    """Every expression in `value` that is always evaluated."""
    stack: list[Value] = [value] if isinstance(value, _COMPOUND) else []
    while stack:
        current = stack.pop()
        if isinstance(current, Expression):
            yield current
            if current.op == "if":
                stack += current.args[:1]
            elif current.op != "call" or current.args[0] not in _TRYING:
                stack += current.args
        elif isinstance(current, list):
            stack += current
        elif isinstance(current, dict):
            stack += current.values()


def variables(body: Body) -> Iterator[tuple[str, tuple[Value] | None]]:
    """Every variable of a file with its default in a tuple, None for one without (Packer then demands a value)."""
    for block in body.of("variable", "variables"):
        if block.kind == "variables":
            yield from ((name, (value,)) for name, value in block.body.attributes.items())
        elif block.labels:
            has_default = "default" in block.body.attributes
            yield block.labels[0], (block.body.attributes["default"],) if has_default else None


def _named(found: Expression) -> tuple[tuple[str, int], ...]:
    """`var.x`, `local.x` or `data.type.name`, with which a reference begins, and its line (0 when unknown)."""
    if found.op == "ref":
        length = REFERENCE_LENGTH.get(str(found.args[0]), 0)
        if length and len(found.args) > length:
            return ((".".join(map(str, found.args[: length + 1])), found.line),)
    return ()


def sources_of(build: Block) -> tuple[list[tuple[str, int]], bool]:
    """The sources that a build names as text, each with a line, and whether it uses others too."""
    written: list[tuple[Value, int]] = []
    computed = False
    lists: list[tuple[Value, int]] = []
    if "sources" in build.body.attributes:
        lists.append((build.body.attributes["sources"], build.body.lines["sources"]))
    for block in build.body.of("source", "dynamic"):
        if block.kind == "source":
            written += [(label, block.line) for label in block.labels[:1]]
        elif block.labels == ("source",):
            if "labels" in block.body.attributes:
                lists.append((block.body.attributes["labels"], block.line))
            else:
                computed = True
    for value, line in lists:
        if not isinstance(value, list):
            computed = True
            continue
        computed = computed or any(isinstance(item, Expression) for item in value)
        written += [(item, line) for item in value if isinstance(item, str)]
    named = [(source_name(text), line) for text, line in written if isinstance(text, str)]
    return [(name, line) for name, line in named if name], computed


def _declared(body: Body) -> set[str]:
    """Every declaration of the file. Raises BrokenTemplateError when something is declared twice."""
    found: set[str] = set()
    for block in body.blocks:
        if block.kind in _DECLARING:
            names = [(".".join([_DECLARING[block.kind], *block.labels]), block.line)]
        else:
            root = _DECLARING_ATTRIBUTES.get(block.kind)
            names = [(f"{root}.{name}", block.body.lines[name]) for name in block.body.attributes] if root else []
        for name, line in names:
            if name in found:
                raise BrokenTemplateError(f"{name} is declared twice in this file", line or 1, "remove one")
            found.add(name)
    return found

"""What a buildspec says of the files that its builds read: its variables, and the paths in its commands."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from tfgen_generators.paths.values.sources import ANY_UNSET
from tfgen_generators.trees.linked import LinkedTree

#: A file of values whose name a build computes.
_COMPUTED_VALUES = re.compile(r"-var-file[=\s][\"']?[^\s;|&]*[$`]")
#: How deep collections may be in one another.
_DEEPEST = 100


class Buildspec(msgspec.Struct, frozen=True, kw_only=True):
    """One buildspec. `commands` are its texts in the order of the phases, `assigned` variables that they set.

    `is_one_shell`: all run in one shell, so that a `cd` holds for the next (version 0.2).
    """

    path: str
    variables: dict[str, str] = {}
    commands: tuple[str, ...] = ()
    is_one_shell: bool = True
    assigned: frozenset[str] = frozenset()
    packer_variables: tuple[tuple[str, str], ...] = ()
    problem: str = ""
    line: int = 0


def read_buildspec(tree: LinkedTree, path: str) -> Buildspec:
    """The buildspec at `path`; one that cannot be read has a `problem`."""
    import yaml

    from tfgen_generators.shell.variables import assigned_in, packer_variables

    try:
        text = tree.content(tree.real(path)).decode()
        if deep := _too_deep(text):
            return Buildspec(path=path, problem="is nested too deeply", line=deep)
        root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        return Buildspec(path=path, problem=f"is not valid YAML: {error.problem}", line=mark.line + 1 if mark else 0)
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        return Buildspec(path=path, problem=f"cannot be read: {str(error).splitlines()[0]}")
    commands = list(_commands(root))
    return Buildspec(
        path=path,
        variables=dict(_variables(root)),
        commands=tuple(commands),
        is_one_shell=next(_scalars(_below(root, "version")), "0.2") != "0.1",
        assigned=frozenset(name for command in commands for name in assigned_in(command)),
        packer_variables=(
            *(pair for command in commands for pair in packer_variables(command)),
            *((ANY_UNSET, "$") for command in commands if _COMPUTED_VALUES.search(command)),
        ),
    )


def _too_deep(text: str) -> int:
    """The line on which a text is nested too deeply, else 0: its nodes are made by recursion, on the stack of C."""
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                return event.start_mark.line + 1 if event.start_mark else 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return 0


def _commands(root: object) -> Iterator[str]:
    """Every text below `commands` and `finally` of the phases."""
    for _, phase in _pairs(_below(root, "phases")):
        for key, value in _pairs(phase):
            if key in ("commands", "finally"):
                yield from _scalars(value)


def _variables(root: object) -> Iterator[tuple[str, str]]:
    for key, value in _pairs(_below(_below(root, "env"), "variables")):
        yield key, next(_scalars(value), "")


def _pairs(node: object) -> Iterator[tuple[str, object]]:
    import yaml

    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield str(key.value), value


def _below(node: object, name: str) -> object:
    return next((value for key, value in _pairs(node) if key == name), None)


def _scalars(node: object) -> Iterator[str]:
    import yaml

    if isinstance(node, yaml.ScalarNode):
        yield str(node.value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            if isinstance(item, yaml.ScalarNode):
                yield str(item.value)

"""What a list of tasks names: other tasks, roles, variables, templates, files."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tfgen_generators.ansible.reading.actions import (
    KEYWORDS,
    MAYBE,
    REMOTE,
    SOURCES,
    Action,
    Source,
    action_of,
    first_word,
)
from tfgen_generators.ansible.reading.lookups import Kind, of_lookup, of_nodes, short
from tfgen_generators.ansible.reading.loops import loop_of
from tfgen_generators.ansible.reading.model import DYNAMIC, Load, Manner, Ref
from tfgen_generators.ansible.reading.names import Bindings, patterns
from tfgen_generators.ansible.reading.nodes import Map, Node, Scalar, Seq, scalars

_BLOCKS = ("block", "rescue", "always")
_INCLUDES = ("include_tasks", "import_tasks", "include")
_ARGUMENTS = ("args", "action", "local_action")
_FROM = ("tasks", "vars", "defaults", "handlers")
_BUILTIN = ("ansible.builtin.", "ansible.legacy.")
_LOADS: dict[str, Load] = {
    "template": "template",
    "win_template": "template",
    "include_vars": "vars",
    "include_tasks": "tasks",
    "import_tasks": "tasks",
    "include": "tasks",
}


def of_tasks(node: Node | None, where: str = "tasks") -> Iterator[Ref]:
    """Refs of tasks, blocks and handlers, in order. `where` is `tasks` or `handlers`."""
    todo: list[Node] = [node] if node is not None else []
    seen: set[int] = set()
    while todo:
        node = todo.pop()
        if id(node) in seen or isinstance(node, Scalar):
            continue
        seen.add(id(node))
        if isinstance(node, Seq):
            todo.extend(reversed(node.items))
        elif any(key in node.pairs for key in _BLOCKS):
            todo.extend(node.pairs[key] for key in reversed(_BLOCKS) if key in node.pairs)
            for key, inner in node.pairs.items():
                if key not in _BLOCKS:
                    yield from of_nodes(scalars(inner), {})
        else:
            yield from of_task(node, where)


def of_task(task: Map, where: str) -> Iterator[Ref]:
    """Refs of one task."""
    action = action_of(task)
    builtin = action is not None and ("." not in action.name or action.name.startswith(_BUILTIN))
    load = _LOADS.get(action.short, "") if action else ""
    read = action is not None and (action.short in SOURCES or action.short in _LOADS)
    quiet = task.true("ignore_errors") or task.text("failed_when").lower() in ("false", "no")
    loop = loop_of(task, load, quiet)
    yield from loop.refs
    if action is not None:
        for ref in _of_action(action, loop.bindings, builtin, where):
            yield msgspec.structs.replace(ref, quiet=True) if quiet else ref
    for key, node in task.pairs.items():
        if isinstance(node, Scalar) and "{{" not in node.text and "(" not in node.text:
            continue
        words = not (key.startswith("with_") or (read and (key not in KEYWORDS or key in _ARGUMENTS)))
        yield from of_nodes(scalars(node), loop.bindings, load=load, words=words)
        if key == "vars" and isinstance(node, Map):
            yield from _of_parameters(node, load)


def _of_parameters(variables: Map, load: Load) -> Iterator[Ref]:
    """Variables of a task that look like the parameters of `first_found`."""
    from tfgen_generators.ansible.reading.lookups import first_found_terms

    for name, node in variables.pairs.items():
        if isinstance(node, Map) and "files" in node.pairs:
            names, _ = first_found_terms(node, {})
            label = short(f"{name}: {', '.join(part.text for part in scalars(node))}")
            ref = of_lookup(Kind("first"), names, label, variables.lines[name], quiet=True, load=load)
            if ref is not None:
                yield ref


def _of_action(action: Action, bindings: Bindings, builtin: bool, where: str) -> Iterator[Ref]:
    if builtin and action.short in _INCLUDES:
        yield from _of_include(action, bindings, where)
    elif builtin and action.short in ("include_role", "import_role"):
        yield from _of_role(action, bindings)
    elif builtin and action.short == "include_vars" and action.arguments.text("dir"):
        yield from _of_folder(action, bindings)
    elif action.short in SOURCES:
        yield from _of_source(action, SOURCES[action.short], bindings)
    elif not (action.short in REMOTE and builtin):
        yield from _of_any(action, bindings)


def _text(action: Action, *keys: str) -> tuple[str, int]:
    for key in keys:
        node = action.arguments.pairs.get(key)
        if isinstance(node, Scalar):
            return node.text, node.line
    return action.raw, action.line


def _of_include(action: Action, bindings: Bindings, where: str) -> Iterator[Ref]:
    text, line = _text(action, "file", "_raw_params")
    names = patterns(text.strip(), bindings)
    if text and names:
        manner: Manner = "import" if action.short == "import_tasks" else "tasks"
        label = short(f"{action.short}: {text}")
        yield Ref(manner=manner, names=names, label=label, line=line, where=where, load="tasks", quiet="{{" in text)


def _of_role(action: Action, bindings: Bindings) -> Iterator[Ref]:
    text, line = _text(action, "name", "role")
    rows: list[tuple[tuple[str, str], ...]] = [()]
    for kind in _FROM:
        written = action.arguments.text(f"{kind}_from")
        if written:
            rows = [(*row, (kind, name)) for row in rows for name in patterns(written, bindings)]
    names = patterns(text.strip(), bindings)
    if text and names:
        for row in rows:
            label = short(f"{action.short}: {text}")
            yield Ref(manner="role", names=names, label=label, line=line, options=row, quiet="{{" in text)


def _of_folder(action: Action, bindings: Bindings) -> Iterator[Ref]:
    text, line = _text(action, "dir")
    options = []
    for key in ("extensions", "depth", "ignore_files", "files_matching", "ignore_unknown_extensions"):
        node = action.arguments.pairs.get(key)
        if node is not None and not any("{{" in part.text for part in scalars(node)):
            options.append((key, "\n".join(part.text for part in scalars(node))))
    names = patterns(text, bindings)
    if names:
        label = short(f"include_vars: {text}")
        yield Ref(
            manner="folder",
            names=names,
            label=label,
            line=line,
            load="vars",
            options=tuple(options),
            quiet="{{" in text,
        )


def _of_source(action: Action, source: Source, bindings: Bindings) -> Iterator[Ref]:
    arguments = action.arguments
    remote = "true" if action.short == "assemble" else ""
    if (arguments.text("remote_src") or remote).lower() in ("true", "yes", "on", "1", "y", "t"):
        return
    if action.short == "unarchive" and arguments.text("copy").lower() in ("no", "false"):
        return
    text, line = _text(action, *source.keys)
    free = action.short == "script" and text
    name = first_word(text) if free else text
    names = patterns(name, bindings)
    if names and name and "://" not in name:
        quiet = "{{" in text or action.short in ("synchronize", "uri", "assemble", "patch")
        label = short(f"{action.short}: {text}")
        yield Ref(
            manner="search", names=names, label=label, line=line, where=source.where, load=source.load, quiet=quiet
        )


def _of_any(action: Action, bindings: Bindings) -> Iterator[Ref]:
    """Arguments of a module that this one does not know: literal names of files that are there."""
    for key in MAYBE:
        node = action.arguments.pairs.get(key)
        if isinstance(node, Scalar) and node.text and "\n" not in node.text:
            names = tuple(name for name in patterns(node.text, bindings) if DYNAMIC not in name and name != ".")
            if names:
                label = short(f"{action.short} {key}: {node.text}")
                yield Ref(manner="search", names=names, label=label, line=node.line, where="files", quiet=True)

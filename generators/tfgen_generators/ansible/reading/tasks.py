"""What tasks name: other tasks, roles, variables, templates, files."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tfgen_generators.ansible.reading.actions import (
    FILE_ARGUMENTS,
    KEYWORDS,
    POSSIBLE_FILE_ARGUMENTS,
    REMOTE_MODULES,
    Action,
    FileArgument,
    first_word,
    read_action,
)
from tfgen_generators.ansible.reading.lookups import (
    LookupKind,
    first_found_terms,
    label_of,
    lookup_reference,
    references_in_scalars,
    role_label,
)
from tfgen_generators.ansible.reading.loops import read_loop
from tfgen_generators.ansible.reading.model import DYNAMIC, Load, Reference, ReferenceKind
from tfgen_generators.ansible.reading.nodes import Bindings, Map, Node, Scalar, Seq, scalars
from tfgen_generators.ansible.reading.possible_texts import has_jinja, possible_texts

_BLOCKS = ("block", "rescue", "always")
_INCLUDES = ("include_tasks", "import_tasks", "include")
_ARGUMENTS = ("args", "action", "local_action")
_ROLE_FILES = ("tasks", "vars", "defaults", "handlers")
_BUILTIN = ("ansible.builtin.", "ansible.legacy.")
_LOADS: dict[str, Load] = {
    "template": "template",
    "win_template": "template",
    "include_vars": "vars",
    "include_tasks": "tasks",
    "import_tasks": "tasks",
    "include": "tasks",
}


def references_in_tasks(node: Node | None, subdir: str = "tasks") -> Iterator[Reference]:
    """References of tasks, blocks and handlers, in order. `subdir` is `tasks` or `handlers`."""
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
                    yield from references_in_scalars(scalars(inner), {})
        else:
            yield from references_in_task(node, subdir)


def references_in_task(task: Map, subdir: str) -> Iterator[Reference]:
    """References of one task."""
    action = read_action(task)
    builtin = action is not None and ("." not in action.name or action.name.startswith(_BUILTIN))
    load = _LOADS.get(action.short_name, "") if action else ""
    read = action is not None and (action.short_name in FILE_ARGUMENTS or action.short_name in _LOADS)
    optional = task.is_true("ignore_errors") or task.text("failed_when").lower() in ("false", "no")
    loop = read_loop(task, load, optional)
    yield from loop.references
    if action is not None:
        for ref in _action_references(action, loop.bindings, builtin, subdir):
            yield msgspec.structs.replace(ref, optional=True) if optional else ref
    for key, node in task.pairs.items():
        if isinstance(node, Scalar) and not has_jinja(node.text) and "(" not in node.text:
            continue
        words = not (key.startswith("with_") or (read and (key not in KEYWORDS or key in _ARGUMENTS)))
        yield from references_in_scalars(scalars(node), loop.bindings, load=load, words=words)
        if key == "vars" and isinstance(node, Map):
            yield from _parameter_references(node, load)


def _parameter_references(variables: Map, load: Load) -> Iterator[Reference]:
    """References of a task's variables that look like the parameters of `first_found`."""
    for name, node in variables.pairs.items():
        if isinstance(node, Map) and "files" in node.pairs:
            names, _ = first_found_terms(node, {})
            label = label_of(f"{name}: {', '.join(part.text for part in scalars(node))}")
            ref = lookup_reference(LookupKind("first"), names, label, variables.lines[name], optional=True, load=load)
            if ref is not None:
                yield ref


def _action_references(action: Action, bindings: Bindings, builtin: bool, subdir: str) -> Iterator[Reference]:
    if builtin and action.short_name in _INCLUDES:
        yield from _include_references(action, bindings, subdir)
    elif builtin and action.short_name in ("include_role", "import_role"):
        yield from _role_references(action, bindings)
    elif builtin and action.short_name == "include_vars" and action.arguments.text("dir"):
        yield from _vars_folder_references(action, bindings)
    elif action.short_name in FILE_ARGUMENTS:
        yield from _file_references(action, FILE_ARGUMENTS[action.short_name], bindings)
    elif not (action.short_name in REMOTE_MODULES and builtin):
        yield from _possible_references(action, bindings)


def _text(action: Action, *keys: str) -> tuple[str, int]:
    for key in keys:
        node = action.arguments.pairs.get(key)
        if isinstance(node, Scalar):
            return node.text, node.line
    return action.free_form, action.line


def _include_references(action: Action, bindings: Bindings, subdir: str) -> Iterator[Reference]:
    text, line = _text(action, "file", "_raw_params")
    names = possible_texts(text.strip(), bindings)
    if text and names:
        kind: ReferenceKind = "import" if action.short_name == "import_tasks" else "tasks"
        label = label_of(f"{action.short_name}: {text}")
        yield Reference(
            kind=kind, names=names, label=label, line=line, subdir=subdir, load="tasks", optional=has_jinja(text)
        )


def _role_references(action: Action, bindings: Bindings) -> Iterator[Reference]:
    text, line = _text(action, "name", "role")
    rows: list[tuple[tuple[str, str], ...]] = [()]
    for kind in _ROLE_FILES:
        written = action.arguments.text(f"{kind}_from")
        if written:
            rows = [(*row, (kind, name)) for row in rows for name in possible_texts(written, bindings)]
    names = possible_texts(text.strip(), bindings)
    if text and names:
        for row in rows:
            label = role_label(action.short_name, text)
            yield Reference(kind="role", names=names, label=label, line=line, options=row, optional=has_jinja(text))


def _vars_folder_references(action: Action, bindings: Bindings) -> Iterator[Reference]:
    text, line = _text(action, "dir")
    options = []
    for key in ("extensions", "depth", "ignore_files", "files_matching", "ignore_unknown_extensions"):
        node = action.arguments.pairs.get(key)
        if node is not None and not any(has_jinja(part.text) for part in scalars(node)):
            options.append((key, "\n".join(part.text for part in scalars(node))))
    names = possible_texts(text, bindings)
    if names:
        label = label_of(f"include_vars: {text}")
        yield Reference(
            kind="folder",
            names=names,
            label=label,
            line=line,
            load="vars",
            options=tuple(options),
            optional=has_jinja(text),
        )


def _file_references(action: Action, source: FileArgument, bindings: Bindings) -> Iterator[Reference]:
    arguments = action.arguments
    remote = "true" if action.short_name == "assemble" else ""
    if (arguments.text("remote_src") or remote).lower() in ("true", "yes", "on", "1", "y", "t"):
        return
    if action.short_name == "unarchive" and arguments.text("copy").lower() in ("no", "false"):
        return
    text, line = _text(action, *source.keys)
    name = first_word(text) if action.short_name == "script" else text
    names = possible_texts(name, bindings)
    if names and name and "://" not in name:
        optional = has_jinja(text) or action.short_name in ("synchronize", "uri", "assemble", "patch")
        label = label_of(f"{action.short_name}: {text}")
        yield Reference(
            kind="search",
            names=names,
            label=label,
            line=line,
            subdir=source.subdir,
            load=source.load,
            optional=optional,
        )


def _possible_references(action: Action, bindings: Bindings) -> Iterator[Reference]:
    """References of a module that is not known here: its arguments may be literal names of files."""
    for key in POSSIBLE_FILE_ARGUMENTS:
        node = action.arguments.pairs.get(key)
        if isinstance(node, Scalar) and node.text and "\n" not in node.text:
            names = tuple(name for name in possible_texts(node.text, bindings) if DYNAMIC not in name and name != ".")
            if names:
                label = label_of(f"{action.short_name} {key}: {node.text}")
                yield Reference(kind="search", names=names, label=label, line=node.line, subdir="files", optional=True)

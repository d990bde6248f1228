"""Check the layout of the code: `python tools/check_rooms.py [ROOT]`; exit 1 and one line for each violation.

A room is a package. Its `__init__.py` says in one docstring what it is for, imports nothing, and names its doors in
`__all__`: the modules that other rooms may import. No room but `commands` has more than 15 modules, no module more
than 300 lines, and only a few modules stand loose at the top of each source root. Processes are started in the rooms
`git`, `terraform` and `codebuild` alone; `start` replaces its own. Files are opened by `trees.files`, which reads no
device and nothing without an end; who opens one by itself is named here, with the reason. The layers and the absence
of circles are import-linter's (pyproject.toml).
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

MOST_LINES = 300
MOST_MODULES = 15
LOOSE = {
    "tfgen": {
        "__init__",
        "__main__",
        "start",
        "main",
        "command_group",
        "options",
        "console",
        "workspace",
        "phrases",
    },
    "tfgen_generators": {"__init__", "errors", "nearest"},
}
#: Rooms with one module a command, a rule's subject or a host: found by name, imported by name.
_OPEN = ("tfgen.commands",)
#: `gate_command` runs the program that `[publish]` names: no room of a tool is about it.
_STARTERS = ("tfgen.git", "tfgen.terraform", "tfgen.codebuild", "tfgen.start", "tfgen.publish.gate_command")
_PROCESSES = {"subprocess": "subprocess", "pty": "pty", "multiprocessing": "multiprocessing"}
_CALLS = frozenset({"system", "popen", "execv", "execve", "execvp", "execvpe", "posix_spawn", "posix_spawnp", "spawnv"})
#: Who opens files by itself.
_OPENS = {
    "tfgen_generators.trees.files": "for all others",
    "tfgen_generators.trees.stamps": "writes caches",
    "tfgen_generators.trees.store": "a cache",
    "tfgen_generators.packer.discovery.facts_cache": "a cache",
    "tfgen_generators.packer.discovery.read_ahead": "a pipe to a child",
    "tfgen_generators.module.cache": "a cache",
    "tfgen_generators.sync.write": "writes",
    "tfgen.workspace": "locks",
    "tfgen.journal": "writes",
    "tfgen.prune.acting.journal": "writes",
    "tfgen.distribution": "its own metadata",
    "tfgen.boundary": "os.devnull",
    "tfgen.completion.answer": "os.devnull",
    "tfgen.sync.fast_check": "a cache",
    "tfgen.lint.fix": "holds the file that it writes",
    "tfgen.commands.ci": "writes a recipe of its own",
    "tfgen.new_image.write": "writes",
    "tfgen.plan.plan_file": "a plan that Terraform has just written",
    "tfgen.plan.reduced_root": "what terraform init has just written; locks",
    "tfgen.state": "states and backups: written, or of any size",
    "tfgen.terraform.inputs": "the first bytes of a regular file",
    "tfgen.terraform.init": "what terraform init has just written",
    "tfgen.terraform.version": "the first bytes of a program; a cache",
    "tfgen.terraform.plugin_cache": "the user's own configuration; locks",
    "tfgen.terraform.processes": "logs and pipes",
    "tfgen.git.invocation.discovery": "the first bytes of a regular file",
    "tfgen.git.large_files": "digests of regular files",
    "tfgen.hosts.ci": "the event that the host names",
    "tfgen.codebuild": "what a build has just written",
    "tfgen.emulator": "an archive of its own",
    "tfgen.untrusted": "files that it holds against the base",
}
_OPENING = frozenset({"read_text", "read_bytes", "open"})

Modules = dict[str, tuple[Path, ast.Module]]


def violations(root: Path) -> Iterator[str]:
    """`path:line: what is wrong`, for the source roots below `root`."""
    modules = _modules(root)
    for name, (file, tree) in modules.items():
        where = file.relative_to(root)
        lines = file.read_text(encoding="utf-8").count("\n")
        if lines > MOST_LINES:
            yield f"{where}:{MOST_LINES + 1}: {lines} lines; at most {MOST_LINES} in a module: split it by noun"
        if file.name == "__init__.py":
            yield from _room(name, tree, f"{where}", modules)
        yield from _imports(name, tree, f"{where}", modules)


def _modules(root: Path) -> Modules:
    found: Modules = {}
    for source in (root / "cli" / "tfgen", root / "generators" / "tfgen_generators"):
        for file in sorted(source.rglob("*.py")):
            parts = file.relative_to(source.parent).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = (file, ast.parse(file.read_text(encoding="utf-8")))
    return found


def _room(name: str, tree: ast.Module, where: str, modules: Modules) -> Iterator[str]:
    if not ast.get_docstring(tree):
        yield f"{where}:1: no docstring; say in one sentence what the room is for"
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield f"{where}:{node.lineno}: a room's __init__.py imports nothing, so that start-up stays lazy"
    inside = [other for other in modules if other.rpartition(".")[0] == name and _is_module(other, modules)]
    for door in _doors(name, modules):
        if f"{name}.{door}" not in modules:
            yield f"{where}:1: __all__ names {door!r}, and there is no such module"
    if name in LOOSE:
        for other in inside:
            if other.rpartition(".")[2] not in LOOSE[name]:
                yield f"{where}:1: {other} stands loose; give it a room"
    elif name not in _OPEN and len(inside) + 1 > MOST_MODULES:
        yield f"{where}:1: {len(inside) + 1} modules; at most {MOST_MODULES} in a room: divide it by subject"


def _imports(name: str, tree: ast.Module, where: str, modules: Modules) -> Iterator[str]:
    room = name if not _is_module(name, modules) else name.rpartition(".")[0]
    starts = any(f"{name}.".startswith(f"{starter}.") for starter in _STARTERS)
    opens = any(f"{name}.".startswith(f"{opener}.") for opener in _OPENS)
    for node in (node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom | ast.Call)):
        for target in _targets(node, modules):
            if not starts and target.partition(".")[0] in _PROCESSES:
                yield f"{where}:{node.lineno}: imports {target}; processes are started in git, terraform, codebuild"
            if target not in modules or not _is_module(target, modules):
                continue
            other, _, leaf = target.rpartition(".")
            if other != room and other not in LOOSE and other not in _OPEN and leaf not in _doors(other, modules):
                yield f"{where}:{node.lineno}: imports {target}, which is private to its room (not in __all__)"
        if not opens and _opens(node):
            yield f"{where}:{node.lineno}: opens a file; that is done by trees.files (read_bytes, read_text, digest_of)"
        if not starts and _is_call(node):
            yield f"{where}:{node.lineno}: starts a process; that is done in git, terraform and codebuild"


def _targets(node: ast.AST, modules: Modules) -> Iterator[str]:
    """The modules that a statement imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        inside = [f"{node.module}.{alias.name}" for alias in node.names if f"{node.module}.{alias.name}" in modules]
        yield from inside or [node.module]


def _is_call(node: ast.AST) -> bool:
    function = node.func if isinstance(node, ast.Call) else None
    return (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id == "os"
        and function.attr in _CALLS
    )


def _opens(node: ast.AST) -> bool:
    """Whether it is a call of `open`, `os.open`, `Path.open`, `Path.read_text` or `Path.read_bytes`."""
    function = node.func if isinstance(node, ast.Call) else None
    if isinstance(function, ast.Name):
        return function.id == "open"
    return isinstance(function, ast.Attribute) and function.attr in _OPENING


def _doors(name: str, modules: Modules) -> tuple[str, ...]:
    for node in modules[name][1].body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            return tuple(ast.literal_eval(node.value))
    return ()


def _is_module(name: str, modules: Modules) -> bool:
    return modules[name][0].name != "__init__.py"


def main() -> int:
    """Prints all violations; exit code 1 when there is one."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1]
    found = list(violations(root))
    for line in found:
        print(line)  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

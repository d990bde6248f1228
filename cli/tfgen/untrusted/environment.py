"""The environment and the program of a Terraform that a branch must not choose.

What lies in the repository is the base's, from its copy, or was made on this machine; all else of it is not used.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tfgen.terraform.binary import EMBEDDED, PROGRAMS
from tfgen.untrusted.base_tree import SUBMODULE, BaseTree, inside, is_below, is_outside, links_to
from tfgen_generators.errors import RefusedError
from tfgen_generators.root_module.trust import MAINTAINER

#: Variables that name what Terraform runs or obeys: they may point into the repository.
_POINTERS = (
    "AWS_CA_BUNDLE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "TERRAFORM_CONFIG",
    "TF_CLI_CONFIG_FILE",
    "TF_PLUGIN_CACHE_DIR",
)
_ARGUMENTS = "TF_CLI_ARGS"
_CHOSEN = "TFGEN_TERRAFORM"
_MOST_LINKS = 40


def terraform_environment(tree: BaseTree, copy: Path, folder: str, data_dir: Path) -> dict[str, str]:
    """The environment of a Terraform that runs in the root module's `folder` of `copy`, the base's files."""
    env = {name: value for name, value in os.environ.items() if name not in (_CHOSEN, "OLDPWD")}
    for name in _POINTERS:
        value = env.get(name, "")
        if value and not Path(value).is_absolute() and (named := tree.top / folder / value).exists():
            env[name] = str(named)  # as in the original folder
    entries = (entry for entry in env.get("PATH", "").split(os.pathsep) if Path(entry).is_absolute())
    env["PATH"] = os.pathsep.join(_moved(tree, copy, entry) for entry in entries)
    # mise wants to be told that a folder's files can be trusted; the base's can.
    env["MISE_TRUSTED_CONFIG_PATHS"] = os.pathsep.join(filter(None, (env.get("MISE_TRUSTED_CONFIG_PATHS"), str(copy))))
    return {**env, "PWD": str(copy / folder), "TF_DATA_DIR": str(data_dir)}


def _moved(tree: BaseTree, copy: Path, entry: str) -> str:
    """A folder of PATH; of one that commits have a part in, or that they lead to, the base's."""
    for step in _steps(Path(entry)):
        relative = os.path.relpath(step, tree.top)
        if not is_outside(relative) and tree.has_part_in(relative):
            return str(copy / relative)
    return entry


def find_program(tree: BaseTree, copy: Path, wanted: str | None) -> str | None:
    """The path of the Terraform to run: `wanted`, TFGEN_TERRAFORM, or what PATH has; None for the embedded one.

    Raises RefusedError for one that came with the branch.
    """
    name = wanted or os.environ.get(_CHOSEN, "")
    if not name:
        return next(filter(None, (_on_path(tree, copy, program) for program in PROGRAMS)), None)
    if name == "embedded" or Path(name).name == EMBEDDED:
        return name
    if os.sep not in name:
        return _on_path(tree, copy, name) or name
    found = _trusted(tree, copy, Path(name))
    if found is None:
        said = "--terraform" if wanted else _CHOSEN
        raise RefusedError(f"is named by {said} and comes from the branch", where=name, fix=MAINTAINER)
    return found


def _on_path(tree: BaseTree, copy: Path, name: str) -> str | None:
    for entry in os.environ.get("PATH", "").split(os.pathsep):
        file = Path(entry or ".") / name
        if os.access(file, os.X_OK) and not file.is_dir() and (found := _trusted(tree, copy, file)):
            return found
    return None


def _trusted(tree: BaseTree, copy: Path, file: Path) -> str | None:
    """`file`, where no commit has a part in what it is; else the base's; None without."""
    for step in _steps(file):
        relative = os.path.relpath(step, tree.top)
        if not is_outside(relative) and tree.is_of_a_commit(relative):
            known = copy / relative
            return str(known) if known.is_file() and inside(copy, known) is not None else None
    return str(file.absolute())


def _steps(file: Path) -> Iterator[str]:
    """`file`, and each path that it stands for as the links on the way to it are followed one by one."""
    yield os.path.abspath(file)  # noqa: PTH100 no link is followed
    pending = str(file.absolute()).split("/")[::-1]
    here, links = Path("/"), 0
    while pending and links < _MOST_LINKS:
        part = pending.pop()
        there = here.parent if part == ".." else here / part
        if there.is_symlink():
            links += 1
            yield os.path.join(there, *pending[::-1])  # noqa: PTH118 as text
            yield str(there)
            target = str(there.readlink())
            pending += target.split("/")[::-1]
            there = Path("/") if target.startswith("/") else here
        here = there
    yield str(here)


def named_by_branch(tree: BaseTree, folder: str, arguments: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Paths that are not as in `tree` and that Terraform would obey, each with what names it.

    `folder` is the root module's, `arguments` are those of the command line.
    """
    pointers = [(name, os.environ.get(name, "")) for name in _POINTERS]
    for name, value in (*pointers, *_values(arguments, os.environ)):
        if value:
            yield from ((path, f"is named by {name}") for path in _pointed(tree, folder, value))


def files_of_arguments(arguments: Iterable[str], env: Mapping[str, str]) -> Iterator[str]:
    """What arguments of Terraform may name: variable files, settings of a backend."""
    return (value for _, value in _values(arguments, env) if value)


def _pointed(tree: BaseTree, folder: str, value: str) -> Iterator[str]:
    for start in (Path.cwd(), tree.top / folder):
        for path in _reached(tree, os.path.relpath(start / value, tree.top)):
            below = (found for found in sorted(tree.index) if is_below(found, path) and not tree.has(found))
            yield from [*_submodules_around(tree, path), *below][:1]


def _submodules_around(tree: BaseTree, path: str) -> Iterator[str]:
    return (found for found, (mode, _) in tree.index.items() if mode == SUBMODULE and is_below(path, found))


def _reached(tree: BaseTree, path: str) -> Iterator[str]:
    """The links on the way to `path`, and where it ends, within the repository."""
    if not is_outside(path):
        yield from links_to(tree.top, path)
    real = inside(tree.top, tree.top / path)
    if real and real != ".":
        yield real


def _values(arguments: Iterable[str], env: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What arguments, and TF_CLI_ARGS and its like, name."""
    yield from ((word, word.rpartition("=")[2]) for word in arguments)
    for name, value in env.items():
        if name.startswith(_ARGUMENTS):
            yield from ((name, word.strip("'\"").rpartition("=")[2]) for word in value.split())

"""How git is called so that it believes nothing which a branch can bring, and starts nothing of the tree.

What the machine's and the user's settings say counts where no door is closed here; `-c` wins over them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from tfgen.git.invocation.discovery import Repository
from tfgen.git.invocation.program import clean_path, git_outside, passes_through, tree_of

#: What a hook (or a user) may have set to point git at another repository than the one around the folder.
_ELSEWHERE = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_NAMESPACE"),
    *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_GRAFT_FILE", "GIT_SHALLOW_FILE"),
    *("GIT_REPLACE_REF_BASE", "GIT_QUARANTINE_PATH", "GIT_INTERNAL_SUPER_PREFIX"),
)
#: Where the user's and the machine's settings lie; those that GIT_CONFIG_COUNT brings do not count.
_CONFIG_FILES = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM")
_KEPT = (*_CONFIG_FILES, "GIT_CONFIG_NOSYSTEM", "GIT_EXEC_PATH")
_BARE = "safe.bareRepository=explicit"
#: Programs that git would start, each switched off; an empty value names none.
_CLOSED = (
    _BARE,
    "core.fsmonitor=",  # false is a program's name before git 2.36
    f"core.hooksPath={os.devnull}",
    f"core.attributesFile={os.devnull}",
    "core.alternateRefsCommand=",
    "diff.external=",
    "log.showSignature=false",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "protocol.ext.allow=never",
    "gc.auto=0",
    "maintenance.auto=false",
)
#: Reading needs neither network nor password.
_READ = (
    "core.quotePath=false",
    "core.splitIndex=false",
    "index.sparse=false",
    "core.sshCommand=",
    "core.gitProxy=",
    "core.askPass=",
    "core.pager=",
    "credential.helper=",
    "protocol.allow=never",
)
_SET = {
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": f"{os.devnull}/none",  # git hints at length on one that is there, even if empty
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TRACE2": "0",
    "GIT_TRACE2_EVENT": "0",
    "GIT_TRACE2_PERF": "0",
    "LC_ALL": "C",
}
#: What is not here is not fetched: a partial clone lacks files.
_OFFLINE = {"GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One start of git: `argv` begins with an absolute path."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path


def reading(
    root: Path, repository: Repository | None, *arguments: str, off: Iterable[str] = (), index: Path | None = None
) -> Call:
    """Asks about `repository` in `root`: no network, no hook, no filter in `off`; `index` stands for the real one.

    Without a repository git can say something of itself alone. Raises NoGitError.
    """
    options = ("--no-pager", "--no-replace-objects", "--no-optional-locks", "--literal-pathspecs")
    place = _place(root, repository) if repository else (f"--git-dir={os.devnull}",)
    tree = repository.top if repository else tree_of(root)
    env = _closed(tree) | _OFFLINE
    if index:
        env["GIT_INDEX_FILE"] = str(index)
    settings = _settings(*_CLOSED, *_READ, *off)
    return Call(argv=(_program(tree), *place, *options, *settings, *arguments), env=env, cwd=Path("/"))


def looking_for(repository: Repository) -> Call:
    """Lets git itself find `repository`, and say whether its owner lets us: git's rule, with the user's settings."""
    env = _closed(repository.top)
    env |= {name: value for name, value in os.environ.items() if name.startswith("GIT_CONFIG")}
    env |= _OFFLINE | {"GIT_CEILING_DIRECTORIES": str(repository.top.parent)}
    argv = (_program(repository.top), "--no-pager", *_settings(*_CLOSED), "rev-parse", "--absolute-git-dir")
    return Call(argv=argv, env=env, cwd=repository.top)


def fetching(root: Path, repository: Repository, protocols: str, *arguments: str) -> Call:
    """Fetches by `protocols` (as in GIT_ALLOW_PROTOCOL) with the user's own way to the network; nobody is asked."""
    own = {name: value for name, value in os.environ.items() if name not in (*_ELSEWHERE, *_KEPT)}
    env = own | _closed(repository.top) | {"GIT_ALLOW_PROTOCOL": protocols, "GIT_ASKPASS": "", "SSH_ASKPASS": "true"}
    env.setdefault("GIT_SSH_COMMAND", "ssh -o BatchMode=yes")
    argv = (_program(repository.top), *_place(root, repository), *_settings(*_CLOSED), *arguments)
    return Call(argv=argv, env=env, cwd=Path("/"))


def pushing(root: Path, repository: Repository | None, *arguments: str) -> Call:
    """Pushes as the user would: with the hooks, helpers and settings, and in the folder that holds `.git`."""
    env = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    folder = repository.top if repository else root
    return Call(argv=(_program(tree_of(folder)), *_settings(_BARE), *arguments), env=env, cwd=folder)


def _place(root: Path, repository: Repository) -> tuple[str, ...]:
    return ("-C", os.path.realpath(root), f"--git-dir={repository.git_dir}", f"--work-tree={repository.top}")


def _settings(*settings: str) -> tuple[str, ...]:
    return tuple(word for setting in settings for word in ("-c", setting))


def _program(tree: Path) -> str:
    return git_outside(os.environ.get("PATH", os.defpath), tree)


def _closed(tree: Path) -> dict[str, str]:
    """The environment without what points git elsewhere, or at something in `tree`, the repository's files."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    kept = {name: value for name in _KEPT if (value := os.environ.get(name))}
    for name in (*_CONFIG_FILES, "GIT_EXEC_PATH"):
        if name in kept and not _is_elsewhere(kept[name], tree):
            kept[name] = os.devnull
    if kept.get("GIT_EXEC_PATH") == os.devnull:
        del kept["GIT_EXEC_PATH"]
    if "GIT_CONFIG_GLOBAL" not in kept and any(not _is_elsewhere(file, tree) for file in _global_files()):
        kept["GIT_CONFIG_GLOBAL"] = os.devnull
    return env | kept | _SET | {"PATH": clean_path(os.environ.get("PATH", os.defpath), tree)}


def _global_files() -> tuple[str, ...]:
    home = os.environ.get("HOME", "")
    others = os.environ.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else "")
    return tuple(file for file, has in ((f"{home}/.gitconfig", home), (f"{others}/git/config", others)) if has)


def _is_elsewhere(path: str, tree: Path) -> bool:
    return path.startswith("/") and not passes_through(path, tree)

"""git's remotes of a repository: which there are, one that is set beside them, and what may be pushed to them."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from typing import TYPE_CHECKING

import msgspec

from tfgen.git.invocation.errors import NoGitError
from tfgen.git.invocation.program import find_git
from tfgen.git.repository import NoAnswerError, has_history, program_folder, records, run_git
from tfgen_generators.errors import RefusedError, TfgenError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

#: The program that git starts for `codecommit::` addresses.
HELPER = "git-remote-codecommit"
ORIGIN = "origin"
_KEY = re.compile(r"remote\.(.+)\.(url|pushurl)", re.DOTALL)
_HEADS = "refs/heads/"


class Remote(msgspec.Struct, frozen=True, kw_only=True):
    """One remote as git's settings have it; without push addresses a push goes to its addresses."""

    name: str
    urls: tuple[str, ...] = ()
    push_urls: tuple[str, ...] = ()

    @property
    def destinations(self) -> tuple[str, ...]:
        """Where a push goes."""
        return self.push_urls or self.urls

    @property
    def needs_helper(self) -> bool:
        return any(url.startswith("codecommit:") for url in self.destinations)


def require_git(root: Path) -> None:
    """Raises TfgenError unless `root` is in a git repository."""
    try:
        find_git(root)
    except NoGitError as error:
        raise TfgenError(f"git is not installed: {error}", fix="install it") from None
    if not has_history(root):
        raise TfgenError(f"{root} is not in a git repository", fix="run this in a clone, or run: git init")


def require_helper() -> None:
    """Raises TfgenError unless git will find git-remote-codecommit: on PATH, or beside git's own programs."""
    with contextlib.suppress(NoAnswerError):
        if shutil.which(HELPER) or shutil.which(HELPER, path=program_folder()):
            return
    raise TfgenError(
        f"{HELPER} not found on PATH; git needs it for CodeCommit",
        fix=f"run: pip install {HELPER} (or pipx install {HELPER}), and put its folder on PATH",
    )


def ask(root: Path, *arguments: str) -> str:
    """One line of git's. Raises NoAnswerError."""
    return os.fsdecode(run_git(root, *arguments)).rstrip("\n")


def find_remotes(root: Path) -> dict[str, Remote]:
    """All remotes by name, in git's order. Raises TfgenError."""
    found: dict[str, Remote] = {}
    for record in records(_told(root, "config", "-z", "--list")):
        key, _, value = record.partition("\n")
        if match := _KEY.fullmatch(key):
            remote = found.get(match[1], Remote(name=match[1]))
            field = "urls" if match[2] == "url" else "push_urls"
            found[match[1]] = msgspec.structs.replace(remote, **{field: (*getattr(remote, field), value)})
    return found


def set_remote(root: Path, name: str, url: str, *, force: bool) -> str:
    """Has the remote `name` fetch from and push to `url` alone; gives the line to print.

    Raises RefusedError when it goes elsewhere and `force` does not say to change that, TfgenError when git cannot.
    """
    there = find_remotes(root).get(name)
    if there is not None and _goes_to(there, url):
        return f"unchanged: remote {name} is {url}"
    if there is None:
        _told(root, "remote", "add", name, url)
        said = f"added remote {name}: {url}"
    else:
        old = ", ".join(without_user(address) for address in (*there.urls, *there.push_urls))
        if not force:
            raise RefusedError(
                f"remote {name} has {f'the URL {old}' if old else 'no URL'}, not {url}",
                fix="use another --name, or --force to change it",
            )
        _told(root, "config", "--replace-all", f"remote.{name}.url", url)
        if there.push_urls:
            _told(root, "config", "--unset-all", f"remote.{name}.pushurl")
        said = f"changed remote {name}: {old} -> {url}"
    if not _goes_to(find_remotes(root)[name], url):
        raise TfgenError(f"another git config file also defines remote {name}", fix="use another --name")
    return said


def _goes_to(remote: Remote, url: str) -> bool:
    return remote.urls == (url,) and set(remote.push_urls) <= {url}


def chosen_remotes(root: Path, names: Iterable[str], codecommit: str) -> list[Remote]:
    """The remotes called `names`; without any, origin and CodeCommit's: the one called `codecommit`, or by its address.

    Raises TfgenError when one is missing.
    """
    found = find_remotes(root)
    wanted = list(dict.fromkeys(names))
    if not wanted:
        wanted = [name for name, remote in found.items() if name in (ORIGIN, codecommit) or remote.needs_helper]
        wanted.sort(key=lambda name: name != ORIGIN)
        if ORIGIN not in found:
            raise TfgenError("remote origin not found", fix="run: git remote add origin URL, or use --remote")
        if wanted == [ORIGIN] and not found[ORIGIN].needs_helper:
            raise TfgenError("CodeCommit remote not found", fix="run: tfgen remote add")
    for name in wanted:
        if name not in found or not found[name].destinations:
            there = ", ".join(sorted(found)) or "none"
            raise TfgenError(f"remote {name!r} not found; remotes: {there}", fix="run: tfgen remote add")
    return [found[name] for name in wanted]


def branch_to_push(root: Path, named: str) -> str:
    """The local branch called `named`, else the one that is checked out. Raises RefusedError, TfgenError."""
    branch = named
    if not named:
        try:
            branch = ask(root, "symbolic-ref", "--quiet", "HEAD").removeprefix(_HEADS)
        except NoAnswerError:
            raise RefusedError(
                "no branch is checked out", fix="name a branch, or create one: git switch -c NAME"
            ) from None
    try:
        ask(root, "show-ref", "--verify", "--quiet", f"{_HEADS}{branch}")
    except NoAnswerError:
        if named:
            raise TfgenError(f"local branch {named!r} not found", fix="to see all branches, run: git branch") from None
        raise TfgenError(f"branch {branch} has no commits yet", fix="commit something first") from None
    return branch


def is_checked_out(root: Path, branch: str) -> bool:
    """Whether `branch` is the current one."""
    with contextlib.suppress(NoAnswerError):
        return ask(root, "symbolic-ref", "--quiet", "HEAD") == f"{_HEADS}{branch}"
    return False


def refuse_default_branch(root: Path, branch: str, remotes: Iterable[Remote], pipelines_branch: str) -> None:
    """Raises RefusedError when `branch` is a default branch, or the one that the pipelines build from."""
    reasons: Mapping[str, str] = {
        **_default_branches(root, [ORIGIN, *(remote.name for remote in remotes)]),
        pipelines_branch: "the pipelines build from it",
    }
    if branch in reasons:
        raise RefusedError(
            f"{branch} cannot be pushed to directly: {reasons[branch]}",
            fix="push another branch (git switch -c NAME) and merge its pull request; CI then pushes to CodeCommit",
        )


def _default_branches(root: Path, remotes: Iterable[str]) -> dict[str, str]:
    """Branch -> why; main and master where origin's HEAD is not known here."""
    found = dict[str, str]()
    for remote in dict.fromkeys(remotes):
        with contextlib.suppress(NoAnswerError):
            prefix = f"refs/remotes/{remote}/"
            head = ask(root, "symbolic-ref", "--quiet", f"{prefix}HEAD").removeprefix(prefix)
            found[head] = f"it is {remote}'s default branch"
            continue
        if remote == ORIGIN:
            found |= dict.fromkeys(("main", "master"), "it may be the default branch")
    return found


def without_user(url: str) -> str:
    """`url` without user and password where they may be secret: a token can be either; a profile is neither."""
    return re.sub(r"^(https?|ftps?)://[^/]*@", r"\1://***@", url)


def _told(root: Path, *arguments: str) -> bytes:
    try:
        return run_git(root, *arguments)
    except NoAnswerError as error:
        raise TfgenError(f"git {arguments[0]} failed: {error or 'not a git repository'}") from None

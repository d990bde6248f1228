"""One look at the repository with all that is known outside of it: git, a person's answers, the caches."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from tfgen.console import note, one_line
from tfgen_generators.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfgen.workspace import Workspace
    from tfgen_generators.sync.identity import Answers
    from tfgen_generators.sync.model import SyncResult


def find_changes(workspace: Workspace, answers: Answers | None = None, *, cached: bool = True) -> SyncResult:
    """What sync would do; writes nothing but the caches. Without `cached` it believes none of them either."""
    from functools import partial

    from msgspec.structs import replace

    from tfgen.git.renames import ask_git
    from tfgen.git.repository import tracked_although_ignored
    from tfgen.workspace import facts_cache
    from tfgen_generators.sync import find_changes as generator
    from tfgen_generators.sync.identity import Answers
    from tfgen_generators.sync.survey import Outside

    require_inside(workspace)
    root = workspace.root
    outside = Outside(
        ask_git=partial(ask_git, root),
        is_tracked=tracked_although_ignored(root),
        answers=answers or Answers(),
    )
    if not cached:
        return generator.find_changes(root, workspace.settings, workspace.settings_text, outside)
    with facts_cache(workspace) as cache:
        outside = replace(outside, cache=cache, module_cache=workspace.state_dir / "cache" / "module")
        return generator.find_changes(root, workspace.settings, workspace.settings_text, outside)


def require_inside(workspace: Workspace) -> None:
    """Raises RefusedError where a link that is in git leads from a folder of tfgen.toml out of the repository.

    Whoever made the branch would have files read there, and written. A link of a person's own is that person's.
    """
    import os

    settings = workspace.settings
    for folder in (settings.packer_dir, settings.terraform_dir):
        for link in _links(workspace, folder):
            if not _is_inside(workspace, os.path.realpath(workspace.root / folder)) and _is_tracked(workspace, link):
                raise RefusedError("is a symlink to outside the repository", where=link, fix="remove it")


def _is_inside(workspace: Workspace, real: str) -> bool:
    """Whether a real path lies in the repository around the workspace; without one nothing is known."""
    root = workspace.root.resolve()
    top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)
    return top is None or PurePosixPath(real).is_relative_to(top)


def _links(workspace: Workspace, folder: str) -> Iterator[str]:
    parts = PurePosixPath(folder).parts
    for number in range(1, len(parts) + 1):
        path = "/".join(parts[:number])
        if (workspace.root / path).is_symlink():
            yield path


def _is_tracked(workspace: Workspace, path: str) -> bool:
    from tfgen.git.repository import NoAnswerError, run_git

    try:
        return bool(run_git(workspace.root, "ls-files", "-z", "--cached", "--", path))
    except NoAnswerError:
        return False


def complain(result: SyncResult) -> None:
    """Everything that is wrong, each as one line on stderr."""
    for warning in result.warnings:
        note(one_line(f"warning: {warning}"), style="yellow")
    for problem in result.problems:
        note(one_line(f"error: {problem}"), style="red")
    for refused in result.changes.refused:
        note(one_line(f"error: {refused.path}: {refused.reason}; {refused.fix}"), style="red")

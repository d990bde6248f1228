"""One look at the repository with all that is known outside of it: git, a person's answers, the caches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgen.console import note, one_line

if TYPE_CHECKING:
    from tfgen.workspace import Workspace
    from tfgen_generators.root_module.hand_written import HandWritten
    from tfgen_generators.sync.identity import Answers
    from tfgen_generators.sync.model import SyncResult


def find_changes(
    workspace: Workspace,
    answers: Answers | None = None,
    *,
    cached: bool = True,
    hand_written: HandWritten | None = None,
) -> SyncResult:
    """What sync would do; writes nothing but the caches. Without `cached` it believes none of them either.

    `hand_written` are the calls as they will be, where their files are about to change.
    """
    from functools import partial

    from msgspec.structs import replace

    from tfgen.git.renames import ask_git
    from tfgen.git.repository import tracked_although_ignored
    from tfgen.workspace import facts_cache
    from tfgen_generators.sync import find_changes as generator
    from tfgen_generators.sync.identity import Answers
    from tfgen_generators.sync.survey import Outside

    root = workspace.root
    outside = Outside(
        ask_git=partial(ask_git, root),
        is_tracked=tracked_although_ignored(root),
        answers=answers or Answers(),
        hand_written=hand_written,
    )
    if not cached:
        return generator.find_changes(root, workspace.settings, workspace.settings_text, outside)
    with facts_cache(workspace) as cache:
        outside = replace(outside, cache=cache, module_cache=workspace.cache_file("module"))
        return generator.find_changes(root, workspace.settings, workspace.settings_text, outside)


def complain(result: SyncResult) -> None:
    """Everything that is wrong, each as one line on stderr."""
    for warning in result.warnings:
        note(one_line(f"warning: {warning}"), style="yellow")
    for problem in result.problems:
        note(one_line(f"error: {problem}"), style="red")
    for refused in result.changes.refused:
        note(one_line(f"error: {refused.path}: {refused.reason}; {refused.fix}"), style="red")

"""`plan --untrusted`: refuses, before Terraform runs, what a branch that nobody has read could do with it.

The promise: of the branch, nothing but Packer templates and tfgen.toml needs to be trusted. So every other file that
Terraform reads must be what the base commit has, byte by byte; what is generated must be what sync writes; and what
tfgen.toml can say beyond text is looked at. docs/untrusted.md says what is checked, why, and what is not protected.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.console import note, one_line
from tfgen.phrases import counted
from tfgen_generators.errors import RefusedError, TfgenError, UsageError
from tfgen_generators.root_module.trust import Finding, Known, generated_calls, judge
from tfgen_generators.root_module.trusted_expressions import expressions, judge_expressions
from tfgen_generators.settings.model import FILE_NAME, Settings
from tfgen_generators.settings.read import parse_settings

if TYPE_CHECKING:
    from tfgen.git.merge_base import Base
    from tfgen.untrusted.hand_written import HandWritten
    from tfgen.workspace import Workspace

_SYNC = "run: tfgen sync, and commit the generated files"


def check_untrusted(
    workspace: Workspace,
    base: str | None,
    allowed_modules: Sequence[str] = (),
    *,
    terraform: str | None = None,
    arguments: Sequence[str] = (),
) -> None:
    """Says on stderr all that speaks against planning this branch; raises RefusedError if there is anything.

    `base` is what --base names: a commit or a branch of a remote; nothing is guessed (UsageError).
    `allowed_modules` are prefixes of module sources that may be used beside those of the base; `terraform` is what
    --terraform names, `arguments` go to Terraform: files that they name are looked at, too. Runs no Terraform,
    believes no cache.
    """
    trusted = _trusted_base(workspace.root, base)
    given = {"--terraform": terraform or "", **{word: word.rpartition("=")[2] for word in arguments}}
    found = _unique(_findings(workspace, trusted, allowed_modules, given))
    for finding in found[1:]:  # the first one is the error itself
        note(one_line(f"error: {finding.where}: {finding.message}; {finding.fix}"), style="red")
    if found:
        first, more = found[0], len(found) - 1
        also = f" (and {counted(more, 'other finding')}, see above)" if more else ""
        raise RefusedError(f"{first.message}{also}", where=first.where, fix=first.fix)


def _trusted_base(root: Path, wanted: str | None) -> Base | None:
    """The commit that is believed; None where there is no repository.

    Raises RefusedError where there is no answer, UsageError where the base is not named.
    """
    from tfgen.git.merge_base import find_base

    if not any((folder / ".git").exists() for folder in (root, *root.parents)):
        note("warning: not a git repository: hand-written files are not compared", style="yellow")
        return None
    try:
        return find_base(root, wanted, trusted=True)
    except (RefusedError, UsageError):
        raise
    except TfgenError as error:
        raise RefusedError(error.message, where=error.where, fix=error.fix) from None


def _unique(findings: Iterator[Finding]) -> list[Finding]:
    """One for each place: what is said first is the most telling."""
    by_place: dict[tuple[str, int], Finding] = {}
    files: set[str] = set()
    for finding in findings:
        if finding.line or finding.path not in files:
            by_place.setdefault((finding.path, finding.line), finding)
        files.add(finding.path)
    return list(by_place.values())


def _findings(
    workspace: Workspace, base: Base | None, allowed: Sequence[str], given: Mapping[str, str]
) -> Iterator[Finding]:
    """All of them, specific ones first."""
    from tfgen.git.repository import NoAnswerError
    from tfgen.untrusted.base_tree import BaseTree, find_top
    from tfgen.untrusted.hand_written import HandWritten
    from tfgen.untrusted.version_managers import choosers

    top = Path(os.path.realpath(workspace.root))
    try:
        tree = BaseTree(find_top(workspace.root), base.commit) if base else None
        hand = HandWritten(workspace, tree.top if tree else top, tree, base.name if base else "")
        yield from hand.traces()
        yield from hand.leading_out()
        yield from _generated(workspace)
        settings, known = _known(hand)
        calls = generated_calls(workspace.settings)
        work = hand.reach(calls)
        yield from work.findings
        yield from judge(work.modules, calls, known, allowed, hand.root)
        yield from _settings(workspace.settings, settings, hand)
        yield from hand.differences(work.modules, settings)
        for path, why in choosers(tree, hand.root, given) if tree else ():
            yield Finding(path=hand.shown(path), message=f"{why} and differs from {hand.name}")
    except NoAnswerError as error:
        message = f"git failed: {error}" if str(error) else "git failed"
        raise RefusedError(message, fix="check the repository") from None


def _generated(workspace: Workspace) -> Iterator[Finding]:
    """Files that are called like generated ones, and are not what sync writes from the templates that stand here."""
    from functools import partial

    from tfgen.git.renames import ask_git
    from tfgen.git.repository import tracked_although_ignored
    from tfgen_generators.generated.files import read_generated
    from tfgen_generators.sync.find_changes import find_changes
    from tfgen_generators.sync.survey import Outside

    root, settings = workspace.root, workspace.settings
    # No cache: whoever could write one would decide what the templates say.
    outside = Outside(ask_git=partial(ask_git, root), is_tracked=tracked_although_ignored(root))
    result = find_changes(root, settings, workspace.settings_text, outside)
    changes = result.changes
    for refused in changes.refused:
        yield Finding(path=refused.path, message=refused.reason, fix=refused.fix)
    for change in changes.changes:
        yield Finding(path=change.path, message=f"is not what sync writes ({change.action})", fix=_SYNC)
    for problem in result.problems:
        yield Finding(path=problem.path, line=problem.line, message=problem.message, fix=problem.fix or "fix it")
    told = {*changes.unchanged, *(change.path for change in changes.changes), *(item.path for item in changes.refused)}
    for path in read_generated(root, settings.terraform_dir).texts:
        if path not in told:
            yield Finding(path=path, message="is named like a generated file, but was not written by tfgen")
        elif (root / path).is_symlink():
            yield Finding(path=path, message="must not be a symlink: tfgen writes a file there", fix=_SYNC)


def _known(hand: HandWritten) -> tuple[Settings | None, Known]:
    """The base's settings (None: no base, or none that can be read), and what it says."""
    from tfgen_generators.root_module.trust import knows

    if hand.tree is None:
        return None, Known()
    text = hand.tree.read([hand.path(FILE_NAME)]).get(hand.path(FILE_NAME), b"")
    try:
        settings = parse_settings(text.decode())
    except (TfgenError, UnicodeDecodeError):
        return None, Known(name=hand.name)
    reached = hand.reach_base(settings, generated_calls(settings))
    return settings, knows(hand.name, reached.modules, generated_calls(settings))


def _settings(now: Settings, before: Settings | None, hand: HandWritten) -> Iterator[Finding]:
    if hand.tree and before is None:
        yield Finding(path=FILE_NAME, message=f"{hand.name} has no readable {FILE_NAME}, so nothing can be trusted")
    if before is not None and now.terraform_dir != before.terraform_dir:
        was = before.terraform_dir
        message = f"terraform_dir is {was} in {hand.name}: another root module would be planned"
        yield Finding(path=FILE_NAME, line=now.line("terraform_dir"), message=message)
    yield from judge_expressions(now, [text for text, _ in expressions(before)] if before else ())

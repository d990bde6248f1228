"""What `tfgen lint` does: opens the scope, runs the rules, mends, and keeps what was asked for."""

from __future__ import annotations

import contextlib
import gc
import os
import time
from collections.abc import Collection, Sequence
from pathlib import Path

import msgspec

from tfgen.lint.formats.shown import Result
from tfgen.workspace import Workspace, open_workspace
from tfgen_generators.errors import TfgenError, UsageError
from tfgen_generators.lint.engine import Report, lint
from tfgen_generators.lint.scope import Scope

#: After these many rounds of edits, what is left is shown: edits that overlapped have had their turn.
_ROUNDS = 5
#: So many entries of a baseline that no longer occur are named.
_MOST_GONE = 10


def read_paths(root: Path, paths: Sequence[str]) -> tuple[str, ...]:
    """`paths` as the shell gave them, from the root of the repository. Raises UsageError."""
    top = os.path.realpath(root)
    found: list[str] = []
    for path in paths:
        if not path or "\0" in path or not os.path.lexists(path):
            raise UsageError(f"{path or 'an empty path'}: no such file or folder", fix="use an existing path")
        # Its folder's links are followed, its own is not: a link is a file of the repository.
        parent, name = os.path.split(os.path.normpath(Path.cwd() / path))
        full = f"{os.path.realpath(parent).rstrip('/')}/{name}"
        if not (full + "/").startswith(top.rstrip("/") + "/"):
            raise UsageError(f"{path}: is outside the repository {top}", fix="use a path inside it")
        found.append(os.path.relpath(full, top).replace(os.sep, "/"))
    return tuple(found)


def find(
    workspace: Workspace, paths: Collection[str], *, only: Collection[str], strict: bool, fix: bool
) -> tuple[Result, list[str]]:
    """The findings below `paths` (everywhere without any), and which files `fix` left alone, with the reason."""
    from tfgen.cache.graph_store import keep_store
    from tfgen_generators.lint.engine import chosen_rules

    chosen_rules(only)  # a wrong id costs no look at the repository
    fixed, left = 0, list[str]()
    for _ in range(_ROUNDS if fix else 1):
        if not fix:
            scope, report = _report(workspace, only)
            break
        scope = open_scope(workspace)
        report = lint(scope, only=only)
        from tfgen.lint.fix import CHANGED, apply_edits

        shown = [judged.finding for judged in report.shown if is_wanted(judged.finding.path, paths)]
        mended, left = apply_edits(workspace.root, shown, scope.read)
        fixed += mended
        if not mended and not any(line.endswith(CHANGED) for line in left):
            break
        workspace = open_workspace(need_settings=False)  # a comment of tfgen.toml itself may be gone
    else:
        scope = open_scope(workspace)
        report = lint(scope, only=only)
    keep_store(workspace, scope.store)
    return _result(scope, report, paths, strict=strict, fixed=fixed), left


def _report(workspace: Workspace, only: Collection[str]) -> tuple[Scope, Report]:
    """What the last look has found where that holds, else what this one finds, kept for the next."""
    from tfgen.workspace import say_damaged
    from tfgen_generators.lint.engine import chosen_rules
    from tfgen_generators.lint.kept import find_kept, is_worthwhile, keep
    from tfgen_generators.trees.stamps import read_kept

    scope = open_scope(workspace)
    file = workspace.cache_file("lint")
    if file is None:
        return scope, _looked(scope, only)
    kept = read_kept(file)
    say_damaged(workspace, "lint", damaged=kept.damaged)
    judged = find_kept(kept, scope, only)
    if judged is not None:
        return scope, Report(rules=chosen_rules(only), judged=judged)
    if kept.data:
        scope = scope.again()
    report = _looked(scope, only)
    if is_worthwhile(scope):
        with contextlib.suppress(TfgenError):
            workspace.make_state_dir("cache")
            keep(file, scope, only, report.judged)
    return scope, report


def _looked(scope: Scope, only: Collection[str]) -> Report:
    """What the rules find. What they read stays: to look for garbage among it would cost a tenth of the look."""
    gc.disable()
    try:
        return lint(scope, only=only)
    finally:
        gc.freeze()
        gc.enable()


def _result(scope: Scope, report: Report, paths: Collection[str], *, strict: bool, fixed: int) -> Result:
    judged = tuple(judged for judged in report.judged if is_wanted(judged.finding.path, paths))
    images = len(scope.discovery.templates)
    return Result(rules=report.rules, judged=judged, read=scope.read, images=images, fixed=fixed, strict=strict)


def with_baseline(result: Result, file: str, paths: Collection[str], *, write: bool) -> tuple[Result, list[str]]:
    """The result with the findings that a baseline knows switched off, and what to say of the baseline.

    With `write` it is written first. Raises UsageError for a file that is no baseline.
    """
    from tfgen.lint.baseline import apply_baseline, gone, read_baseline, write_baseline
    from tfgen.phrases import counted

    said: list[str] = []
    if write:
        number = write_baseline(Path(file), result.judged, result.read)
        said.append(f"{counted(number, 'finding')} written to {file}")
    entries = read_baseline(Path(file))
    judged, left = apply_baseline(file, entries, result.judged, result.read)
    rules = {rule.id for rule in result.rules}
    lost = gone(left, rules, lambda path: is_wanted(path, paths))
    said += [f"no longer found: {line}" for line in lost[:_MOST_GONE]]
    if len(lost) > _MOST_GONE:
        said.append(f"and {len(lost) - _MOST_GONE} more")
    if lost:
        said.append(f"{file} has {counted(len(lost), 'finding')} too many; write it again with --write-baseline")
    return msgspec.structs.replace(result, judged=judged), said


def is_wanted(path: str, paths: Collection[str]) -> bool:
    return not paths or any(wanted in (".", path) or path.startswith(f"{wanted}/") for wanted in paths)


def open_scope(workspace: Workspace) -> Scope:
    """The repository as lint sees it. Raises TfgenError without a folder of templates."""
    from tfgen.cache.graph_store import open_store
    from tfgen.cache.template_store import find_templates

    started = time.time_ns()
    store = open_store(workspace)
    discovery = find_templates(workspace, store)
    return Scope(
        workspace.root,
        discovery,
        workspace.settings,
        has_settings=bool(workspace.settings_text),
        store=store,
        started=started,
    )

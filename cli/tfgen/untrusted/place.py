"""Where an untrusted branch is planned: in a copy of the base's files, with the branch's values (docs/untrusted.md)."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.console import note, one_line
from tfgen.phrases import counted, some
from tfgen.terraform import init
from tfgen.untrusted.base_tree import BaseTree, is_outside
from tfgen.untrusted.branch import Branch
from tfgen.untrusted.copy import Copy, base_settings
from tfgen.untrusted.environment import files_of_arguments, find_program, named_by_branch, terraform_environment
from tfgen.untrusted.fresh_folder import TREE, fresh_folder
from tfgen.untrusted.not_planned import not_planned
from tfgen.workspace import Workspace
from tfgen_generators.errors import RefusedError, TfgenError, UsageError
from tfgen_generators.root_module.trust import Finding, is_allowed

if TYPE_CHECKING:
    from tfgen.terraform.reports.plan import NotPlanned
    from tfgen_generators.sync.by_base import ByBase


@dataclass(frozen=True, kw_only=True)
class Place:
    """A copy to plan in, and what Terraform is started with. `generated` are the files that tfgen has made for it.

    `not_planned` is what the branch changes besides; `before` are the base's generated files, path -> text.
    """

    workspace: Workspace
    terraform: str | None
    env: Mapping[str, str]
    generated: Mapping[str, str]
    before: Mapping[str, str]
    not_planned: tuple[NotPlanned, ...]
    base_name: str
    made_here: frozenset[str]
    branch: Branch

    def state_at(self, path: str) -> Path:
        """Where a local state lies, by its path from the root module's folder: not in the copy, if made here."""
        folder = self.branch.path(self.workspace.settings.terraform_dir)
        file = Path(os.path.normpath(self.branch.top / folder / path))
        given = os.path.relpath(file, self.branch.top)
        if (is_outside(given) or self.branch.tree.is_made_here(given)) and file.parent.is_dir():
            return file
        return self.workspace.terraform_dir / path


def look_at(workspace: Workspace, base: str | None) -> Branch:
    """The branch in `workspace`, after a look at whether it can be read at all. Raises RefusedError.

    `base` is what --base names: a commit or a branch of a remote; nothing is guessed (UsageError).
    """
    from tfgen.git.merge_base import find_base
    from tfgen.git.repository import top_of

    try:
        found = find_base(workspace.root, base, trusted=True)
        with _answers():
            branch = Branch(workspace, BaseTree(top_of(workspace.root), found.commit), found.name)
            _refuse(branch.hostile())
    except (RefusedError, UsageError):
        raise
    except TfgenError as error:
        raise RefusedError(error.message, where=error.where, fix=error.fix) from None
    return branch


@contextlib.contextmanager
def untrusted_place(
    branch: Branch, allowed: Sequence[str] = (), *, terraform: str | None = None, arguments: Sequence[str] = ()
) -> Iterator[Place]:
    """A copy for the plan of `branch`, gone at the end. Raises RefusedError for what cannot be understood.

    `allowed` are prefixes of sources of modules that tfgen.toml may choose; `terraform` is what --terraform names,
    `arguments` go to Terraform: files that they name are looked at. Runs no Terraform, believes no cache.
    """
    with fresh_folder(branch.top) as folder, _answers():
        base = base_settings(branch)
        copy = Copy(branch, folder / TREE, base)
        copy.write_base()
        root = branch.path(base.terraform_dir)
        _refuse(_obeyed(branch, root, arguments))
        made = _generate(copy, allowed)
        generated = copy.write_generated(made.files)
        reached = copy.reach(made.effective.settings)
        _refuse(copy.distrusted(reached))
        named = copy.named(reached.modules)
        machines = copy.add_machines(reached.modules, {*named, *_named_files(branch, root, arguments)})
        _tell_machines(branch, machines)
        missing = not_planned(
            branch,
            base,
            made.effective.said,
            reached.modules,
            named,
            made=lambda path: path in generated or branch.tree.is_made_here(path),
            follow=copy.follow,
        )
        env = terraform_environment(branch.tree, copy.top, root, folder / "data")
        yield Place(
            workspace=Workspace(
                root=copy.root,
                settings=made.effective.settings,
                settings_text=branch.workspace.settings_text,
                original=branch.workspace.root,
                scratch=folder,
            ),
            terraform=find_program(branch.tree, copy.top, terraform),
            env={**env, **_selected(branch, root)},
            generated=made.files,
            before=_before(branch, made.files, base.terraform_dir),
            not_planned=missing,
            base_name=branch.base_name,
            made_here=frozenset(machines),
            branch=branch,
        )


@contextlib.contextmanager
def _answers() -> Iterator[None]:
    """What git does not say is not known to be trusted."""
    from tfgen.git.repository import NoAnswerError

    try:
        yield
    except NoAnswerError as error:
        message = f"git failed: {error}" if str(error) else "git failed"
        raise RefusedError(message, fix="check the repository") from None


def _refuse(findings: Iterable[Finding]) -> None:
    """Says all that speaks against planning this branch; raises RefusedError if there is anything."""
    found = list({(finding.path, finding.line): finding for finding in reversed(list(findings))}.values())[::-1]
    for finding in found[1:]:  # the first one is the error itself
        note(one_line(f"error: {finding.where}: {finding.message}; {finding.fix}"), style="red")
    if found:
        first, more = found[0], len(found) - 1
        also = f" (and {counted(more, 'other finding')}, see above)" if more else ""
        raise RefusedError(f"{first.message}{also}", where=first.where, fix=first.fix)


def _obeyed(branch: Branch, root: str, arguments: Sequence[str]) -> Iterator[Finding]:
    for path, why in named_by_branch(branch.tree, root, arguments):
        yield Finding(path=branch.shown(path), message=f"{why} and differs from {branch.base_name}")


def _generate(copy: Copy, allowed: Sequence[str]) -> ByBase:
    """The generated files. No cache: whoever could write one would decide what the templates say."""
    from tfgen.git.repository import tracked_although_ignored
    from tfgen_generators.sync.by_base import files_by_base
    from tfgen_generators.sync.survey import Outside

    workspace = copy.branch.workspace
    outside = Outside(is_tracked=tracked_although_ignored(workspace.root))
    made = files_by_base(
        workspace.root, workspace.settings, copy.root, copy.base, outside, partial(is_allowed, allowed=allowed)
    )
    _refuse(
        Finding(path=problem.path, line=problem.line, message=problem.message, fix=problem.fix or "fix it")
        for problem in made.problems
    )
    return made


def _named_files(branch: Branch, root: str, arguments: Sequence[str]) -> Iterator[str]:
    for value in files_of_arguments(arguments, os.environ):
        if not Path(value).is_absolute() and "\0" not in value:
            yield os.path.normpath(f"{root}/{value}")


def _tell_machines(branch: Branch, machines: Collection[str]) -> None:
    if machines:
        shown = some([branch.shown(path) for path in machines], most=5)
        note(f"the plan uses files of this machine that are in no commit: {shown}")


def _selected(branch: Branch, root: str) -> dict[str, str]:
    """The workspace of Terraform's that is selected here."""
    folder = branch.top / root
    file = os.path.relpath(init.data_dir(folder, os.environ) / "environment", branch.top)
    inside = not file.startswith("../")
    if os.environ.get("TF_WORKSPACE") or (inside and not branch.tree.is_made_here(file)):
        return {}
    name = init.workspace_name(folder, os.environ)
    return {} if name == "default" else {"TF_WORKSPACE": name}


def _before(branch: Branch, files: Iterable[str], folder: str) -> dict[str, str]:
    from tfgen_generators.generated.ownership import is_generated

    at = branch.path(folder)
    known = {
        p for p in branch.tree.entries if is_generated(p.rpartition("/")[2]) and (p.rpartition("/")[0] or ".") == at
    }
    wanted = {branch.path(path) for path in files} | known
    return {branch.shown(path): data.decode("utf-8", "replace") for path, data in branch.tree.read(wanted).items()}

"""One `tfgen init`: look, ask for what cannot be found, write what is missing, and synchronize."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

import msgspec

from tfgen.console import is_terminal
from tfgen.init.existing import SCRIPT, Existing, look
from tfgen.init.found import Found, find, script_variable
from tfgen.init.planned import Planned, Wanted, plan
from tfgen.init.shipped import ROOT_DIR
from tfgen.workspace import Workspace, find_root, locked, open_workspace
from tfgen_generators.errors import RefusedError, TfgenError, UsageError
from tfgen_generators.packer.discovery.facts_cache import FactsCache
from tfgen_generators.settings.model import FILE_NAME
from tfgen_generators.settings.requirement import Requirement
from tfgen_generators.sync.model import SyncResult

#: Where the module is in tfgen's own repository.
_MODULE = "terraform/modules/codepipeline"
_FEW = 20
_FALLBACK = "eu-west-1"


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What is there, before anything is asked or planned."""

    root: Path
    found: Found
    existing: Existing
    cache: FactsCache


def place() -> Path:
    """The folder that becomes (or is) tfgen's: with a tfgen.toml here or above it, else the current one."""
    here = Path.cwd()
    root = find_root(here)
    return root if (root / FILE_NAME).is_file() else here


def look_around() -> Look:
    """Reads git's settings, AWS's, templates and Terraform; no network. Raises RefusedError in git's own folder."""
    root = place()
    if (root / "HEAD").is_file() and (root / "objects").is_dir() and (root / "refs").is_dir():
        raise RefusedError(f"{root.name} is a bare git repository, or git's own folder", fix="run this in a clone")
    everywhere = any(os.path.lexists(folder / ".git") for folder in (root, *root.parents))
    existing = look(root, terraform_dir_of(root), everywhere=everywhere, script=_script(root))
    # What is read of templates here, sync need not read again.
    cache = FactsCache(None if os.path.lexists(root / ".tfgen") else root / ".tfgen/cache/facts")
    found = find(root, existing, cache, everywhere=everywhere)
    if (here := Path.cwd()) != root:
        holds = f"{os.path.relpath(root / FILE_NAME, here)} holds here, so this is about its folder"
        found = msgspec.structs.replace(found, notes=(holds, *found.notes))
    return Look(root=root, found=found, existing=existing, cache=cache)


def _script(root: Path) -> str:
    """The variable that tells a build its template: tfgen.toml's, else as the buildspec has it."""
    if (root / FILE_NAME).is_file():
        return open_workspace().settings.packer_script.variable
    return script_variable(root) or SCRIPT


def terraform_dir_of(root: Path) -> str:
    """tfgen.toml's, or what it will be where nothing else is found. Raises TfgenError."""
    return open_workspace().settings.terraform_dir if (root / FILE_NAME).is_file() else ROOT_DIR


def asked(look: Look, *, quiet: bool) -> Look:
    """The same with what a person says of what was not found; without a terminal, or `quiet`, a note says the guess."""
    found, notes = look.found, list(look.found.notes)
    is_new = not (look.root / FILE_NAME).exists()
    can_ask = not quiet and is_terminal(sys.stdin) and is_terminal(sys.stderr)
    there = look.existing.at(look.existing.terraform_dir())
    if is_new and not found.is_codecommit and not (found.elsewhere and len(there.connections) == 1):
        name = found.source_repository
        if can_ask:
            found = msgspec.structs.replace(found, source_repository=_ask("Name of the CodeCommit repository", name))
        else:
            notes.append(
                f"no remote is a CodeCommit repository: took the name {name} (source_repository in {FILE_NAME})"
            )
    if not found.region and "provider.aws" not in there.declared:
        if can_ask:
            found = msgspec.structs.replace(found, region=_ask("AWS region of the pipelines", _FALLBACK))
        else:
            notes.append(f"no AWS region is set: took {_FALLBACK} (variables.tf)")
    return msgspec.structs.replace(look, found=msgspec.structs.replace(found, notes=tuple(notes)))


def _ask(question: str, default: str) -> str:
    """Raises KeyboardInterrupt at the end of the input."""
    sys.stdout.flush()
    sys.stderr.write(f"{question} [{default}]: ")
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise KeyboardInterrupt
    return line.strip() or default


def branch_of(look: Look) -> str:
    """tfgen.toml's branch, or what it will be."""
    if (look.root / FILE_NAME).is_file():
        return open_workspace().settings.branch
    return look.found.branch


def git_source(requirement: Requirement) -> str:
    """The module's source for Terraform, pinned to the commit that tfgen itself comes from. Raises UsageError."""
    address = requirement.address
    if not address.startswith("git+") or "@" not in address:
        raise UsageError(
            f"--module git: {address} is no commit of a git repository",
            fix="use --install git+https://...@COMMIT, or --module vendor",
        )
    url, _, commit = address.partition("#")[0].removeprefix("git+").rpartition("@")
    return f"git::{url}//{_MODULE}?ref={commit}"


def planned(look: Look, wanted: Wanted) -> Planned:
    """What is missing. Raises TfgenError."""
    return plan(look.root, look.found, look.existing, wanted, os.environ)


def write(look: Look, changes: Planned) -> None:
    """Writes the changes, alone in this repository. Raises TfgenError; then nothing, or whole files only, are there."""
    from tfgen_generators.sync.write import apply_changes, remove_leftovers, through_links

    root, workspace = look.root, Workspace(root=look.root)
    with locked(workspace, "sync"):
        remove_leftovers(*{(root / change.path).parent for change in changes.changes} | {root})
        for change in changes.changes:
            if change.action == "create" and os.path.lexists(root / change.path):
                raise RefusedError("has come into being meanwhile", where=change.path, fix="run this again")
        apply_changes(root, through_links(root, changes.changes))
    if look.cache.is_due:
        with contextlib.suppress(TfgenError):  # it costs time, no more
            workspace.make_state_dir("cache")
            look.cache.save()


def synchronized() -> SyncResult:
    """The pipelines of the templates that are there."""
    from tfgen.sync.run import synchronize

    return synchronize(open_workspace())


def lint_errors(templates: int) -> int:
    """How many errors `tfgen lint` finds, of what a pipeline needs; 0 for many templates, which would take too long."""
    if not 0 < templates <= _FEW:
        return 0
    from tfgen.lint.run import find as find_errors

    return find_errors(open_workspace(), (), only=(), strict=False, fix=False)[0].count("error")

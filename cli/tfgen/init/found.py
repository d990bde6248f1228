"""What is known of a repository without asking a person: its name in CodeCommit, branch, region, templates' folder."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import msgspec

from tfgen.git.remotes import ORIGIN, Remote, ask, find_remotes
from tfgen.git.repository import NoAnswerError, checked_out_branch, has_history, top_of
from tfgen.init.existing import Existing
from tfgen.init.remote_address import codecommit_repositories, name_elsewhere
from tfgen.init.shipped import BUILDSPEC
from tfgen.init.variants import find_variants
from tfgen_generators.errors import TfgenError
from tfgen_generators.packer.discovery.discover import find_unnamed
from tfgen_generators.packer.discovery.facts_cache import FactsCache
from tfgen_generators.packer.discovery.place import ROOT, USUAL, folder_on_disk
from tfgen_generators.packer.model import Template
from tfgen_generators.paths.shown_var_files import ShownVarFiles
from tfgen_generators.trees.files import read_text

MAIN = "main"
_USUAL_BRANCHES = (MAIN, "master")


#: What gives a template to Packer, and its last word where that is a variable with no more than a path around it.
_BUILD = re.compile(r"\bpacker\s+(?:build|validate)\b([^\n|;&>]*)")
_TEMPLATE = re.compile(r"""["']?[\w./-]*\$\{?([A-Za-z_]\w*)\}?[\w./-]*["']?""")


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """`is_codecommit`: a remote (or a pipeline) names the repository; else `elsewhere` is
    what it is called at another host (OWNER/NAME), or "". `region` is "" where nothing says it.

    `packer_dir` is None where there is no template yet. `notes` say what was guessed, and why.
    """

    source_repository: str
    is_codecommit: bool
    elsewhere: str
    branch: str
    region: str
    packer_dir: str | None
    notes: tuple[str, ...] = ()
    variants: tuple[ShownVarFiles, ...] = ()


def find(root: Path, existing: Existing, cache: FactsCache, *, everywhere: bool) -> Found:
    """Looks at git's settings, AWS's and the tree; of what may be a whole disk (not `everywhere`) only at packer/.

    `cache` gets what is read of templates.
    """
    notes: list[str] = []
    remotes = _remotes(root, notes)
    repositories = codecommit_repositories(remotes)
    if len(repositories) > 1:
        others = ", ".join(each.name for each in repositories[1:])
        notes.append(f"the remotes name several CodeCommit repositories: took {repositories[0].name}, not {others}")
    elsewhere = name_elsewhere(remotes)
    packer_dir = _packer_dir(root, cache, everywhere=everywhere)
    theirs = existing.source_repository or (repositories[0].name if repositories else "")
    return Found(
        source_repository=theirs or _as_name(elsewhere.rpartition("/")[2] or _top(root).name),
        elsewhere=elsewhere if "/" in elsewhere and not theirs else "",
        is_codecommit=bool(theirs),
        branch=_branch(root, remotes),
        region=existing.region or next((each.region for each in repositories if each.region), "") or _aws_region(notes),
        packer_dir=packer_dir,
        variants=find_variants(root, packer_dir, cache) if packer_dir and everywhere else (),
        notes=tuple(notes),
    )


def script_variable(root: Path) -> str:
    """The variable that all of the buildspec's `packer build` and `validate` take for the template; "" without one."""
    try:
        commands = _BUILD.findall(read_text(root / BUILDSPEC))
    except OSError:
        return ""
    last = [_TEMPLATE.fullmatch(command.split()[-1]) if command.split() else None for command in commands]
    names = {word[1] if word else "" for word in last}
    return names.pop() if len(names) == 1 else ""


def _remotes(root: Path, notes: list[str]) -> Sequence[Remote]:
    if not has_history(root):
        return ()
    try:
        return list(find_remotes(root).values())
    except TfgenError as error:
        notes.append(f"git's remotes are not known: {error.message}")
        return ()


def _top(root: Path) -> Path:
    with contextlib.suppress(NoAnswerError):
        return top_of(root)
    return root.resolve()


def _as_name(text: str) -> str:
    """As CodeCommit allows it: 1 to 100 letters, digits, `.`, `_`, `-`, without .git at the end."""
    return re.sub(r"[^\w.-]+", "-", text, flags=re.ASCII).removesuffix(".git").strip("-.")[:100] or "ami-builder"


def _branch(root: Path, remotes: Sequence[Remote]) -> str:
    """A remote's default branch, else main or master where there is one, else the one that is checked out."""
    if not has_history(root):
        return MAIN
    for name in sorted((remote.name for remote in remotes), key=lambda name: name != ORIGIN):
        with contextlib.suppress(NoAnswerError):
            prefix = f"refs/remotes/{name}/"
            return ask(root, "symbolic-ref", "--quiet", f"{prefix}HEAD").removeprefix(prefix)
    heads = _heads(root)
    usual = [name for name in _USUAL_BRANCHES if name in heads]
    current = checked_out_branch(root)
    return current if current in usual else (usual or [current])[0] or MAIN


def _heads(root: Path) -> set[str]:
    with contextlib.suppress(NoAnswerError):
        return set(ask(root, "for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads").splitlines())
    return set()


def _aws_region(notes: list[str]) -> str:
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if os.environ.get(variable):
            return os.environ[variable]
    config = os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config"
    if not Path(config).expanduser().is_file():
        return ""  # boto3, which takes long, would find nothing
    from tfgen.aws.profiles import region_of

    try:
        return region_of("")
    except TfgenError as error:
        notes.append(f"the AWS profile's region is not known: {error.message}")
        return ""


def _packer_dir(root: Path, cache: FactsCache, *, everywhere: bool) -> str | None:
    """Where the templates are: the default place (or the root in its stead), else what all of them are below."""
    usual = folder_on_disk(root, USUAL)
    if usual == USUAL and (root / USUAL).is_dir() and find_unnamed(root, USUAL, cache=cache).templates:
        return USUAL
    if not everywhere:
        return ROOT if usual == ROOT else None
    templates = find_unnamed(root, ROOT, cache=cache).templates
    return _common(templates) if templates else None


def _common(templates: Sequence[Template]) -> str:
    """The folder above all; where a folder holds one image alone, the one above that."""
    folders = [str(PurePosixPath(template.path).parent) for template in templates]
    common = os.path.commonpath(folders) if ROOT not in folders else ROOT
    if len(templates) == 1 and common not in (ROOT, "") and templates[0].kind == "file":
        stem = PurePosixPath(templates[0].path).name.partition(".")[0]
        if stem == PurePosixPath(common).name:
            common = str(PurePosixPath(common).parent)
    return common or ROOT

"""A reduced root module: the folder of the root module without the generated files of images that are not targets.

Terraform validates every module before it looks at `-target`, which costs some 65 ms for each image of the module that
tfgen ships. In a folder of links that lacks the other images, the same targets give the same plan, in a time that does
not grow with their number (docs/adr/0011). Where such a folder might mean something else, there is none.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from tfgen.state.local_state import state_arguments
from tfgen.terraform import init
from tfgen.terraform.argv import RunOptions
from tfgen.terraform.inputs import plan_arguments
from tfgen.terraform.reports.events import Diagnostic
from tfgen.workspace import Workspace, private_folder
from tfgen_generators.generated.ownership import examine, file_name, image_of, is_generated
from tfgen_generators.hcl.terraform_files import is_terraform
from tfgen_generators.trees.files import read_bytes, read_text

_NAMED = re.compile(r'\bmodule[\s."]+([A-Za-z_][\w-]*)')
#: What may be different in another folder, or be written there: expressions, templates (which have expressions that
#: nobody has read), and data sources that run or write something.
_READS_ITS_PLACE = re.compile(
    rb"\bpath\s*\.\s*(?:cwd|root)\b|\b(?:abspath|fileset|templatefile|templatestring)\s*\("
    rb'|"(?:archive_file|external|template_dir)"'
)
#: A person's own arguments of `terraform plan` that mean the same in any folder.
_HARMLESS = frozenset(
    {"var", "var-file", "refresh", "parallelism", "lock", "lock-timeout", "no-color", "compact-warnings", "input"}
)
_STEM = "part-"
#: Terraform's warning of what we give it, and no person can do without.
_OF_OURS = "Deprecated flag: -state"
#: git finds the real repository from any folder below it.
_NEVER = frozenset({".git", ".tfgen"})


class ReducedRoot(msgspec.Struct, frozen=True, kw_only=True):
    """Where Terraform runs, what it needs in its environment, and the arguments that name the state's own place."""

    folder: Path
    env: Mapping[str, str]
    arguments: tuple[str, ...]


class _Module(msgspec.Struct):
    key: str = msgspec.field(name="Key", default="")
    dir: str = msgspec.field(name="Dir", default="")


class _Modules(msgspec.Struct):
    """`.terraform/modules/modules.json`: all modules that init has found, `a.b` for the module b that a calls."""

    modules: list[_Module] = msgspec.field(name="Modules", default_factory=list)


def without_ours(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """What Terraform says of a plan in a reduced root, but for what it says of our own arguments."""
    return [diagnostic for diagnostic in diagnostics if not diagnostic.summary.startswith(_OF_OURS)]


@contextlib.contextmanager
def reduced_root(
    workspace: Workspace,
    options: RunOptions,
    env: Mapping[str, str],
    state_at: Callable[[str], Path] | None = None,
) -> Iterator[ReducedRoot | None]:
    """A folder for a plan of the targets alone, gone at the end; None where the whole one must do. After init."""
    with contextlib.ExitStack() as stack:
        try:
            means_the_same = _means_the_same(options, env)
            reduced = _reduced(workspace, options.targets, env, stack, state_at) if means_the_same else None
        except (OSError, msgspec.DecodeError, RecursionError):
            reduced = None  # a full disk, a broken file: the whole folder needs none of it
        yield reduced


def _reduced(
    workspace: Workspace,
    targets: Collection[str],
    env: Mapping[str, str],
    stack: contextlib.ExitStack,
    state_at: Callable[[str], Path] | None,
) -> ReducedRoot | None:
    left_out = _left_out(workspace, targets)
    arguments = state_arguments(workspace.terraform_dir, env, state_at) if left_out else None
    if arguments is None or _depends_on_place(workspace, left_out, env):
        return None
    parent = workspace.scratch or workspace.make_state_dir()
    folder = _linked(workspace, stack.enter_context(private_folder(parent, _STEM)), left_out)
    data_dir = str(init.data_dir(workspace.terraform_dir, env).absolute())
    return ReducedRoot(folder=folder, env={**env, "TF_DATA_DIR": data_dir}, arguments=arguments)


def _means_the_same(options: RunOptions, env: Mapping[str, str]) -> bool:
    """Whether all that a person asks of Terraform does so in another folder, too."""
    flags = (word for word in plan_arguments(options.extra, env) if word.startswith("-"))
    log = env.get("TF_LOG_PATH", "")
    return all(word.lstrip("-").partition("=")[0] in _HARMLESS for word in flags) and (
        not log or Path(log).is_absolute()
    )


def _left_out(workspace: Workspace, targets: Collection[str]) -> frozenset[str]:
    """The images whose files need not be there: no target, and named in no file that is there."""
    folder = workspace.terraform_dir
    if folder.resolve() != workspace.root.resolve() / _below(workspace):  # it lies elsewhere
        return frozenset()
    files = {file.name: _text(file) for file in folder.iterdir() if is_terraform(file.name)}
    generated = {image_of(name): name for name, text in files.items() if is_generated(name) and _is_ours(text)}
    waiting = sorted(set(files) - set(generated.values()))
    waiting += [generated[target] for target in targets if target in generated]
    seen = {*waiting}
    while waiting:
        for named in _NAMED.findall(files[waiting.pop()]):
            file = generated.get(named)
            if file and file not in seen:
                seen.add(file)
                waiting.append(file)
    return frozenset(image for image, name in generated.items() if name not in seen)


def _depends_on_place(workspace: Workspace, left_out: frozenset[str], env: Mapping[str, str]) -> bool:
    """Whether what is planned asks where it is or which files stand there, or reads above the repository's root."""
    folder = workspace.terraform_dir
    above = re.compile(rb"(?:\.\./+){%d}" % (len(_below(workspace).parts) + 1))
    listed = msgspec.json.decode(
        (init.data_dir(folder, env) / "modules" / "modules.json").read_bytes(), type=_Modules
    ).modules
    wanted = {module.dir for module in listed if module.key.partition(".")[0] not in left_out}
    folders = {Path(os.path.normpath(folder / path)) for path in {"", *wanted}}
    files = [file for place in folders for file in place.iterdir() if is_terraform(file.name)]
    texts = (read_bytes(file) for file in files)
    return any(_READS_ITS_PLACE.search(text) or above.search(text) for text in texts)


def _text(file: Path) -> str:
    return read_text(file)


def _is_ours(text: str) -> bool:
    """Whether nothing of a person's goes missing with it."""
    return examine(text).state == "ours"


def _below(workspace: Workspace) -> Path:
    """The root module's folder, seen from the repository's root."""
    return Path(os.path.relpath(workspace.terraform_dir, workspace.root))


def _linked(workspace: Workspace, top: Path, left_out: frozenset[str]) -> Path:
    """The repository as links below `top`, so that relative paths lead where they always do; the root module in it."""
    real, made = workspace.root, top
    for part in _below(workspace).parts:
        _link(real, made, {part, *_NEVER})
        real, made = real / part, made / part
        made.mkdir()
    _link(real, made, {*_NEVER, *(file_name(image) for image in left_out)})
    return made


def _link(real: Path, made: Path, without: Collection[str]) -> None:
    for name in os.listdir(real):  # noqa: PTH208 names are wanted, not paths
        if name not in without:
            (made / name).symlink_to(real.absolute() / name)

"""What a plan is made from: every file that sync or Terraform reads, by digest."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen_generators.errors import TfgenError
from tfgen_generators.generated.ownership import is_generated
from tfgen_generators.hcl.terraform_files import is_terraform
from tfgen_generators.trees.files import digest_of, read_bytes, read_text

if TYPE_CHECKING:
    from tfgen_generators.module.terraform_file import TerraformFile

LOCK_FILE = ".terraform.lock.hcl"
_MANIFEST = b'{\n  "kind": "tfgen plan manifest"'

#: In a generated file.
_SOURCE = re.compile(r'^  source\s*=\s*"(\.{1,2}(?:/[^"$]*)?)"', re.MULTILINE)
#: Where a file may call a module; what has no such word needs no parser. `path.module` is none.
_CALL = re.compile(rb"(?<![\w.-])module(?![\w-])")
#: State, plans and leftovers: what Terraform writes, not what it reads to plan.
_WRITTEN = re.compile(r".*\.tfstate(\..*)?|.*\.tfplan(\.json)?|crash\..*log|\..*")
_PROVIDER = re.compile(r'^provider "([^"]+)" \{\n(?:.*\n)*?  version\s*=\s*"([^"]+)"', re.MULTILINE)


def digests(
    root: Path,
    terraform_dir: Path,
    others: Iterable[str],
    arguments: Sequence[str] = (),
    passed_over: Collection[Path] = (),
) -> dict[str, str]:
    """Path, seen from `root`, -> SHA-256 of each file of the root module, its local modules, `others` and var files.

    A file that is not there is left out, and so are the folders in `passed_over`. Raises TfgenError for one that
    cannot be read.
    """
    found = {root / path for path in others}
    found.update(terraform_dir / name for name in values_of("var-file", arguments))
    # A root module around all of the repository would make every file of that an input.
    is_all = terraform_dir.resolve() == root.resolve()
    found.update(file for file in _root_files(terraform_dir, passed_over) if not is_all or file.parent == terraform_dir)
    for folder in local_modules(terraform_dir):
        found.update(_files(folder, passed_over))
    found -= {terraform_dir / name for name in values_of("generate-config-out", arguments)}
    named = {os.path.relpath(file, root): file for file in found}
    return {path: digest for path in sorted(named) if (digest := file_digest(named[path]))}


def local_modules(terraform_dir: Path) -> tuple[Path, ...]:
    """The folders of the modules that the root module calls by a path, and that those call."""
    seen: dict[str, Path] = {}
    waiting = [terraform_dir]
    while waiting:
        folder = waiting.pop()
        for source in sorted(_sources(folder)):
            module = Path(os.path.normpath(folder.resolve() / source))
            if str(module) not in seen and module != terraform_dir.resolve():
                seen[str(module)] = module
                waiting.append(module)
    return tuple(seen[name] for name in sorted(seen))


def locked_providers(terraform_dir: Path) -> dict[str, str]:
    """Provider -> version in the lock file; empty when there is none."""
    try:
        text = read_text(terraform_dir / LOCK_FILE)
    except OSError:
        return {}
    return dict(_PROVIDER.findall(text))


def plan_arguments(extra: Sequence[str], env: Mapping[str, str]) -> tuple[str, ...]:
    """The arguments that `terraform plan` gets from a person: those of TF_CLI_ARGS and TF_CLI_ARGS_plan, too."""
    try:
        return (*shlex.split(env.get("TF_CLI_ARGS", "")), *shlex.split(env.get("TF_CLI_ARGS_plan", "")), *extra)
    except ValueError:  # Terraform will say what is wrong with it
        return tuple(extra)


def values_of(flag: str, arguments: Sequence[str]) -> Iterator[str]:
    """The values of `-flag=VALUE` and `-flag VALUE` in `arguments`."""
    for number, argument in enumerate(arguments):
        name, equals, value = argument.lstrip("-").partition("=")
        if argument.startswith("-") and name == flag:
            yield value if equals else next(iter(arguments[number + 1 : number + 2]), "")


def variables_in(arguments: Sequence[str]) -> tuple[str, ...]:
    """The arguments that give values to variables, in their order."""
    found: list[str] = []
    for number, argument in enumerate(arguments):
        name, equals, _ = argument.lstrip("-").partition("=")
        if argument.startswith("-") and name in ("var", "var-file"):
            found += [argument] if equals else [argument, *arguments[number + 1 : number + 2]]
    return tuple(found)


def file_digest(file: Path) -> str:
    """The file's SHA-256 in hex, "" when it is not there. Raises TfgenError when it cannot be read."""
    try:
        if not file.is_file():
            return ""
        return digest_of(file)
    except OSError as error:
        raise TfgenError(f"cannot be read: {error.strerror}", where=str(file)) from None


def _sources(folder: Path) -> set[str]:
    """The folders of the modules that a folder's files call, by computed sources too; unknown ones are left out."""
    from tfgen_generators.module.configuration import Modules
    from tfgen_generators.module.reads import sources_of
    from tfgen_generators.trees.disk import DiskTree

    real = folder.resolve()
    texts = {file.name: _bytes(file) for file in sorted(real.glob("*")) if is_terraform(file.name)}
    if not any(_CALL.search(text) for name, text in texts.items() if not is_generated(name)):
        return {source for name, text in texts.items() if is_generated(name) for source in _generated_sources(text)}
    top = Path(real.anchor)  # files and modules may be links that lead anywhere
    modules = Modules(DiskTree(top), str(real.relative_to(top)), lambda path: _terraform_file(top / path))
    module = modules.root_module()
    found = (one for _, call in module.files.calls() for one in sources_of(module, call))
    return {str(top / source) for _, source, pattern in found if pattern is None}


def _terraform_file(file: Path) -> TerraformFile | None:
    """The facts of a file, if it may call a module; what tfgen has written calls them by a plain text."""
    from tfgen_generators.hcl.expressions import Text
    from tfgen_generators.module.terraform_file import ModuleCall, TerraformFile, read_terraform

    try:
        data = read_bytes(file)
    except OSError:  # Terraform will say what is wrong with it
        return None
    if is_generated(file.name):
        return TerraformFile(calls=tuple(ModuleCall("", 0, Text(source), {}) for source in _generated_sources(data)))
    return read_terraform(file.name, data) if b"module" in data or b"locals" in data else None


def _generated_sources(data: bytes) -> list[str]:
    return _SOURCE.findall(data.decode("utf-8", "replace"))


def _root_files(folder: Path, passed_over: Collection[Path]) -> Iterator[Path]:
    """Terraform's own files; others beside them where one of those says their name; all of its sub-folders."""
    own = [file for file in folder.glob("*") if is_read(file.name)]
    text = b"".join(map(_bytes, own))
    for file in _files(folder, passed_over):
        unasked = is_read(file.name) or file.name == LOCK_FILE
        if file.parent != folder or unasked or os.fsencode(file.name) in text:
            yield file


def _files(folder: Path, passed_over: Collection[Path] = ()) -> Iterator[Path]:
    """All that expressions may read there, too: `file()` and `templatefile()` know no endings."""
    lock = folder / LOCK_FILE
    if lock.is_file():
        yield lock
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and Path(where) / name not in passed_over]
        manifests = {name for name in names if name.endswith(".json") and is_manifest(Path(where) / name)}
        plans = {name.removesuffix(".json") for name in manifests}
        for name in names:
            if is_read(name) or not (_WRITTEN.fullmatch(name) or name in manifests or name in plans):
                yield Path(where) / name


def _bytes(file: Path) -> bytes:
    try:
        return read_bytes(file)
    except OSError:
        return b""


def is_read(name: str) -> bool:
    """Whether Terraform reads a file of that name unasked, whatever else it looks like (`x.tfstate.tf`)."""
    return is_terraform(name) or name.endswith((".auto.tfvars", ".auto.tfvars.json"))


def is_manifest(file: Path) -> bool:
    """Whether `file` begins like the manifest of a plan."""
    try:
        if not file.is_file():
            return False
        with file.open("rb") as opened:
            return opened.read(len(_MANIFEST)) == _MANIFEST
    except OSError:
        return False

"""What a plan is made from: every file that sync or Terraform reads, by digest."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tfgen_generators.errors import TfgenError

LOCK_FILE = ".terraform.lock.hcl"
_MANIFEST = b'{\n  "kind": "tfgen plan manifest"'

_TERRAFORM = (".tf", ".tf.json", ".tofu", ".tofu.json")
_LOCAL_SOURCE = re.compile(r'^\s*"?source"?\s*[=:]\s*"(\.{1,2}(?:/[^"$]*)?)"', re.MULTILINE)
#: State, plans and leftovers: what Terraform writes, not what it reads to plan.
_WRITTEN = re.compile(r".*\.tfstate(\..*)?|.*\.tfplan(\.json)?|crash\..*log|\..*")
_PROVIDER = re.compile(r'^provider "([^"]+)" \{\n(?:.*\n)*?  version\s*=\s*"([^"]+)"', re.MULTILINE)


def digests(root: Path, terraform_dir: Path, others: Iterable[str], arguments: Sequence[str] = ()) -> dict[str, str]:
    """Path, seen from `root`, -> SHA-256 of each file of the root module, its local modules, `others` and var files.

    A file that is not there is left out. Raises TfgenError for one that cannot be read.
    """
    found = {root / path for path in others}
    found.update(terraform_dir / name for name in _var_files(arguments))
    for folder in (terraform_dir, *local_modules(terraform_dir)):
        found.update(_files(folder))
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
        text = (terraform_dir / LOCK_FILE).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    return dict(_PROVIDER.findall(text))


def file_digest(file: Path) -> str:
    """The file's SHA-256 in hex, "" when it is not there. Raises TfgenError when it cannot be read."""
    try:
        if not file.is_file():
            return ""
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise TfgenError(f"cannot be read: {error.strerror}", where=str(file)) from None


def _sources(folder: Path) -> set[str]:
    found: set[str] = set()
    for file in folder.glob("*"):
        if file.name.endswith(_TERRAFORM) and file.is_file():
            try:
                found.update(_LOCAL_SOURCE.findall(file.read_text(encoding="utf-8", errors="replace")))
            except OSError:
                continue
    return found


def _files(folder: Path) -> Iterator[Path]:
    """All that expressions may read there, too: `file()` and `templatefile()` know no endings."""
    lock = folder / LOCK_FILE
    if lock.is_file():
        yield lock
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        manifests = {name for name in names if name.endswith(".json") and _is_manifest(Path(where) / name)}
        plans = {name.removesuffix(".json") for name in manifests}
        for name in names:
            if not _WRITTEN.fullmatch(name) and name not in manifests and name not in plans:
                yield Path(where) / name


def _is_manifest(file: Path) -> bool:
    try:
        if not file.is_file():
            return False
        with file.open("rb") as opened:
            return opened.read(len(_MANIFEST)) == _MANIFEST
    except OSError:
        return False


def _var_files(arguments: Sequence[str]) -> Iterator[str]:
    for number, argument in enumerate(arguments):
        name, equals, value = argument.lstrip("-").partition("=")
        if name == "var-file":
            yield value if equals else next(iter(arguments[number + 1 : number + 2]), "")

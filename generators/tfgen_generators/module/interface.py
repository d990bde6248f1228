"""The variables that the files of a local module declare, held against the inputs of tfgen.toml.

Two steps, so that the second can be cached by the first's bytes: `module_files` collects, `parse_module` is pure.
Read with tree-sitter: python-hcl2 needs seconds for its first parse after an install (docs/adr/0003-hcl-readers.md).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tfgen_generators.errors import SettingsError
from tfgen_generators.hcl.terraform_files import is_override
from tfgen_generators.nearest import did_you_mean
from tfgen_generators.packer.model import Problem
from tfgen_generators.settings.lines import in_toml
from tfgen_generators.settings.model import FILE_NAME, Settings
from tfgen_generators.trees.files import read_bytes
from tfgen_generators.trees.outside import is_gits, leads_out, require_inside

if TYPE_CHECKING:
    from tree_sitter import Node

_LOCAL = ("./", "../")
_ENDINGS = (".tf", ".tf.json")
#: A module that was shipped until 0.1.0, and the one that does what it did.
_MERGED, _INTO = "codepipeline_v2", "codepipeline"
Pairs = list[tuple[str, object]]


class ModuleFiles(msgspec.Struct, frozen=True, kw_only=True):
    """The Terraform files of a module's folder: path as a message names it -> bytes, in Terraform's order.

    `complete` is false where a link leads out of the repository: it is not read.
    """

    folder: str
    files: Mapping[str, bytes]
    complete: bool = True


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """A declared input; `line` is 1-based, 0 where the file's format keeps none."""

    name: str
    path: str
    line: int
    required: bool


class ModuleInterface(msgspec.Struct, frozen=True, kw_only=True):
    """The inputs that a module declares; more than these where a file could not be read (`complete` is false)."""

    folder: str
    variables: Mapping[str, Variable]
    complete: bool = True

    def undeclared(self, settings: Settings, table: tuple[str, ...], names: Iterable[str]) -> Problem | None:
        """The first of `names` (which stand in tfgen.toml's `table`) that the module does not declare."""
        for name in names if self.complete else ():
            if name not in self.variables:
                message = f"the module in {self.folder} does not declare the variable {name!r}"
                line = settings.line(*table, name)
                fix = did_you_mean(name, self.variables) or "remove it"
                return Problem(path=FILE_NAME, line=line, message=message, fix=fix)
        return None


def read_module(root: Path, settings: Settings) -> ModuleInterface | None:
    """The interface of the module that the pipelines call; None when it is not local. Raises SettingsError."""
    files = module_files(root, settings)
    return parse_module(files) if files else None


def module_folder(root: Path, settings: Settings) -> Path | None:
    """Where the module is; None when it is not local.

    As Terraform: the source is cleaned as text, then taken from where the root module really is.
    """
    source = settings.module.source
    if not source.startswith(_LOCAL) and source not in (".", ".."):
        return None
    # As text again: the root module's own folder, which the source leads out of, may not be there yet.
    return Path(os.path.normpath((root / settings.terraform_dir).resolve() / os.path.normpath(source)))


def module_files(root: Path, settings: Settings) -> ModuleFiles | None:
    """The module's files; None when it is not local, or its default place does not exist yet.

    Raises SettingsError, RefusedError for a folder that a link leads out of the repository.
    """
    source = settings.module.source
    folder = module_folder(root, settings)
    if folder is None:
        return None
    real = root.resolve()
    shown = Path(os.path.relpath(os.path.normpath(folder), real)).as_posix()
    if is_gits(shown):
        where = f"{FILE_NAME}:{settings.line('module', 'source')}"
        raise SettingsError(
            f"module.source {in_toml(source)} is in git's own folder", where=where, fix="use another folder"
        )
    require_inside(real, shown)
    try:
        found = [entry for entry in os.scandir(folder) if _is_terraform(entry.name) and entry.is_file()]
        names = sorted(e.name for e in found if not e.is_symlink() or not leads_out(real, f"{shown}/{e.name}"))
        names.sort(key=is_override)
        files = {f"{shown}/{name}": read_bytes(folder / name) for name in names}
        return ModuleFiles(folder=shown, files=files, complete=len(names) == len(found))
    except (FileNotFoundError, NotADirectoryError):
        if source == type(settings.module)().source:
            return None
        message = f"module.source {in_toml(source)}: folder {shown} not found"
        fix = f"create it, or use its path relative to {settings.terraform_dir}"
        if folder.name == _MERGED and (real / shown).with_name(_INTO).is_dir():
            fix = f'set source = "{source.rstrip("/").removesuffix(_MERGED)}{_INTO}", which makes V2 pipelines now'
    except OSError as error:
        message, fix = f"the module in {shown} cannot be read: {error.strerror}", "make it readable"
    raise SettingsError(message, where=f"{FILE_NAME}:{settings.line('module', 'source')}", fix=fix)


def _is_terraform(name: str) -> bool:
    """Terraform's rule: not the left-overs of editors, `#x.tf#` and `x.tf~`."""
    return name.endswith(_ENDINGS) and not name.startswith(".")


def parse_module(files: ModuleFiles) -> ModuleInterface:
    """The variables that the files declare; an override file can give a default to one that is declared."""
    found: dict[str, Variable] = {}
    complete = files.complete
    for path, data in files.files.items():
        try:
            declared = _json_variables(path, data) if path.endswith(".json") else _hcl_variables(path, data)
        except ValueError:
            complete = False  # Terraform will say what is wrong with it
            continue
        for variable in declared:
            before = found.get(variable.name)
            if before is None or (before.required and not variable.required):
                found[variable.name] = variable
    return ModuleInterface(folder=files.folder, variables=found, complete=complete)


def _json_variables(path: str, data: bytes) -> list[Variable]:
    """`{"variable": {"a": {...}}}`, with arrays and repeated keys wherever HCL's JSON syntax allows them."""
    try:
        root: object = json.loads(data, object_pairs_hook=_Object)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    blocks = [block for key, value in _pairs(root) if key == "variable" for block in _pairs(value)]
    return [
        Variable(name=name, path=path, line=0, required="default" not in {key for key, _ in _pairs(body)})
        for name, body in blocks
        if name != "//"
    ]


class _Object(Pairs):
    """A JSON object with its repeated keys."""


def _pairs(value: object) -> Pairs:
    if isinstance(value, _Object):
        return value
    if isinstance(value, list):
        return [pair for item in value for pair in _pairs(item)]
    return []


def _hcl_variables(path: str, data: bytes) -> list[Variable]:
    """The `variable` blocks of one file. Raises ValueError when it is no HCL."""
    if b"variable" not in data:
        return []
    data.decode()
    from tfgen_generators.hcl.tree import tree_of

    root = tree_of(data.removeprefix(b"\xef\xbb\xbf"))
    if root.has_error:
        raise ValueError("not valid HCL")
    return [
        Variable(name=label, path=path, line=block.start_point[0] + 1, required=not _has_default(block))
        for block in _children(_body(root), "block")
        if (label := _variable_name(block))
    ]


def _body(node: Node) -> Node | None:
    return next((child for child in node.named_children if child.type == "body"), None)


def _children(body: Node | None, kind: str) -> list[Node]:
    return [child for child in body.named_children if child.type == kind] if body else []


def _variable_name(block: Node) -> str:
    words = [_text(child) for child in block.named_children if child.type in ("identifier", "string_lit")]
    return words[1].strip('"') if len(words) == 2 and words[0] == "variable" else ""


def _has_default(block: Node) -> bool:
    return any(_text(item.named_children[0]) == "default" for item in _children(_body(block), "attribute"))


def _text(node: Node) -> str:
    from tfgen_generators.hcl.tree import text_of

    return text_of(node)

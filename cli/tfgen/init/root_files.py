"""The root module's hand-written files: all of them in a new folder, else only what pipelines lack there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from tfgen.init.existing import RootModule
from tfgen.init.shipped import ROOT_DIR, ROOT_FILES, text_of
from tfgen_generators.trees.files import read_text

#: What must be declared, and the files that declare it, without what else is declared there already.
_NEEDED = {
    "provider.aws": ("providers.tf", "variables.tf"),
    "local.account_id": ("locals.tf",),
}
_DEFAULT_REGION = '"eu-west-1"'
_BLOCK = re.compile(r"^(?:variable|data|locals)\b[^\n]*\{(?:\}|\n.*?^\})\n+", re.DOTALL | re.MULTILINE)


def root_files(root: Path, module: RootModule, region: str) -> Iterator[tuple[str, str]]:
    """File of the folder -> text, for what is missing there. `region` is the provider's; "": the default stays."""
    shipped = {name: _with_region(text_of(f"{ROOT_DIR}/{name}"), region) for name in ROOT_FILES}
    if all(_is_shipped(root, module, name, shipped) for name in module.names):
        yield from ((name, text) for name, text in shipped.items() if name not in module.names)
        return
    if module.unreadable:
        return  # it may declare what would be declared a second time here
    for needed, names in _NEEDED.items():
        if needed not in module.declared:
            for name in names:
                if text := _lacking(shipped[name], module.declared):
                    yield _free(name, module.names), text


def _is_shipped(root: Path, module: RootModule, name: str, shipped: dict[str, str]) -> bool:
    """Whether a file is one that an `init` has written which did not come to its end."""
    if name not in shipped or module.unreadable:
        return False
    region = re.compile(re.escape(shipped[name]).replace(re.escape("eu-west-1"), "[a-z0-9-]+"))
    text = read_text(root / module.folder / name)
    return text == shipped[name] or bool(region.fullmatch(text))


def _with_region(text: str, region: str) -> str:
    return text.replace(f"default     = {_DEFAULT_REGION}", f"default     = {json.dumps(region)}") if region else text


def _lacking(text: str, declared: frozenset[str]) -> str:
    """The file's text without blocks that are declared elsewhere."""
    kept = text
    for block in _BLOCK.finditer(f"{text}\n"):
        first = block[0].partition("{")[0].replace('"', "").split()
        if ".".join(first) in declared:
            kept = kept.replace(block[0].rstrip("\n"), "")
    kept = re.sub(r"\n{3,}", "\n\n", kept).strip()
    return f"{kept}\n" if kept else ""


def _free(name: str, taken: frozenset[str]) -> str:
    """`name`, or with a number where there is such a file."""
    stem = name.removesuffix(".tf")
    return next(
        new for new in (name, f"tfgen_{name}", *(f"tfgen_{stem}{n}.tf" for n in range(2, 99))) if new not in taken
    )

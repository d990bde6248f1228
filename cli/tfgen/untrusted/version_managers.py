"""What decides which program runs as Terraform, and what that obeys, where it can lie in the repository."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from tfgen.untrusted.base_tree import BaseTree, inside, is_below, is_outside, links_to

#: Read by version managers (aqua, asdf, mise, proto, tenv, tfenv, tfswitch) in the folder and all above it.
_CHOOSERS = (
    ".aqua.yaml",
    ".aqua.yml",
    ".aqua/aqua.yaml",
    ".aqua/aqua.yml",
    ".config/mise.local.toml",
    ".config/mise.toml",
    ".config/mise/config.local.toml",
    ".config/mise/config.toml",
    ".mise.local.toml",
    ".mise.toml",
    ".mise/config.local.toml",
    ".mise/config.toml",
    ".opentofu-version",
    ".prototools",
    ".terraform-version",
    ".tfswitch.toml",
    ".tfswitchrc",
    ".tgswitchrc",
    ".tool-versions",
    "aqua.yaml",
    "aqua.yml",
    "aqua/aqua.yaml",
    "aqua/aqua.yml",
    "mise.local.toml",
    "mise.toml",
    "mise/config.local.toml",
    "mise/config.toml",
)
#: Variables that name what Terraform runs or obeys: they may point into the repository.
_POINTERS = (
    "AWS_CA_BUNDLE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "TERRAFORM_CONFIG",
    "TFGEN_TERRAFORM",
    "TF_CLI_CONFIG_FILE",
    "TF_DATA_DIR",
    "TF_PLUGIN_CACHE_DIR",
)
_ARGUMENTS = "TF_CLI_ARGS"
_PROGRAMS = ("terraform", "tofu")


def choosers(tree: BaseTree, root: str, given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Paths that are not as in `tree`, each with what makes it count. `root` is the root module's folder.

    `given` are paths from the command line, by the flag that gives them.
    """
    folders = [root, *(str(parent) for parent in PurePosixPath(root).parents)]
    for path in (os.path.normpath(f"{folder}/{name}") for folder in folders for name in _CHOOSERS):
        if tree.is_of_a_commit(path) and not tree.has(path):
            yield path, "chooses which Terraform runs"
    pointers = [(name, os.environ.get(name, "")) for name in _POINTERS]
    on_path = [("PATH", shutil.which(program) or "") for program in _PROGRAMS]
    for name, value in (*pointers, *on_path, *_arguments(), *given.items()):
        if value:
            yield from _pointed(tree, root, name, value)


def _pointed(tree: BaseTree, root: str, name: str, value: str) -> Iterator[tuple[str, str]]:
    for start in (Path.cwd(), tree.top / root):
        for path in _reached(tree, os.path.relpath(start / value, tree.top)):
            below = (found for found in sorted(tree.tracked) if is_below(found, path))
            if wrong := next((found for found in below if not tree.has(found)), None):
                yield wrong, f"is named by {name}"


def _reached(tree: BaseTree, path: str) -> Iterator[str]:
    """The links on the way to `path`, and where it ends, within the repository."""
    if not is_outside(path):
        yield from links_to(tree.top, path)
    real = inside(tree.top, tree.top / path)
    if real and real != ".":
        yield real


def _arguments() -> Iterator[tuple[str, str]]:
    """What TF_CLI_ARGS and its like name: variable files, settings of a backend."""
    for name, value in os.environ.items():
        if name.startswith(_ARGUMENTS):
            for word in value.split():
                yield name, word.strip("'\"").rpartition("=")[2]

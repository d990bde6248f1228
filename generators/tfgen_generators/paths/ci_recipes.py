"""The shell texts in CI recipes: GitHub Actions, GitLab CI, Bitbucket Pipelines, Azure Pipelines, CircleCI."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from tfgen_generators.trees.tree import Tree

if TYPE_CHECKING:
    import yaml

_FILES = (".gitlab-ci.yml", "bitbucket-pipelines.yml", "azure-pipelines.yml", ".circleci/config.yml")
_WORKFLOWS = ".github/workflows"
_FOLDER_KEYS = ("working-directory", "workingDirectory", "working_directory")
_DEEPEST = 60


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """One text that a CI host runs in `folder`; `variables` are those that the recipe sets for it."""

    path: str
    line: int
    text: str
    folder: str = "."
    variables: Mapping[str, str] = {}


def ci_recipes(tree: Tree) -> Iterator[Recipe]:
    """Every text of the repository's CI recipes that may start Packer. What cannot be read has none."""
    workflows = [f"{_WORKFLOWS}/{name}" for name in tree.names(_WORKFLOWS) if name.endswith((".yml", ".yaml"))]
    for path in (*_FILES, *workflows):
        if tree.kind(path) == "file" and b"packer" in (data := tree.read(path)):
            root = _composed(data)
            if root is not None:
                yield from _texts(path, root, ".", 0)


def _composed(data: bytes) -> yaml.Node | None:
    import yaml

    try:
        return yaml.compose(data.decode(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (ValueError, RecursionError, yaml.YAMLError):
        return None


def _texts(path: str, node: yaml.Node, folder: str, depth: int) -> Iterator[Recipe]:
    """Lists of texts run in one shell; a text alone does too."""
    import yaml

    if depth > _DEEPEST:
        return
    if isinstance(node, yaml.ScalarNode):
        if "packer" in node.value:
            yield Recipe(path=path, line=node.start_mark.line + 1, text=str(node.value), folder=folder)
    elif isinstance(node, yaml.SequenceNode):
        plain = [str(item.value) for item in node.value if isinstance(item, yaml.ScalarNode)]
        if len(plain) > 1 and len(plain) == len(node.value) and any("packer" in text for text in plain):
            yield Recipe(path=path, line=node.start_mark.line + 1, text="\n".join(plain), folder=folder)
            return
        for item in node.value:
            yield from _texts(path, item, folder, depth + 1)
    elif isinstance(node, yaml.MappingNode):
        pairs = {str(key.value): value for key, value in node.value if isinstance(key, yaml.ScalarNode)}
        own = next((pairs[key].value for key in _FOLDER_KEYS if isinstance(pairs.get(key), yaml.ScalarNode)), "")
        inner = posixpath.normpath(own) if own and "$" not in own and not own.startswith(("/", "~")) else folder
        for _, value in node.value:
            yield from _texts(path, value, inner, depth + 1)

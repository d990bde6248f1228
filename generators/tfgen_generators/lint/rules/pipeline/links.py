"""A rule about symbolic links that a pipeline's source stage does not keep.

Source: CodePipeline's user guide, "CodeCommit source action": the default format is a zip of the files without git's
metadata, in which a link is a small text file; `CODEBUILD_CLONE_REF` (`full_clone`) is a git clone.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from tfgen_generators.graph.graph import ImageNode
from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.scope import Scope
from tfgen_generators.packer.model import Template
from tfgen_generators.settings.inputs import Literal

_INPUT = "full_clone"
_DEFAULT = re.compile(rb'variable\s+"full_clone"\s*\{[^}]*\bdefault\s*=\s*true\b')


def _links(scope: Scope) -> Iterator[Finding]:
    found: dict[str, list[str]] = {}
    for template in scope.templates if scope.has_settings else ():
        image = scope.graph.image(template.name)
        if image is not None and not _is_clone(scope, template):
            for link in _passed(scope, template, image):
                found.setdefault(link, []).append(template.name)
    for link, images in sorted(found.items()):
        yield Finding(
            rule="symlink-in-source",
            path=link,
            line=0,
            message=f"{link} is a symbolic link: the source stage's zip has a small text file in its place, so the"
            " build in AWS fails although a local one does not",
            fix=f"replace it by what it leads to, or set {_INPUT} = true in [inputs]",
            image=images[0] if len(images) == 1 else "",
        )


def _is_clone(scope: Scope, template: Template) -> bool:
    """Whether the build has a git clone, or it is not known."""
    own = scope.settings.templates.get(template.name)
    inputs = {**scope.shared_inputs, **(own.inputs if own else {})}
    given = inputs.get(_INPUT)
    if given is None:
        return scope.once("module's full_clone", lambda: _is_default(scope))
    return not isinstance(given, Literal) or given.value is not False


def _is_default(scope: Scope) -> bool:
    """Whether a module in this repository clones unless it is told otherwise."""
    source = scope.settings.module.source
    if not source.startswith(("./", "../")):
        return False
    folder = posixpath.normpath(f"{scope.settings.terraform_dir}/{source}")
    files = [f"{folder}/{name}" for name in scope.tree.names(folder) if name.endswith(".tf")]
    return any(_DEFAULT.search(scope.read(path)) for path in files)


def _passed(scope: Scope, template: Template, image: ImageNode) -> list[str]:
    """The links on the way to what the template names, and those that its images go through below these folders."""
    tree = scope.tree
    used = {one.resolved: one.use for one in scope.described(template).files if one.resolved}
    used |= dict.fromkeys(template.members, "")
    folders = {path for path in used if tree.kind(path) == "folder"}
    folders |= {posixpath.dirname(path) or "." for path, use in used.items() if use == "playbook"}
    units = [reached.unit for reached in image.reached if not reached.unit.startswith("module ")]
    names = {other for unit in units for other in scope.graph.aliases.get(unit, ())}
    names |= {path for unit in units for path in scope.graph.units[unit].files}
    below = {name for name in names if any(folder == "." or name.startswith(f"{folder}/") for folder in folders)}
    return sorted({link for name in (*used, *below) for link in _on_the_way(scope, name)})


def _on_the_way(scope: Scope, path: str) -> tuple[str, ...]:
    """Each part of a path that is a link."""
    known = scope.once("links on the way", dict[str, tuple[str, ...]])
    if path not in known:
        parts = path.split("/")
        names = ("/".join(parts[:number]) for number in range(1, len(parts) + 1))
        known[path] = tuple(name for name in names if scope.tree.entry(name).startswith("link"))
    return known[path]


RULES = (
    Rule(
        id="symlink-in-source",
        severity="warning",
        summary="A file of an image is a symbolic link, which the pipeline's source does not keep",
        check=_links,
    ),
)

"""Rules about a build: its manifest, its plugins, its variables, and settings that newer versions do not have."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfgen_generators.lint.model import Edit, Finding, Rule
from tfgen_generators.lint.rules.packer.given import is_given, is_used_by_values
from tfgen_generators.lint.templates.nodes import Node
from tfgen_generators.lint.templates.source import Component, Source, sources
from tfgen_generators.packer.syntax.values import expressions
from tfgen_generators.paths.pipeline_files import buildspec_of

if TYPE_CHECKING:
    from tfgen_generators.lint.scope import Scope

_MANIFEST = "packer-manifest.json"
_NAMED_MANIFEST = re.compile(r"[\w./-]*manifest[\w.-]*\.json", re.IGNORECASE)
_PINNING = re.compile(r"\s*(=|~>|<|<=)?\s*v?\d")
_CONSTRAINT = re.compile(r"\s*(=|!=|>|<|>=|<=|~>)?\s*v?\d[\w.+-]*\s*")
_NAME = rb"(?:`([^`]{1,300})`|\\?\"([^\"\\]{1,300})\\?\")"
_USER_WORD = re.compile(rb"\buser\b")
_USER = re.compile(rb"\buser\b[^{}]{0,300}?" + _NAME + rb"|" + _NAME + rb"\s*\|\s*user\b")
#: (component, setting) -> its name today. Source: the fixers of `packer fix`; Packer 1.6.6 refuses the old names.
_RENAMED = {
    ("amazon-", "shutdown_behaviour"): "shutdown_behavior",
    ("amazon-", "enhanced_networking"): "ena_support",
    ("amazon-", "temporary_security_group_source_cidr"): "temporary_security_group_source_cidrs",
    ("", "ssh_key_path"): "ssh_private_key_file",
    ("", "ssh_disable_agent"): "ssh_disable_agent_forwarding",
    ("manifest", "filename"): "output",
    ("ansible-local", "galaxycommand"): "galaxy_command",
}
_LISTS = frozenset({"temporary_security_group_source_cidrs"})
_OLD_NAMES = frozenset(old for _, old in _RENAMED)
_OLD_FUNCTION = re.compile(rb"\bclean_(?:ami|image)_name\b")


def _no_manifest(scope: Scope) -> Iterator[Finding]:
    for source in sources(scope):
        if not source.complete or not any(builder.makes_ami for builder in source.builders):
            continue
        wanted = _wanted_manifests(scope, source)
        if not wanted:
            continue
        manifests = [one for one in source.post_processors if one.kind == "manifest"]
        outputs = [one.node.find("output") for one in manifests]
        texts = [source.values.text(node.value()) if node is not None else _MANIFEST for node in outputs]
        if any(text is None or posixpath.normpath(text) in wanted for text in texts):
            continue
        wrong = next((node for node in outputs if node is not None), None)
        place = wrong or next(iter(source.builds), None)
        if place is not None:
            said = (
                f"the manifest is written to {texts[0]!r}"
                if wrong is not None
                else "no post-processor writes a manifest"
            )
            yield Finding(
                rule="no-manifest",
                path=place.path,
                line=place.line,
                message=f"{said}, so the build does not find its AMI and fails",
                fix=f'add the post-processor manifest with output = "{_MANIFEST}"',
                image=source.template.name,
                edits=() if wrong is not None else _manifest_added(source),
            )


def _wanted_manifests(scope: Scope, source: Source) -> frozenset[str]:
    """The manifests that the build reads; none where the repository's own buildspec reads none."""
    found = buildspec_of(scope.tree, scope.settings, source.template)
    if found is None:
        return frozenset({_MANIFEST})
    path = found[0]
    return scope.once(("manifests", path), lambda: _manifests_in(scope.read(path).decode("utf-8", "replace")))


def _manifests_in(text: str) -> frozenset[str]:
    if _MANIFEST in text:
        return frozenset({_MANIFEST})
    named = _NAMED_MANIFEST.findall(text)
    return frozenset(posixpath.normpath(name) for name in named)


def _manifest_added(source: Source) -> tuple[Edit, ...]:
    """The post-processor at the end of the only build."""
    if len(source.builds) != 1 or len(source.files) != 1:
        return ()
    build, end = source.builds[0], source.files[0].newline
    if not source.legacy:
        row = build.file.data.rfind(b"\n", build.start, build.end - 1) + 1
        if not build.path.endswith(".hcl") or row <= 0 or build.file.data[row : build.end - 1].strip():
            return ()
        text = f'{end}  post-processor "manifest" {{{end}    output = "{_MANIFEST}"{end}  }}{end}'
        return (Edit(path=build.path, start=row, end=row, text=text),)
    member = f'{{ "type": "manifest", "output": "{_MANIFEST}" }}'
    node = build.find("post-processors")
    if node is not None and (not node.is_list or not node.kids):
        return ()
    last = list((build if node is None else node).kids.values())[-1]  # type: ignore[union-attr]
    text = f',{end}  "post-processors": [{end}    {member}{end}  ]' if node is None else f", {member}"
    return (Edit(path=build.path, start=last.end, end=last.end, text=text),)


def _plugins(scope: Scope) -> Iterator[Finding]:
    for source in sources(scope):
        tables = [table for block in source.blocks("packer") for table in block.tables("required_plugins")]
        for name, node in ((name, node) for table in tables for name, node in (table.kids or {}).items()):
            version = source.values.known(node.get("version"))
            if version is not None and not isinstance(version, str):
                continue
            parts = (version or "").split(",")
            if any(_PINNING.match(part) for part in parts):
                continue
            then = "so the newest one is installed"
            said = f"the version {version!r}, which matches several versions" if version else "no version"
            if version and not all(map(_CONSTRAINT.fullmatch, parts)):
                said, then = f"the version {version!r}", "which is none that Packer takes"
            yield Finding(
                rule="unpinned-plugin",
                path=node.path,
                line=node.near("version").line,
                message=f"the plugin {name} has {said}, {then}",
                fix='pin a version, such as "1.8.2" or "~> 1.8"',
                image=source.template.name,
            )


def _unused(scope: Scope) -> Iterator[Finding]:
    for source in sources(scope):
        if not source.complete:
            continue
        used = _used_by_user(source) if source.legacy else _used_by_reference(source)
        for variable in source.variables:
            if variable.name in used or variable.name.startswith("_") or is_given(scope, variable.name):
                continue
            if not (source.legacy and is_used_by_values(scope, variable.name)):
                yield Finding(
                    rule="unused-variable",
                    path=variable.node.path,
                    line=variable.node.line,
                    message=f"the variable {variable.name} is not used",
                    fix="use it, or remove it",
                    image=source.template.name,
                )


def _used_by_user(source: Source) -> set[str]:
    files = (file for file in source.files if _USER_WORD.search(file.data))
    found = (name for file in files for match in _USER.finditer(file.data) for name in match.groups())
    return {name.decode("utf-8", "replace") for name in found if name}


def _used_by_reference(source: Source) -> set[str]:
    """Not what a variable's own validation says of it."""
    values = [
        inner.find("default") if key == "variable" else inner
        for root in source.roots
        for key, node in (root.kids or {}).items()
        for inner in (source.blocks("variable") if key == "variable" else (node,))
    ]
    found = (one for node in values if node is not None for one in expressions(node.value()))
    return {str(one.args[1]) for one in found if one.op == "ref" and one.args[0] == "var" and len(one.args) > 1}


def _deprecated(scope: Scope) -> Iterator[Finding]:
    for source in sources(scope):
        for component in (*source.builders, *source.provisioners, *source.post_processors):
            has_old = not _OLD_NAMES.isdisjoint(component.node.kids or ())
            for (kind, old), new in _RENAMED.items() if has_old else ():
                node = component.node.find(old)
                if node is not None and component.kind.startswith(kind) and component.node.find(new) is None:
                    yield _renamed(source, component, old, new, node)
        for file in source.files if source.legacy else ():
            for match in _OLD_FUNCTION.finditer(file.data) if b"clean_" in file.data else ():
                yield Finding(
                    rule="deprecated-option",
                    path=file.path,
                    line=file.line(match.start()),
                    message=f"the function {match[0].decode()} was removed; clean_resource_name does the same",
                    fix="rename it",
                    image=source.template.name,
                    edits=(Edit(path=file.path, start=match.start(), end=match.end(), text="clean_resource_name"),),
                )


def _renamed(source: Source, component: Component, old: str, new: str, node: Node) -> Finding:
    quoted = node.file.data[node.key[0] : node.key[0] + 1] == b'"'
    edits = [Edit(path=node.path, start=node.key[0], end=node.key[1], text=f'"{new}"' if quoted else new)]
    if new in _LISTS and not node.is_list:
        edits += [
            Edit(path=node.path, start=node.start, end=node.start, text="["),
            Edit(path=node.path, start=node.end, end=node.end, text="]"),
        ]
    return Finding(
        rule="deprecated-option",
        path=node.path,
        line=node.line,
        message=f"{component.kind}: {old} was renamed to {new}, and Packer rejects the old name",
        fix="rename it",
        image=source.template.name,
        edits=tuple(edits),
    )


RULES = (
    Rule(
        id="deprecated-option",
        severity="error",
        summary="A setting was renamed, and Packer rejects the old name",
        check=_deprecated,
        by_template=True,
    ),
    Rule(
        id="no-manifest",
        severity="error",
        summary="No post-processor writes packer-manifest.json, so the build fails",
        check=_no_manifest,
        by_template=True,
    ),
    Rule(
        id="unpinned-plugin",
        severity="warning",
        summary="A required plugin has no upper version limit",
        check=_plugins,
        by_template=True,
    ),
    Rule(
        id="unused-variable",
        severity="warning",
        summary="A variable is declared but not used",
        check=_unused,
        by_template=True,
    ),
)

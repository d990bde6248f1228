"""A rule about `*` where Packer takes the text of a path as it is.

Source: the `Prepare` of Packer's provisioners: shell, shell-local, powershell, windows-shell and file ask for each path
with `os.Stat`, ansible and ansible-local with `os.Stat` of playbooks and folders. Only the media of builders are globs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.templates.nodes import Node
from tfgen_generators.lint.templates.source import Component, Source, sources

if TYPE_CHECKING:
    from tfgen_generators.lint.scope import Scope

_SCRIPTS = ("script", "scripts")
_ANSIBLE = ("playbook_file", "playbook_files", "galaxy_file", "inventory_file")
_FOLDERS = ("role_paths", "playbook_dir", "playbook_paths", "group_vars", "host_vars", "collection_paths")
_SETTINGS = {
    **dict.fromkeys(("shell", "shell-local", "powershell", "windows-shell"), _SCRIPTS),
    "file": ("source", "sources"),
    "ansible": _ANSIBLE,
    "ansible-local": (*_ANSIBLE, *_FOLDERS),
}


def _wildcards(scope: Scope) -> Iterator[Finding]:
    for source in sources(scope):
        for component in (*source.provisioners, *source.post_processors):
            for setting in () if _downloads(source, component) else _SETTINGS.get(component.kind, ()):
                node = component.node.find(setting)
                for element, text in _texts(source, node) if node is not None else ():
                    if "*" in text and not _is_there(scope, text):
                        yield Finding(
                            rule="wildcard-in-path",
                            path=element.path,
                            line=element.line,
                            message=f"{setting} has {text!r}, which Packer takes for a name, not for a pattern",
                            fix=_FIXES.get(component.kind, "list each path"),
                            image=source.template.name,
                        )


_FIXES = {"file": "name the folder with a / at its end, which uploads what is in it"}


def _downloads(source: Source, component: Component) -> bool:
    """Whether the paths are on the other machine, or not known."""
    direction = component.node.get("direction")
    return component.kind == "file" and direction is not None and source.values.text(direction) != "upload"


def _texts(source: Source, node: Node) -> Iterator[tuple[Node, str]]:
    """The literal texts of a setting that are known whatever a variable is, and where each stands."""
    elements = list((node.kids or {}).values()) if node.is_list else [node]
    for element in elements:
        value = source.values.fixed(element.value())
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and "{{" not in text:
                yield element, text


def _is_there(scope: Scope, text: str) -> bool:
    """Whether a file really has such a name."""
    return scope.tree.kind(text.removeprefix("./").rstrip("/")) is not None


RULES = (
    Rule(
        id="wildcard-in-path",
        severity="error",
        summary="A path of a provisioner has a wildcard, which Packer does not expand",
        check=_wildcards,
        by_template=True,
    ),
)

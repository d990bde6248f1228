"""A rule about requirements files in the old form, whose roles `ansible-local` installs and does not find.

Source: the ansible plugin, `provisioner/ansible-local/provisioner.go`, since 1.1.4: the folder of the installed roles
goes into ANSIBLE_ROLES_PATH only where `(?m)^roles:` matches the text of the file. Packer 1.6.6 itself copes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.rules.ansible.requirements_files import read_requirements, roles_of
from tfgen_generators.lint.rules.ansible.uploads import setting_paths
from tfgen_generators.lint.templates.source import Component, Source, sources

if TYPE_CHECKING:
    from tfgen_generators.lint.scope import Scope

_ROLES = re.compile(rb"^roles:", re.MULTILINE)
_FIRST = (1, 1, 4)
_PART = re.compile(r"\s*(=|!=|~>|<=|>=|<|>)?\s*v?(\d+(?:\.\d+)*)")
_WORD = re.compile(r"[\w.-]+")


def _plain_list(scope: Scope) -> Iterator[Finding]:
    for source in sources(scope):
        for component in source.provisioners:
            if component.kind != "ansible-local" or _says_where(component) or _is_older(source):
                continue
            for path in setting_paths(scope, source, component, "galaxy_file") or ():
                used = _used(scope, source, path)
                if used and not _ROLES.search(scope.read(path)):
                    node = component.node.near("galaxy_file")
                    yield Finding(
                        rule="galaxy-file-plain-list",
                        path=node.path,
                        line=node.line,
                        message=f"{path} has no line that begins with `roles:`, so ansible-local of the ansible plugin"
                        f" 1.1.4 and newer installs {used[0]} where Ansible does not search for it",
                        fix="write the list under a line `roles:` that begins at the first column, or set"
                        " galaxy_roles_path",
                        image=source.template.name,
                    )


def _says_where(component: Component) -> bool:
    """Whether the roles are installed into a folder that the settings name."""
    if component.node.get("galaxy_roles_path") not in (None, ""):
        return True
    settings = (component.node.get(key) for key in ("command", "galaxy_command", "ansible_env_vars"))
    return any("ROLES_PATH" in str(value).upper() for value in settings if value is not None)


def _is_older(source: Source) -> bool:
    """Whether the template asks for a plugin from before the change."""
    tables = [table for block in source.blocks("packer") for table in block.tables("required_plugins")]
    written = [source.values.text(table.get("ansible", "version")) for table in tables]
    return any(is_older(text) for text in written if text)


def is_older(constraint: str) -> bool:
    """Whether no version from 1.1.4 on fulfils a constraint."""
    for part in constraint.split(","):
        match = _PART.match(part)
        operator, version = (match[1] or "=", _version(match[2])) if match else ("", ())
        padded = (*version, 0, 0, 0)[:3]
        if (operator in ("=", "<=") and padded < _FIRST) or (operator == "<" and padded <= _FIRST):
            return True
        if operator == "~>" and len(version) > 1 and (*version[:-2], version[-2] + 1) <= _FIRST[: len(version) - 1]:
            return True
    return False


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part[:9]) for part in text.split("."))


def _used(scope: Scope, source: Source, path: str) -> list[str]:
    """The roles of a requirements file that some Ansible file of the image names."""
    roles = [entry.name for entry in roles_of(read_requirements(scope, path))] or _indented(scope, path)
    image = scope.graph.image(source.template.name)
    units = [scope.graph.units[one.unit].files for one in image.reached] if image else []
    files = {file for unit in units for file in unit if file.endswith((".yml", ".yaml")) and file != path}
    words: set[str] = set()
    for file in files:
        words |= scope.once(("words", file), lambda file=file: _words(scope.read(file)))  # type: ignore[misc]
    return [role for role in roles if role in words]


def _indented(scope: Scope, path: str) -> list[str]:
    """Names in a file that cannot be read as a requirements file."""
    found = re.findall(rb"(?:name|src|role)[\"']?\s*:\s*[\"']?([\w.-]+)", scope.read(path))
    return [name.decode("utf-8", "replace") for name in found]


def _words(data: bytes) -> set[str]:
    lines = data.decode("utf-8", "replace").split("\n")
    return {word for line in lines if not line.lstrip().startswith("#") for word in _WORD.findall(line)}


RULES = (
    Rule(
        id="galaxy-file-plain-list",
        severity="warning",
        summary="ansible-local installs the roles of a plain list where Ansible does not find them",
        check=_plain_list,
        by_template=True,
    ),
)

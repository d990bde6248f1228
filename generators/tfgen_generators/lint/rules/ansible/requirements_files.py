"""Requirements files: which there are, and the roles and collections that they list.

Source: "Galaxy User Guide", "Installing multiple roles from a file" and "Install multiple collections with a
requirements file", and how ansible-galaxy reads them.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

import msgspec

from tfgen_generators.ansible.reading.nodes import Map, Node, NotYamlError, Scalar, Seq, parse
from tfgen_generators.lint.scope import Scope
from tfgen_generators.packer.model import Template
from tfgen_generators.paths.pipeline_files import buildspec_of

_NAMING = frozenset({"galaxy_file", "playbook"})
_NAMES = ("requirements.yml", "requirements.yaml")
_GIT = re.compile(r"^(git\+|git@|ssh://|git://)|\.git(#.*)?$|^https?://(github|gitlab|bitbucket)\.[^/]+/[^/]+/[^/]+/?$")
_ARCHIVE = re.compile(r"^(https?|file)://.*|.*\.(tar\.gz|tgz|zip)$")
#: `ansible-galaxy [role|collection] install -r FILE` in a command.
_INSTALLED = re.compile(
    rb"\bansible-galaxy\b[^\n;&|]{0,500}?\s(?:-r|--role-file|--requirements-file)[= ]\s*['\"]?(?:\./)?([\w./-]+)"
)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One role or collection of a requirements file. `version` is None where it has none."""

    name: str
    line: int
    version: str | None
    git: bool = False
    #: A folder, or an archive at an address of its own: nothing that a version would pin.
    local: bool = False


def requirements_files(scope: Scope) -> list[str]:
    """Those that templates and buildspecs name, and those that Ansible's folders hold."""
    named = [used for one in scope.templates for used in scope.described(one).files if used.use in _NAMING]
    found = {used.resolved for used in named if used.use == "galaxy_file"}
    found |= {path for path in scope.files if posixpath.basename(path) in _NAMES}
    folders = {posixpath.dirname(used.resolved) for used in named if used.use == "playbook" and used.resolved}
    for folder in folders:
        found |= {posixpath.join(folder, inner, name) for inner in ("", "roles", "collections") for name in _NAMES}
    found |= {path for template in scope.templates for path in _of_buildspec(scope, template)}
    return sorted(path for path in found if path and scope.tree.kind(path) == "file")


def _of_buildspec(scope: Scope, template: Template) -> list[str]:
    """What `ansible-galaxy` installs before a template's build."""
    found = buildspec_of(scope.tree, scope.settings, template)
    named = scope.once(("galaxy of", found[0]), lambda: _INSTALLED.findall(scope.read(found[0]))) if found else []
    return [posixpath.normpath(path.decode("utf-8", "replace")) for path in named]


def listed_roles(scope: Scope) -> frozenset[str]:
    """The roles that some requirements file brings, by the names that playbooks call them."""
    files = requirements_files(scope)
    return frozenset(entry.name for path in files for entry in roles_of(read_requirements(scope, path)))


def read_requirements(scope: Scope, path: str) -> Node | None:
    try:
        return parse(scope.read(path))
    except NotYamlError:
        return None  # broken-yaml says so


def roles_of(document: Node | None) -> Iterator[Entry]:
    """The roles of a requirements file: a list, or the list under `roles`."""
    listed = (
        document if isinstance(document, Seq) else document.pairs.get("roles") if isinstance(document, Map) else None
    )
    for item in listed.items if isinstance(listed, Seq) else ():
        if isinstance(item, Scalar):
            yield _role(item.text, item.line)
        elif isinstance(item, Map) and not item.text("include"):
            source = item.text("src", "role", "name")
            name = item.text("name") or _role_name(item.text("role", "src"))
            git = item.text("scm") in ("git", "hg") or bool(_GIT.search(source))
            version = _version(item)
            if version is None and "," in source:
                yield _role(source, item.line)
            elif source:
                local = not git and (source.startswith(("/", ".", "~")) or bool(_ARCHIVE.match(source)))
                yield Entry(name=name, line=_line(item), version=version, git=git, local=local)


def _role_name(source: str) -> str:
    """What ansible-galaxy calls a role without a name: of an address its last part, without the ending."""
    if "/" not in source and not source.startswith("git@"):
        return source
    last = source.rstrip("/").rpartition("/")[2].partition(",")[0]
    return last.removesuffix(".git").removesuffix(".tar.gz")


def unnamed_collections(scope: Scope) -> bool:
    """Whether a requirements file brings a collection whose name stands in it alone: of git, an archive, a folder."""
    files = requirements_files(scope)
    return any(one.git or one.local for path in files for one in collections_of(read_requirements(scope, path)))


def _role(text: str, line: int) -> Entry:
    """`[scm+]src[,version[,name]]`."""
    source, *rest = (part.strip() for part in text.split(","))
    name = rest[1] if len(rest) > 1 else _role_name(source)
    git = bool(_GIT.search(source))
    local = not git and (source.startswith(("/", ".", "~")) or bool(_ARCHIVE.match(source)))
    return Entry(name=name, line=line, version=(rest[0] if rest else "") or None, git=git, local=local)


def collections_of(document: Node | None) -> Iterator[Entry]:
    """The collections of a requirements file."""
    listed = document.pairs.get("collections") if isinstance(document, Map) else None
    for item in listed.items if isinstance(listed, Seq) else ():
        if isinstance(item, Scalar):
            yield _collection(item.text, item.text.strip(), item.line)
        elif isinstance(item, Map):
            source = item.text("source") if item.text("type") == "git" else ""
            name = item.text("name") or item.text("source")
            found = _collection(source or name, name, _line(item))
            version = _version(item) or found.version
            kind = item.text("type")
            git = kind == "git" or (not kind and found.git)
            local = kind in ("dir", "subdirs", "file", "url") or (not kind and found.local)
            yield msgspec.structs.replace(found, version=version, git=git, local=local)


def _collection(source: str, name: str, line: int) -> Entry:
    """`namespace.name[:version]`, or an address of git's (with `,version`), a folder or an archive."""
    if _GIT.search(source.partition(",")[0]):
        address, _, version = source.partition(",")
        return Entry(name=address, line=line, version=version.strip() or None, git=True)
    if source.startswith(("/", ".", "~")) or _ARCHIVE.match(source):
        return Entry(name=name, line=line, version=None, local=True)
    name, _, version = name.partition(":")
    return Entry(name=name, line=line, version=version.strip() or None)


def _line(item: Map) -> int:
    return min((item.line, *item.lines.values()))


def _version(item: Map) -> str | None:
    return item.text("version").strip() or None

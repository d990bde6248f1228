"""Rules about requirements files: roles and collections that come from Galaxy or git.

Source: "Galaxy User Guide", "Installing multiple roles from a file" and "Install multiple collections with a
requirements file", and how ansible-galaxy reads them.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

import msgspec

from tfgen_generators.ansible.nodes import Map, Node, NotYamlError, Scalar, Seq, parse
from tfgen_generators.lint.gap_rules import finding, galaxy_files, is_from_galaxy
from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.places import place_of
from tfgen_generators.lint.scope import Scope

_NAMES = ("requirements.yml", "requirements.yaml")
#: Names that branches have; what is called so moves.
_BRANCHES = frozenset(
    {"head", "main", "master", "devel", "develop", "dev", "development", "trunk", "default", "next", "latest", "stable"}
    | {"staging", "production", "release"}
)
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_EXACT = re.compile(r"(==?\s*)?v?\d+(\.[0-9A-Za-z]+)*([-+.][0-9A-Za-z.+-]+)?")
_TAG = re.compile(r".*\d.*")
_GIT = re.compile(r"^(git\+|git@|ssh://|git://)|\.git(#.*)?$|^https?://(github|gitlab|bitbucket)\.[^/]+/[^/]+/[^/]+/?$")
_ARCHIVE = re.compile(r"^(https?|file)://.*|.*\.(tar\.gz|tgz|zip)$")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One role or collection of a requirements file. `version` is None where it has none."""

    name: str
    line: int
    version: str | None
    git: bool = False
    #: A folder, or an archive at an address of its own: nothing that a version would pin.
    local: bool = False


def _files(scope: Scope) -> list[str]:
    """Requirements files: those that templates name, and those that Ansible's folders hold."""
    found = {
        used.resolved for one in scope.templates for used in scope.described(one).files if used.use == "galaxy_file"
    }
    found |= {path for path in scope.files if posixpath.basename(path) in _NAMES}
    folders = {posixpath.dirname(used.resolved) for one in scope.templates for used in scope.described(one).files
               if used.use == "playbook" and used.resolved}  # fmt: skip
    for folder in folders:
        found |= {posixpath.join(folder, inner, name) for inner in ("", "roles", "collections") for name in _NAMES}
    return sorted(path for path in found if path and scope.tree.kind(path) == "file")


def _document(scope: Scope, path: str) -> Node | None:
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
            name = item.text("name", "role", "src")
            git = item.text("scm") in ("git", "hg") or bool(_GIT.search(source))
            version = _version(item)
            if version is None and "," in source:
                yield _role(source, item.line)
            elif source:
                local = not git and (source.startswith(("/", ".", "~")) or bool(_ARCHIVE.match(source)))
                yield Entry(name=name, line=_line(item), version=version, git=git, local=local)


def _role(text: str, line: int) -> Entry:
    """`[scm+]src[,version[,name]]`."""
    source, *rest = (part.strip() for part in text.split(","))
    name = rest[1] if len(rest) > 1 else source
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


def why_unpinned(entry: Entry) -> str:
    """Why another version may come tomorrow; "" when it is pinned."""
    version = entry.version
    if entry.local or (version and "{{" in version):
        return ""
    if version is None:
        return "has no version: what is newest that day is installed"
    if _COMMIT.fullmatch(version) or (not entry.git and _EXACT.fullmatch(version)):
        return ""
    if not entry.git and re.search(r"[<>!=~^,*]", version):
        return f"has the version {version}, which many versions fit"
    is_branch = version.lower() in _BRANCHES or version.startswith(("refs/heads/", "origin/"))
    if is_branch or not _TAG.fullmatch(version):
        return f"has the version {version}, which is no tag and no commit: a branch moves"
    return ""


def _unpinned_role(scope: Scope) -> Iterator[Finding]:
    for path in _files(scope):
        for entry in roles_of(_document(scope, path)):
            if reason := why_unpinned(entry):
                yield _unpinned("unpinned-galaxy-role", path, entry, f"the role {entry.name} {reason}")


def _unpinned_collection(scope: Scope) -> Iterator[Finding]:
    for path in _files(scope):
        for entry in collections_of(_document(scope, path)):
            if reason := why_unpinned(entry):
                yield _unpinned("unpinned-galaxy-collection", path, entry, f"the collection {entry.name} {reason}")


def _unpinned(rule: str, path: str, entry: Entry, message: str) -> Finding:
    fix = "pin a tag or a commit: version: v1.2.3" if entry.git else "pin one version: version: 1.2.3"
    return Finding(rule=rule, path=path, line=entry.line, message=message, fix=fix)


def _requirements_missing(scope: Scope) -> Iterator[Finding]:
    named = scope.once("galaxy files", lambda: galaxy_files(scope))
    for template in scope.templates:
        for written in sorted(named.get(template.members[0], ())):
            path, line = place_of(scope, template.path, "galaxy_file")
            message = f"the requirements file {written} is not there"
            rule, fix = "requirements-missing", "write it, or correct galaxy_file"
            yield Finding(rule=rule, path=path, line=line, message=message, fix=fix, image=template.name)
    for gap in scope.graph.gaps:
        if is_from_galaxy(gap):
            message = f"{gap.name} is neither in this repository nor in a requirements file of its images"
            found = finding("requirements-missing", gap, "")
            yield msgspec.structs.replace(found, message=message, fix="add it to requirements.yml with its version")


RULES = (
    Rule(
        id="unpinned-galaxy-role",
        severity="warning",
        summary="A role from Galaxy or git has no fixed version",
        check=_unpinned_role,
    ),
    Rule(
        id="unpinned-galaxy-collection",
        severity="warning",
        summary="A collection from Galaxy or git has no fixed version",
        check=_unpinned_collection,
    ),
    Rule(
        id="requirements-missing",
        severity="error",
        summary="A requirements file, or the entry of a role in one, is not there",
        check=_requirements_missing,
    ),
)

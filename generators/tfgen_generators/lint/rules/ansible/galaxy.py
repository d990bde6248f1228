"""Rules about roles and collections that come from Galaxy or git."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.rules.ansible.missing_references import finding, galaxy_files, is_from_galaxy
from tfgen_generators.lint.rules.ansible.requirements_files import (
    Entry,
    collections_of,
    listed_roles,
    read_requirements,
    requirements_files,
    roles_of,
    unnamed_collections,
)
from tfgen_generators.lint.scope import Scope
from tfgen_generators.lint.templates.places import place_of

#: Names that branches have; what is called so moves.
_BRANCHES = frozenset(
    {"head", "main", "master", "devel", "develop", "dev", "development", "trunk", "default", "next", "latest", "stable"}
    | {"staging", "production", "release"}
)
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_EXACT = re.compile(r"(==?\s*)?v?\d+(\.[0-9A-Za-z]+)*([-+.][0-9A-Za-z.+-]+)?")
_TAG = re.compile(r".*\d.*")


def why_unpinned(entry: Entry) -> str:
    """Why another version may come tomorrow; "" when it is pinned."""
    version = entry.version
    if entry.local or (version and "{{" in version):
        return ""
    if version is None:
        return "has no version, so the newest one is installed"
    if _COMMIT.fullmatch(version) or (not entry.git and _EXACT.fullmatch(version)):
        return ""
    if not entry.git and re.search(r"[<>!=~^,*]", version):
        return f"has the version {version}, which matches several versions"
    is_branch = version.lower() in _BRANCHES or version.startswith(("refs/heads/", "origin/"))
    if is_branch or not _TAG.fullmatch(version):
        return f"has the version {version}, which is a branch and may change"
    return ""


def _unpinned_role(scope: Scope) -> Iterator[Finding]:
    for path in requirements_files(scope):
        for entry in roles_of(read_requirements(scope, path)):
            if reason := why_unpinned(entry):
                yield _unpinned("unpinned-galaxy-role", path, entry, f"the role {entry.name} {reason}")


def _unpinned_collection(scope: Scope) -> Iterator[Finding]:
    for path in requirements_files(scope):
        for entry in collections_of(read_requirements(scope, path)):
            if reason := why_unpinned(entry):
                yield _unpinned("unpinned-galaxy-collection", path, entry, f"the collection {entry.name} {reason}")


def _unpinned(rule: str, path: str, entry: Entry, message: str) -> Finding:
    fix = "pin a tag or a commit: version: v1.2.3" if entry.git else "pin one version: version: 1.2.3"
    return Finding(rule=rule, path=path, line=entry.line, message=message, fix=fix)


def _is_brought(scope: Scope, name: str) -> bool:
    """Whether a requirements file brings a role, or may: a collection from git has its name in itself."""
    if name in scope.once("listed roles", lambda: listed_roles(scope)):
        return True
    return name.count(".") > 1 and scope.once("unnamed collections", lambda: unnamed_collections(scope))


def _requirements_missing(scope: Scope) -> Iterator[Finding]:
    named = scope.once("galaxy files", lambda: galaxy_files(scope))
    for template in scope.templates:
        for written in sorted(named.get(template.members[0], ())):
            path, line = place_of(scope, template.path, "galaxy_file")
            message = f"requirements file {written} not found"
            rule, fix = "requirements-missing", "create it, or fix galaxy_file"
            yield Finding(rule=rule, path=path, line=line, message=message, fix=fix, image=template.name)
    for missing in scope.graph.missing_references:
        if is_from_galaxy(missing) and not _is_brought(scope, missing.name):
            message = f"{missing.name} is neither in this repository nor in a requirements file of its images"
            found = finding("requirements-missing", missing, "")
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
        summary="A requirements file does not exist, or has no entry for a role",
        check=_requirements_missing,
    ),
)

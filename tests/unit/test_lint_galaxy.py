"""Which entries of a requirements file are pinned."""

from __future__ import annotations

import pytest

from tfgen_generators.ansible.reading.nodes import parse
from tfgen_generators.lint.rules.ansible.galaxy import why_unpinned
from tfgen_generators.lint.rules.ansible.requirements_files import collections_of, roles_of

ROLES = [
    ("owner.role", "no version"),
    ("owner.role,1.2.3", ""),
    ("owner.role,master", "branch"),
    ("git+https://host/role.git", "no version"),
    ("git+https://host/role.git,v1", ""),
    ("https://host/role.tar.gz", ""),
    ("./roles/mine", ""),
    ("{name: owner.role}", "no version"),
    ("{name: owner.role, version: 1.10}", ""),
    ("{name: owner.role, version: v1.2.3-rc1}", ""),
    ("{name: owner.role, version: main}", "branch"),
    ("{src: owner.role, version: ''}", "no version"),
    ("{src: git@host:owner/role.git, scm: git, version: 0a1b2c3}", ""),
    ("{src: git@host:owner/role.git, scm: git, version: HEAD}", "branch"),
    ("{src: git@host:owner/role.git, scm: git, version: feature-x}", "branch"),
    ("{src: git@host:owner/role.git, scm: git, version: release-1.2}", ""),
    ("{src: https://github.com/owner/role, version: v2.0}", ""),
    ("{src: https://github.com/owner/role}", "no version"),
    ("{include: other.yml}", None),
]
COLLECTIONS = [
    ("community.general", "no version"),
    ("community.general:9.5.0", ""),
    ("'community.general:>=9.5.0'", "several versions"),
    ("{name: community.general}", "no version"),
    ("{name: community.general, version: '*'}", "several versions"),
    ("{name: community.general, version: '==9.5.0'}", ""),
    ("{name: community.general, version: 9.5.0}", ""),
    ("{name: community.general, version: '>=9.0.0,<10.0.0'}", "several versions"),
    ("{name: community.general, version: '!=9.0.0'}", "several versions"),
    ("{name: community.general, version: 9.5.0-beta.1}", ""),
    ("{name: community.general, version: latest}", "branch"),
    ("{name: 'https://host/c.git', type: git, version: main}", "branch"),
    ("{name: 'https://host/c.git', type: git, version: 1.0.0}", ""),
    ("{source: 'git@host:c.git', type: git}", "no version"),
    ("'git+https://host/c.git,devel'", "branch"),
    ("'git+https://host/c.git,1.0.0'", ""),
    ("{name: ./collections/mine, type: dir}", ""),
    ("{source: 'https://host/c-1.0.0.tar.gz', type: url}", ""),
    ("https://host/c-1.0.0.tar.gz", ""),
]


@pytest.mark.parametrize(("text", "why"), ROLES, ids=[text for text, _ in ROLES])
@pytest.mark.parametrize("before", ["", "roles:\n"], ids=["old form", "new form"])
def test_roles(before: str, text: str, why: str | None) -> None:
    entries = list(roles_of(parse(f"{before}- {text}\n".encode())))
    if why is None:
        assert entries == []
        return
    (entry,) = entries
    found = why_unpinned(entry)
    assert why in found
    assert bool(found) == bool(why)
    assert entry.line == 2 - (not before)


@pytest.mark.parametrize(("text", "why"), COLLECTIONS, ids=[text for text, _ in COLLECTIONS])
def test_collections(text: str, why: str) -> None:
    (entry,) = collections_of(parse(f"collections:\n  - {text}\n".encode()))
    found = why_unpinned(entry)
    assert why in found
    assert bool(found) == bool(why)
    assert entry.line == 2


@pytest.mark.parametrize(
    "text", ["", "[]", "text", "roles: text\n", "roles:\n  - [1]\n", "collections: {a: b}\n", "a: 1"]
)
def test_other_documents_have_none(text: str) -> None:
    document = parse(text.encode())
    assert [*roles_of(document), *collections_of(document)] == []

"""What becomes of files that cannot be read, and of names that nothing answers."""

from __future__ import annotations

from tfgen_generators.ansible.reading.facts import DYNAMIC, PLAYBOOK_DIR, ROLE_PATH, FactsKind, FileFacts, Ref
from tfgen_generators.ansible.search.finder import Finder
from tfgen_generators.paths.model import Gap

#: What stands in a role's folder and is no part of what it does.
_ASIDE = ("molecule/", "tests/", "test/", ".github/", "docs/", ".")
_ABOUT = ("readme", "license", "changelog")


def everything(finder: Finder, folder: str) -> tuple[str, ...]:
    """All files of a role but those that are about it: README, molecule, tests."""
    start = 0 if folder == "." else len(folder) + 1
    found = []
    for path in finder.below(folder):
        inner = path[start:]
        if inner.startswith((*_ASIDE, ".")) or (
            "/" not in inner and inner.lower().startswith(("readme", "license", "changelog"))
        ):
            continue
        found.append(path)
    return tuple(found)


def missing(ref: Ref, name: str, source: str) -> Gap:
    """A gap: a literal name that nothing answers."""
    name = name.replace(ROLE_PATH, "{{ role_path }}").replace(PLAYBOOK_DIR, "{{ playbook_dir }}").replace(DYNAMIC, "*")
    return Gap(
        kind="missing-tasks" if ref.manner in ("tasks", "import") else "missing-file",
        path=source,
        line=ref.line,
        name=name,
        message=f"{ref.label}: {name} not found in Ansible's search path",
        fix="add the file, or fix the name",
    )


def unread(path: str, facts: FileFacts, kind: FactsKind) -> Gap:
    """A gap: a file that Ansible cannot load."""
    text = kind == "template" or facts.problem.startswith("cannot be")
    return Gap(
        kind="unreadable" if text else "broken-yaml",
        path=path,
        line=facts.line,
        message=facts.problem
        if kind in ("vars", "template")
        else f"{facts.problem}; every file that it may name counts",
        fix="fix the file so that Ansible can load it",
    )

"""What is missing or cannot be read, and the files that a role may use when its tasks cannot be read."""

from __future__ import annotations

from tfgen_generators.ansible.reading.model import DYNAMIC, PLAYBOOK_DIR, ROLE_PATH, FactsKind, FileFacts, Reference
from tfgen_generators.ansible.search.finder import Finder
from tfgen_generators.paths.model import MissingReference

#: What is in a role's folder and not used by it.
_UNUSED = ("molecule/", "tests/", "test/", "docs/", ".")
_ABOUT = ("readme", "license", "changelog")


def role_files(finder: Finder, folder: str) -> tuple[str, ...]:
    """All files of a role but those that are about it: README, molecule, tests."""
    start = 0 if folder == "." else len(folder) + 1
    return tuple(path for path in finder.below(folder) if not _is_about(path[start:]))


def _is_about(path: str) -> bool:
    return path.startswith(_UNUSED) or ("/" not in path and path.lower().startswith(_ABOUT))


def missing_reference(ref: Reference, name: str, source: str) -> MissingReference:
    """A literal name that means no file."""
    name = name.replace(ROLE_PATH, "{{ role_path }}").replace(PLAYBOOK_DIR, "{{ playbook_dir }}").replace(DYNAMIC, "*")
    return MissingReference(
        kind="missing-tasks" if ref.kind in ("tasks", "import") else "missing-file",
        path=source,
        line=ref.line,
        name=name,
        message=f"{ref.label}: {name} not found in Ansible's search path",
        fix="add the file, or fix the name",
    )


def unreadable_file(path: str, facts: FileFacts, kind: FactsKind) -> MissingReference:
    """A file that Ansible cannot load."""
    text = kind == "template" or facts.problem.startswith("cannot be")
    return MissingReference(
        kind="unreadable" if text else "broken-yaml",
        path=path,
        line=facts.line,
        message=facts.problem
        if kind in ("vars", "template")
        else f"{facts.problem}; every file that it may name counts",
        fix="fix the file so that Ansible can load it",
    )

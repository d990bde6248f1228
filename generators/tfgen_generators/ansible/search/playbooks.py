"""Which files may be playbooks, where a name is not known."""

from __future__ import annotations

import re

from tfgen_generators.trees.linked import LinkedTree

_PLAYBOOK = re.compile(
    rb"^[ \t\r]*(?:-[ \t]+)?[\"']?(?:hosts|(?:ansible\.\w+\.)?import_playbook)[\"']?\s*:", re.MULTILINE
)
_PLAYBOOK_ENDINGS = (".yml", ".yaml", ".json")


def is_playbook(tree: LinkedTree, path: str) -> bool:
    """Whether a file has the name and the look of a playbook."""
    if not path.endswith(_PLAYBOOK_ENDINGS):
        return False
    try:
        return bool(_PLAYBOOK.search(tree.read(path)))
    except OSError:
        return True

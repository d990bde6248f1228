"""The shapes of the search: which file names something, and how Ansible came to it."""

from __future__ import annotations

import msgspec

from tfgen_generators.ansible.reading.model import Load


class Visit(msgspec.Struct, frozen=True):
    """A file to read on. `tasks`: the folder of the task that is at work.

    `includes`: folders of includes as written, nearest first. `where`: whether tasks are `handlers`.
    `top`: for a template, the folder of the one that the task renders.
    """

    path: str
    load: Load
    tasks: str
    includes: tuple[str, ...] = ()
    where: str = "tasks"
    top: str = ""

"""What sync would do: the changes of files, what is refused, and what is wrong."""

from __future__ import annotations

from typing import Literal

import msgspec

from tfgen_generators.packer.model import Discovery, Problem
from tfgen_generators.pipeline.pipeline import Pipeline
from tfgen_generators.sync.identity import Question, Rename

Action = Literal["create", "change", "delete", "forget"]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What must happen to one file; paths are relative to the repository root.

    `forget` writes a `removed` block in place of the module block.
    """

    action: Action
    path: str
    before: str = ""
    after: str = ""

    def diff(self) -> str:
        """A unified diff as git words it."""
        import difflib

        path = self.path.replace("\n", "\\n").replace("\r", "\\r")
        old = "/dev/null" if self.action == "create" else f"a/{path}"
        new = "/dev/null" if self.action == "delete" else f"b/{path}"
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True), self.after.splitlines(keepends=True), old, new
        )
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A file that tfgen will not touch, why, and the way out."""

    path: str
    reason: str
    fix: str


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """The whole difference between what should stand on disk and what does.

    `refresh` are files that are as they should be but for the template's digest in their header: never reported.
    """

    changes: tuple[Change, ...]
    unchanged: tuple[str, ...]
    kept: tuple[str, ...]
    refused: tuple[Refusal, ...]
    refresh: tuple[Change, ...] = ()


class SyncResult(msgspec.Struct, frozen=True, kw_only=True):
    """One look at the whole repository. `problems` make the exit code 1; `warnings` do not.

    `renames` are what `changes` pins in tfgen.toml; `questions`, which are refusals too, wait for an answer.
    """

    discovery: Discovery
    pipelines: tuple[Pipeline, ...]
    changes: Changes
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    renames: tuple[Rename, ...] = ()
    questions: tuple[Question, ...] = ()

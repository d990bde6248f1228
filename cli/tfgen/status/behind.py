"""Whether what changed since an AMI's commit concerns its image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tfgen.status.facts import BehindSince
from tfgen.status.model import Behind

if TYPE_CHECKING:
    from tfgen.workspace import Workspace


def verdicts(workspace: Workspace, commits: Mapping[str, str]) -> Mapping[str, BehindSince]:
    """For each image the verdict between its AMI's commit (the value of its tag SourceVersion) and HEAD."""
    return {image: BehindSince(behind=Behind(verdict="unknown", why="not compared")) for image in commits}

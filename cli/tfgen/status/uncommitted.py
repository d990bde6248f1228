"""What is not committed. "Behind" is about HEAD: an image that such a change concerns is not known to be current."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from tfgen.git.differences import differences
from tfgen.git.repository import NoAnswerError
from tfgen.phrases import some
from tfgen.status.facts import BehindSince
from tfgen.status.model import Behind
from tfgen_generators.errors import TfgenError

if TYPE_CHECKING:
    from tfgen.workspace import Workspace


class Uncommitted(msgspec.Struct, frozen=True, kw_only=True):
    """The paths that are not as in HEAD, and which of them concerns an image: `images` has the first of each.

    `problem` says why that is not known; then it may be any image.
    """

    paths: tuple[str, ...] = ()
    images: Mapping[str, str] = {}
    problem: str = ""

    @property
    def note(self) -> str:
        """One line on it, "" where all is committed."""
        return f'uncommitted changes ({some(self.paths, 5)}): "behind" compares with HEAD alone' if self.paths else ""

    def over(self, verdicts: Mapping[str, BehindSince]) -> Mapping[str, BehindSince]:
        """The verdicts of HEAD, with "unknown" for "no" where an uncommitted change concerns the image."""
        if not self.images and not self.problem:
            return verdicts
        return {image: self._over(image, one) for image, one in verdicts.items()}

    def _over(self, image: str, one: BehindSince) -> BehindSince:
        if one.behind.verdict != "no" or not (self.problem or image in self.images):
            return one
        path = self.images.get(image, "")
        why = self.problem or f"{path or 'the work tree'} has uncommitted changes, which concern the image"
        return BehindSince(behind=Behind(verdict="unknown", file=path, why=why))


def find_uncommitted(workspace: Workspace, head: str) -> Uncommitted:
    """What git says of the work tree; nothing without a commit."""
    if not head:
        return Uncommitted()
    try:
        paths = tuple(sorted(differences(workspace.root, head)))
    except NoAnswerError as error:
        return Uncommitted(problem=f"git does not say what is not committed{f': {error}' if str(error) else ''}")
    if not paths:
        return Uncommitted()
    from tfgen.affected.find import affected_between

    try:
        found = affected_between(workspace, head)
    except TfgenError as error:
        return Uncommitted(paths=paths, problem=f"uncommitted changes cannot be compared with HEAD: {error}")
    images = dict.fromkeys(found.gone, "")
    images |= {one.name: next((why.path for why in one.reasons), "") for one in found.images}
    return Uncommitted(paths=paths, images=images, problem=found.everything)

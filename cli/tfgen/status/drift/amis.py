"""The tags of AMIs held against git and the images of the repository.

Whether they agree with the build that they name is said where an AMI is judged (`tfgen.status.amis`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from tfgen.aws.images.model import OwnedImage
from tfgen.status.drift.compare.differences import Differences
from tfgen.status.facts import Expected, PlaceFacts
from tfgen.status.model import Drift

_BUILDER = "Packer"
#: How the commit of a local build ends that had uncommitted changes.
DIRTY = "-dirty"
#: Whether git has a commit, and whether a file in it is as it is now; None where nobody can know.
HasCommit = Callable[[str], bool | None]
IsSame = Callable[[str, str], bool | None]


def newest_amis(facts: PlaceFacts) -> list[tuple[Expected, OwnedImage]]:
    """Of each image the one that was made last: an older one is history."""
    projects = {each.pipeline: each for each in facts.expected if each.pipeline}
    newest: dict[str, tuple[Expected, OwnedImage]] = {}
    for ami in sorted(facts.amis or (), key=lambda each: (each.created, each.id)):
        expected = _owner(ami, projects, facts.expected)
        if expected is not None:
            newest[expected.image] = (expected, ami)
    return [*newest.values()]


def ami_drift(facts: PlaceFacts, has: HasCommit, is_same: IsSame) -> Iterator[tuple[str, Drift]]:
    """Image and difference."""
    known = {ami.id: ami for ami in facts.amis or ()}
    templates = {each.image: each.template for each in facts.expected}
    for expected, ami in newest_amis(facts):
        seen = Differences(f"AMI {ami.id}", "ami/code")
        seen.of("BuiltBy", _BUILDER, ami.tags.get("BuiltBy"))
        commit = ami.commit.removesuffix(DIRTY)
        if commit and has(commit) is False:
            seen.say("SourceVersion", "a commit of this repository", commit)
        _parent(seen, ami, expected, known, templates, is_same)
        yield from ((expected.image, one) for one in seen.found)


def _owner(ami: OwnedImage, projects: Mapping[str, Expected], expected: Iterable[Expected]) -> Expected | None:
    """By the project that built it; by its template where no build is named, or one of another project."""
    if (found := projects.get(ami.build.partition(":")[0])) is not None:
        return found
    alike = [each for each in expected if each.template == ami.template]
    return alike[0] if len(alike) == 1 else None


def _parent(
    seen: Differences,
    ami: OwnedImage,
    expected: Expected,
    known: Mapping[str, OwnedImage],
    templates: Mapping[str, str],
    is_same: IsSame,
) -> None:
    """Where the template is as it was at that commit, so are its parents; `templates` are those of all images."""
    parent = known.get(ami.parent)
    if parent is None or parent.template not in templates.values():
        return
    wanted = sorted({templates[name] for name in expected.parents if name in templates})
    if parent.template in wanted or is_same(ami.commit, expected.template) is not True:
        return
    seen.say("ParentAmi", " or ".join(wanted) or "no image of this repository", f"{parent.id} of {parent.template}")

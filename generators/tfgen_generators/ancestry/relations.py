"""From the facts of images to their ancestry."""

from __future__ import annotations

from collections.abc import Sequence

from tfgen_generators.ancestry.images import ImageFacts, Start
from tfgen_generators.ancestry.matching import Index, asks_for_something
from tfgen_generators.ancestry.model import Ancestry, Origin, Parent, Status
from tfgen_generators.ancestry.patterns import prefix, says_nothing, shown
from tfgen_generators.paths.model import Edge


def relate(images: Sequence[ImageFacts]) -> Ancestry:
    """The ancestry of images whose facts are known."""
    matcher = _Matcher(images)
    parents: dict[str, tuple[Parent, ...]] = {}
    origins: dict[str, tuple[Origin, ...]] = {}
    itself: set[str] = set()
    for image in sorted(images, key=lambda image: (image.name, image.path)):
        found: dict[str, Parent] = {parent.name: parent for parent in parents.get(image.name, ())}
        said = list(origins.get(image.name, ()))
        for start in image.starts:
            names, status = matcher.look(image, start)
            if image.name in names:
                itself.add(image.name)
            for name, widened in names.items():
                old = found.get(name)
                if name != image.name and (old is None or (old.edge.widened and not widened)):
                    found[name] = Parent(name=name, edge=Edge(path=image.path, label=start.label, widened=widened))
            nearest = matcher.nearest(image, start) if status == "unbuilt" else ""
            said.append(
                Origin(
                    image=image.name,
                    path=image.path,
                    label=start.label,
                    status=status,
                    owners=start.owners,
                    nearest=nearest,
                )
            )
        parents[image.name] = tuple(found[name] for name in sorted(found))
        origins[image.name] = tuple(said)
    return Ancestry(parents=parents, origins=origins, itself=frozenset(itself))


class _Matcher:
    """Finds what filters find, each filter once."""

    def __init__(self, images: Sequence[ImageFacts]) -> None:
        self._index = Index(images)
        self._found: dict[str, dict[str, bool]] = {}
        names = ((shown(name), image.name) for image in images for output in image.outputs for name in output.names)
        self._names = dict(names)
        nameless = (image.name for image in images for output in image.outputs if any(map(says_nothing, output.names)))
        #: Images of which no character of the name is known: they can be anything.
        self._nameless = frozenset(nameless)

    def look(self, image: ImageFacts, start: Start) -> tuple[dict[str, bool], Status]:
        """The images that `start` can find (see Index.find), and what that makes of it."""
        if start.kind != "filter":
            return {}, "id" if start.kind == "id" else "unknown"
        if start.whose == "others":
            return {}, "public"
        if not asks_for_something(start):
            return {}, "unknown"
        found = self._find(start)
        if found:
            return found, "itself" if set(found) == {image.name} else "built"
        if "?" in start.owners or (start.names and set(start.names) <= set(start.guessed)):
            return {}, "unknown"
        return {}, "unbuilt" if start.whose == "self" else "account"

    def _find(self, start: Start) -> dict[str, bool]:
        """Those whose name is not known at all count where no other is found, or where they have the tags."""
        key = repr((start.names, start.tags, start.guessed))
        if key not in self._found:
            self._found[key] = self._index.find(start)
        found = self._found[key]
        sure = {name: widened for name, widened in found.items() if name not in self._nameless or start.tags}
        return sure or (found if start.whose == "self" else {})

    def nearest(self, image: ImageFacts, start: Start) -> str:
        """The image that was probably meant by a filter that finds none; "" when none is near."""
        import difflib

        wanted = {shown(name) for name in start.names} | {prefix(name).rstrip("-_/ ") for name in start.names}
        known = {text: name for text, name in self._names.items() if name != image.name}
        known |= {name: name for name in known.values()}
        for text in sorted(wanted - {""}):
            if close := difflib.get_close_matches(text, sorted(known), n=1, cutoff=0.6):
                return known[close[0]]
        return ""

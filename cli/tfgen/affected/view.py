"""How `tfgen affected` is shown: a table, the ways from files to images, JSON, names, GitHub's matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgen.console import note, one_line, out, out_json, out_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tfgen.affected.model import Affected, AffectedImage, Why
    from tfgen_generators.paths.model import Edge

_MOST_WARNINGS = 20


def show(found: Affected, form: str, *, why: bool, channels: Sequence[str] = ()) -> None:
    """The images to stdout; `channels` are those that follow each image."""
    if form == "json":
        out_json(as_json(found, channels))
    elif form == "names":
        for image in found.images:
            out(one_line(image.name))
    elif form == "matrix":
        out(matrix(found))
    elif why:
        for image in found.images:
            _ways(image, found)
            if channels:
                out(one_line(f"{image.name}  channels that follow: {', '.join(channels)}"))
    elif found.images:
        rows = [[image.name, image.template, _reason(image, found)] for image in found.images]
        out_table(["NAME", "TEMPLATE", "REASON"], rows)
    elif found.changed:
        note(_nothing(found))


def _nothing(found: Affected) -> str:
    number = len(found.changed)
    differ = f"{number} files differ" if number > 1 else "one file differs"
    return f"{differ} from {found.base.name}; no image uses {'them' if number > 1 else 'it'}"


def warn(found: Affected) -> None:
    """To stderr what makes the answer larger or smaller than it looks."""
    if found.everything:
        note(one_line(f"warning: all images count as affected: {found.everything}"), style="yellow")
    missing_references = [
        f"{_at(missing.path, missing.line)}: {missing.message}" for missing in found.missing_references
    ]
    warnings = [*missing_references, *found.warnings]
    for warning in warnings[:_MOST_WARNINGS]:
        note(one_line(f"warning: {warning}"), style="yellow")
    if len(warnings) > _MOST_WARNINGS:
        note(f"warning: and {len(warnings) - _MOST_WARNINGS} more (tfgen lint shows all)", style="yellow")
    for name in found.gone:
        note(one_line(f"removed: {name}"))


def as_json(found: Affected, channels: Sequence[str] = ()) -> dict[str, object]:
    """The stable shape that docs/json.md describes and docs/affected.schema.json defines."""
    return {
        "base": {"commit": found.base.commit, "name": found.base.name},
        "head": {"commit": found.head.commit, "name": found.head.name},
        "everything": found.everything,
        "changed": list(found.changed),
        "unused": list(found.unused),
        "gone": list(found.gone),
        "images": [{**_image(image), **({"channels": [*channels]} if channels else {})} for image in found.images],
    }


def matrix(found: Affected) -> str:
    """One line of JSON for `strategy: matrix` of GitHub Actions."""
    import json

    return json.dumps({"include": [{"image": image.name, "template": image.template} for image in found.images]})


def _image(image: AffectedImage) -> dict[str, object]:
    return {
        "name": image.name,
        "template": image.template,
        "parent": image.parent,
        "reasons": [
            {
                "path": why.path,
                "line": why.line,
                "message": why.message,
                "via": [
                    {"path": edge.path, "line": edge.line, "label": edge.label, "widened": edge.widened}
                    for edge in why.via
                ],
            }
            for why in image.reasons
        ],
    }


def _ways(image: AffectedImage, found: Affected) -> None:
    if image.parent:
        out(one_line(f"{image.name}  because its parent {image.parent} is affected"))
    if found.everything:
        out(one_line(f"{image.name}  because {found.everything}"))
    for why in image.reasons:
        out(one_line("  ".join([f"{image.name}  because {_what(why)}", *(f"via {_edge(edge)}" for edge in why.via)])))


def _what(why: Why) -> str:
    return f"{_at(why.path, why.line)} {why.message}".rstrip()


def _edge(edge: Edge) -> str:
    return f"{edge.path} {edge.label}{' (computed name: all matches count)' if edge.widened else ''}"


def _at(path: str, line: int) -> str:
    return f"{path}:{line}" if line else path


def _reason(image: AffectedImage, found: Affected) -> str:
    if image.parent and not image.reasons:
        return f"its parent {image.parent}"
    if not image.reasons:
        return "all images are affected" if found.everything else ""
    first = _what(image.reasons[0])
    return first if len(image.reasons) == 1 else f"{first} and {len(image.reasons) - 1} more"

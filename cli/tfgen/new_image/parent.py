"""The source filter that finds the AMIs of another image of this repository."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tfgen.new_image.model import OsName, Start, Wish
from tfgen.new_image.systems import SYSTEMS, recognized, start_of
from tfgen_generators.ancestry.patterns import Wanted, Wild, is_exact, says_nothing, shown, with_wildcards
from tfgen_generators.errors import TemplateError, UsageError
from tfgen_generators.nearest import did_you_mean

if TYPE_CHECKING:
    from tfgen.workspace import Workspace
    from tfgen_generators.ancestry.images import ImageFacts
    from tfgen_generators.ancestry.images import Start as ImageStart
    from tfgen_generators.ancestry.patterns import Pattern
    from tfgen_generators.packer.model import Template
    from tfgen_generators.packer.syntax.values import Value

_SMALLEST_VOLUME = 10
#: What a child has as its parent, and the variable of the parent's template that says it.
_SAME = {"ssh_username": "ssh_username", "ansible_core": "ansible_core_version", "instance_type": "instance_type"}


def start_from(workspace: Workspace, templates: Sequence[Template], wish: Wish) -> Start:
    """What an image on another one starts from. Raises UsageError, and TemplateError where its AMIs cannot be found."""
    from tfgen_generators.ancestry.parents import facts_of, find_ancestry
    from tfgen_generators.trees.disk import DiskTree

    template = named(templates, wish.parent)
    tree = DiskTree(workspace.root)
    facts = facts_of(templates, workspace.settings, tree)
    pattern = _names(template, facts[template.name])
    system = wish.os
    if system is None:
        parents = find_ancestry(templates, workspace.settings, tree).parents
        above = {name: [parent.name for parent in found] for name, found in parents.items()}
        system = _system(facts, above, template.name)
    if system is None:
        fix = f"say which it is: --os {'|'.join(SYSTEMS)}"
        raise TemplateError(f"the system of {template.name} is not known", where=template.path, fix=fix)
    start = replace(start_of(system), name=shown(pattern), owner="self", said=f"{template.name} ({template.path})")
    tags = _own_tag(facts[template.name])
    if not tags and _finds_others(pattern, facts, template.name, wish.name):
        tags = (("tag:Template", template.path),)
    # Of one image all AMIs are alike: no other filter is needed.
    return replace(start, filters=tags, **_as_parent(template, start))


def named(templates: Sequence[Template], name: str) -> Template:
    """The readable template of an image. Raises UsageError without one, TemplateError when it cannot be read."""
    found = next((template for template in templates if template.name == name), None)
    if found is None:
        fix = did_you_mean(name, (template.name for template in templates))
        raise UsageError(f"image {name!r} not found", fix=fix or "to see all names, run: tfgen list")
    if found.errors or not found.details:
        raise TemplateError(f"{name} cannot be read", where=found.path, fix="run: tfgen list")
    return found


def found_by(workspace: Workspace, templates: Sequence[Template], name: str) -> list[str]:
    """Images whose source filter would find the AMIs of a new image, too."""
    from tfgen_generators.ancestry.parents import facts_of
    from tfgen_generators.trees.disk import DiskTree

    new = _made_by(name)
    facts = facts_of(templates, workspace.settings, DiskTree(workspace.root))
    return [one.name for one in facts.values() if any(_finds(start, new) for start in one.starts)]


def _finds(start: ImageStart, new: Pattern) -> bool:
    """Whether a filter finds such a name, by nothing but the name."""
    if start.kind != "filter" or start.whose == "others" or start.tags or start.guessed:
        return False
    return any(Wanted(pattern).meets(new) for pattern in start.names)


def _made_by(name: str) -> Pattern:
    """What the AMIs of a new image are called."""
    return (f"{name}-", Wild(chars="0123456789"))


def _names(template: Template, facts: ImageFacts) -> Pattern:
    """What the names of an image's AMIs look like. Raises TemplateError."""
    names = {name for output in facts.outputs for name in output.names}
    if not names:
        raise TemplateError(f"{facts.name} builds no AMI", where=template.path, fix="use another image for --from")
    if len(names) > 1:
        message = f"{facts.name} builds more than one AMI ({', '.join(sorted(map(shown, names)))})"
        raise TemplateError(message, where=template.path, fix="leave --from out, and write the filter by hand")
    name = names.pop()
    if says_nothing(name):
        message = f"the ami_name of {facts.name} is not known before a build, so that no filter can find its AMIs"
        raise TemplateError(message, where=template.path, fix="let its ami_name begin with a text")
    return name


def _finds_others(pattern: Pattern, facts: Mapping[str, ImageFacts], parent: str, new: str) -> bool:
    """Whether a filter for these names finds AMIs of other images too, or those of the new image itself."""
    wanted = Wanted(with_wildcards((shown(pattern),)))
    others = [name for one in facts.values() if one.name != parent for made in one.outputs for name in made.names]
    return any(wanted.meets(name) for name in (*others, _made_by(new)))


def _own_tag(facts: ImageFacts) -> tuple[tuple[str, str], ...]:
    """The tag `Name` of an image's AMIs, where it is known: names of images that come later may begin alike."""
    for output in facts.outputs:
        if len(values := output.tags.get("Name", ())) == 1 and is_exact(values[0]) and shown(values[0]):
            return (("tag:Name", shown(values[0])),)
    return ()


def _system(facts: Mapping[str, ImageFacts], above: Mapping[str, Sequence[str]], name: str) -> OsName | None:
    """The system that an image, or one that it starts from, starts from."""
    pending, seen = [name], set[str]()
    while pending:
        current = pending.pop(0)
        if current in seen or current not in facts:
            continue
        seen.add(current)
        starts = [shown(pattern) for start in facts[current].starts for pattern in start.names]
        if (found := recognized(starts)) is not None:
            return found
        pending += above.get(current, ())
    return None


def _as_parent(template: Template, start: Start) -> dict[str, object]:
    """What the parent's template says otherwise than its system: by the variables that tfgen's templates have."""
    variables = dict(defaults(template))
    found: dict[str, object] = {}
    for field, variable in _SAME.items():
        if isinstance(text := variables.get(variable), str) and text and "{{" not in text:
            found[field] = text
    size = variables.get("volume_size")
    if isinstance(size, int | str) and str(size).isdecimal():
        found["volume_size"] = max(int(size), start.volume_size, _SMALLEST_VOLUME)
    return found


def defaults(template: Template) -> Iterator[tuple[str, Value]]:
    """The variables of a template that have a default."""
    from tfgen_generators.packer.details import decode_details

    for data in template.details:
        for name, default in decode_details(data).variables.items():
            if default:
                yield name, default[0]

"""What calls pass as settings: what all pass stands once, what one passes in its own table.

A value that has the template's name in it becomes a pattern where all calls have the same one. What is made of these
settings is compared with the calls afterwards; nothing here has to be right for a call to continue as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from tfgen_generators.adopt.model import Adopted
from tfgen_generators.adopt.of_one import for_others, has_own_word, is_own_name, is_own_variable
from tfgen_generators.adopt.values import environment_of, item_of
from tfgen_generators.packer.names import bucket_part
from tfgen_generators.pipeline.aws_names import name_error
from tfgen_generators.root_module.hand_written import META
from tfgen_generators.settings.lines import Path
from tfgen_generators.settings.model import Names, Settings
from tfgen_generators.settings.variants import VAR_FILE

Edits = dict[Path, dict[str, Any]]
#: Inputs that are facts of a pipeline by their usual names, and settings at the top that give them.
_BUCKET = "artefact_bucket_name"
_NAMES = ("project_name", _BUCKET)
_TOP = ("source_repository", "branch")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,100}")
_FACTS = (*_NAMES, "project_description", *_TOP)


class Fold(msgspec.Struct, frozen=True, kw_only=True):
    """How to fold. `theirs`: the calls' module becomes [module]; `fresh`: no pipeline is generated yet;
    `account`: the root module has what the default name of a bucket takes.
    """

    settings: Settings
    theirs: bool
    fresh: bool
    account: bool = True


def folded(adopted: Sequence[Adopted], how: Fold) -> Edits:
    """Table -> keys of tfgen.toml that keep what the calls of `adopted` pass. Raises CannotSayError."""
    edits: Edits = {}
    if not adopted:
        return edits
    mapping: dict[str, Any] = {}
    if how.theirs:
        _module(edits, adopted)
    for name in _names(adopted):
        items = {one.template.name: item_of(given) for one in adopted if (given := one.call.arguments.get(name))}
        _input(edits, mapping, name, items, adopted, how)
    environment = adopted[0].call.environment
    if how.theirs:
        mapping[environment] = {"fact": "environment"}
        edits[("module", "inputs")] = mapping
    _environment(edits, adopted, how)
    _providers(edits, adopted, how)
    for one in adopted:
        if one.call.label != one.template.name:
            own = how.settings.templates.get(one.template.name)
            former = list(own.moved_from) if own else []
            put(edits, ("templates", one.template.name), "moved_from", [*former, one.call.label])
    return edits


def put(edits: Edits, table: Path, key: str, value: Any) -> None:
    """One key more."""
    edits.setdefault(table, {})[key] = value


def pattern_of(value: object, name: str) -> str:
    """`value` with `{name}` for the template's name, where that stands in it as a word; "" where it does not."""
    word = re.compile(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])")
    if not isinstance(value, str) or not word.search(value):
        return ""
    return "{name}".join(part.replace("{", "{{").replace("}", "}}") for part in word.split(value))


def _module(edits: Edits, adopted: Sequence[Adopted]) -> None:
    arguments = adopted[0].call.arguments
    put(edits, ("module",), "source", arguments["source"].value)
    if version := arguments.get("version"):
        put(edits, ("module",), "version", version.value)


def _names(adopted: Sequence[Adopted]) -> list[str]:
    found = dict.fromkeys(name for one in adopted for name in one.call.arguments)
    carrying = {one.call.environment for one in adopted}
    return [name for name in found if name not in META and name not in carrying]


def _input(
    edits: Edits,
    mapping: dict[str, Any],
    name: str,
    items: Mapping[str, Any],
    adopted: Sequence[Adopted],
    how: Fold,
) -> None:
    """One input: [names], [inputs], the top, or the tables of single templates."""
    values = list(items.values())
    by_all = len(items) == len(adopted)
    common = by_all and all(value == values[0] for value in values) and type_of(values)
    patterns = {pattern_of(value, template) for template, value in items.items()}
    pattern = patterns.pop() if by_all and len(patterns) == 1 else ""
    is_fact = name in _FACTS and by_all and not (how.theirs and any(_is_odd(name, value) for value in values))
    if name in _TOP and common and isinstance(values[0], str) and _PLAIN.fullmatch(values[0]) and how.fresh:
        mapping[name] = {"fact": name}
        put(edits, (), name, values[0])
    elif pattern and how.fresh and name in _NAMES and is_fact:
        mapping[name] = {"fact": name}
        put(edits, ("names",), name, pattern)
    elif pattern and how.fresh:
        put(edits, ("inputs",), name, {"pattern": pattern})
    elif common and how.fresh and not _is_own(name, values[0], adopted, how):
        put(edits, ("inputs",), name, values[0])
    else:
        if how.fresh:
            _to_others(edits, name, values, how, is_fact=is_fact)
        if is_fact:
            mapping[name] = {"fact": name}
        for template, value in items.items():
            _own(edits, name, template, value, pinned=is_fact)


def _is_odd(name: str, value: Any) -> bool:
    """Whether a name is none that AWS takes: what their module makes of it, only that knows."""
    return isinstance(value, str) and bool(name_error(name, value))


def _is_own(name: str, value: Any, adopted: Sequence[Adopted], how: Fold) -> bool:
    """What is one pipeline's alone though all that there are pass the same: names, and what is said of one."""
    alone = len(adopted) == 1
    if name == _BUCKET and not how.theirs:
        return True  # our module makes the bucket: one for each
    if name == "project_name" or (name == "project_description" and alone):
        return True
    return alone and (is_own_name(name, value) or has_own_word(value, adopted))


def _to_others(edits: Edits, name: str, values: Sequence[Any], how: Fold, *, is_fact: bool) -> None:
    """What the next pipelines are given in the place of a name that only its own one has."""
    pattern, alone = for_others(values[0]), len(values) == 1
    if is_fact and name == _BUCKET and how.settings.names.artefact_bucket_name == Names().artefact_bucket_name:
        if alone and pattern and how.theirs:
            put(edits, ("names",), name, pattern)
        elif not how.account:
            repository = re.sub(r"[^a-z0-9-]+", "-", bucket_part(how.settings.source_repository))
            put(edits, ("names",), name, f"{{name}}-{repository}-artefacts")
    elif alone and pattern and not is_fact and is_own_name(name, values[0]):
        put(edits, ("inputs",), name, {"pattern": pattern})


def _own(edits: Edits, name: str, template: str, value: Any, *, pinned: bool) -> None:
    if name in _NAMES and pinned and isinstance(value, str):
        put(edits, ("templates", template, "names"), name, value.replace("{", "{{").replace("}", "}}"))
    else:
        put(edits, ("templates", template, "inputs"), name, value)


def type_of(values: Iterable[Any]) -> bool:
    """Whether all are of one type: in Python 1 is True."""
    return len({type(value) for value in values}) == 1


def _environment(edits: Edits, adopted: Sequence[Adopted], how: Fold) -> None:
    """What all pass is folded up; what is one expression as a whole is that template's input."""
    variable, shared = how.settings.packer_script.variable, how.settings.environment
    maps: dict[str, dict[str, Any]] = {}
    for one in adopted:
        given = one.call.arguments[one.call.environment]
        found = environment_of(given)
        if found is None or not all(map(_is_settable, found)):
            put(edits, ("templates", one.template.name, "inputs"), one.call.environment, item_of(given))
        else:
            ours = {variable, VAR_FILE} if one.template.source else {variable}
            maps[one.template.name] = {key: value for key, value in found.items() if key not in ours}
    for key in dict.fromkeys(key for values in maps.values() for key in values):
        items = {template: values[key] for template, values in maps.items() if key in values}
        first = next(iter(items.values()))
        common = len(items) == len(maps) and all(value == first for value in items.values())
        own = len(adopted) == 1 and (key == VAR_FILE or is_own_variable(key) or has_own_word(first, adopted))
        if common and not own and how.fresh and key not in shared:
            put(edits, ("environment",), key, first)
            continue
        for template, value in items.items():
            if shared.get(key) != value:
                put(edits, ("templates", template, "environment"), key, value)


def _is_settable(name: str) -> bool:
    """Whether [environment] may have it: a name that CodeBuild takes, and that tfgen does not set by itself."""
    return bool(_VARIABLE.fullmatch(name)) and name != "PACKER_WORKING_DIR" and not name.startswith("CODEBUILD_")


def _providers(edits: Edits, adopted: Sequence[Adopted], how: Fold) -> None:
    found = {one.template.name: _provider_map(one) for one in adopted}
    values = list(found.values())
    if how.fresh and values[0] and all(value == values[0] for value in values):
        for key, raw in values[0].items():
            put(edits, ("module", "providers"), key, raw)
        return
    for template, providers in found.items():
        for key, raw in providers.items():
            put(edits, ("templates", template, "providers"), key, raw)


def _provider_map(one: Adopted) -> dict[str, str]:
    given = one.call.arguments.get("providers")
    if given is None:
        return {}
    return {key: item.raw.strip() for key, item in (given.items or {}).items()}

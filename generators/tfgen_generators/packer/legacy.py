"""Reading legacy JSON templates. Source: Packer's template/parse.go."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from tfgen_generators.nearest import did_you_mean
from tfgen_generators.packer import uses
from tfgen_generators.packer.details import Build, Details, Step, finish_of, part_of, step_of
from tfgen_generators.packer.model import GENERATOR_INPUT, BrokenTemplateError, NotATemplateError
from tfgen_generators.packer.syntax.actions import actions
from tfgen_generators.packer.syntax.json_reader import Pairs, line_of_key, load, plain, repeated_key
from tfgen_generators.packer.syntax.values import Value

#: What may stand at the root of a legacy template (`push` in old ones), in any case: Packer decodes it by mapstructure.
_KEYS = frozenset(
    {
        "builders",
        "comments",
        "description",
        "error-cleanup-provisioner",
        "min_packer_version",
        "post-processors",
        "provisioners",
        "push",
        "sensitive-variables",
        "variables",
    }
)
#: Keys of the root whose objects are plugins' settings, and settings whose objects have settings of the plugin's.
OF_PLUGINS = frozenset({"builders", "error-cleanup-provisioner", "post-processors", "provisioners"})
STRUCTURES = frozenset({"source_ami_filter"})
#: What Packer itself takes out of the settings, by these names only. Source: template/parse.go.
_EXACT = frozenset({"type", "name", "override", "only", "except", "pause_before", "timeout", "keep_input_artifact"})
#: The function in its common spellings; a name that is computed is none.
_NAME = r"(?:`([^`]+)`|\"([^\"]+)\")"
#: Packer's own functions, as no generator's input has them.
_USER = re.compile(
    r"\{\{[^{}]*(?:\buser\s+[`\"]|[`\"]\s*\|\s*user\b|\b(?:env|lower|upper|replace|replace_all)\s+`|`\s*\|\s*(?:lower|upper)\b)"
)
_ENVIRONMENT = re.compile(rf"\benv\s+{_NAME}|{_NAME}\s*\|\s*env\b")


def read_legacy(data: bytes) -> tuple[tuple[str, ...], dict[str, object]]:
    """The builder types (in the order of the file, each once) and the root of a legacy template.

    Raises NotATemplateError or BrokenTemplateError.
    """
    document = load(data, lenient=True)
    written = dict(document) if isinstance(document, Pairs) else {}
    names = root_names(written)
    root = {names.get(key, key): value for key, value in written.items()}
    if "builders" not in root:
        raise NotATemplateError("no builders: not a Packer template")
    builders = root["builders"]
    foreign = isinstance(builders, Pairs) and "type" not in dict(builders)
    if foreign or (isinstance(builders, str) and "${" not in builders):
        raise NotATemplateError("builders is not a list: not a Packer template")
    if twice := repeated_key(document):
        line = line_of_key(data, twice, occurrence=2)
        raise BrokenTemplateError(f"duplicate key {twice!r}", line, "remove one: Packer rejects duplicate keys")
    line = line_of_key(data, _spelling(names, "builders"))
    _check_spellings(written, names, data)
    if not isinstance(builders, list) or isinstance(builders, Pairs) or not builders:
        raise BrokenTemplateError("builders must be a list with at least one builder", line)
    _check_keys(root, data)
    _check_lists(root, names, data)
    types = [_builder_type(value, number, line) for number, value in enumerate(builders, start=1)]
    _check_names(builders, types, line)
    _check_provisioners(root.get("provisioners"), line_of_key(data, _spelling(names, "provisioners")))
    return tuple(dict.fromkeys(types)), root


def root_names(keys: Iterable[str]) -> dict[str, str]:
    """The keys of a template's root that Packer knows, and its name for each: `"Builders"` is `builders`."""
    return {key: name for key in keys if (name := key.casefold()) in _KEYS}


def setting_names(keys: Iterable[str]) -> dict[str, str]:
    """The keys of a builder, provisioner or post-processor, and the setting that each stands for.

    Plugins decode their settings by mapstructure: in any case, the exact name first. Not so `type` and `name`, which
    Packer takes out beforehand under these names only.
    """
    exact = set(keys)
    return {key: key if (name := key.casefold()) in exact or name in _EXACT else name for key in keys}


def _spelling(names: Mapping[str, str], wanted: str) -> str:
    return next((key for key, name in names.items() if name == wanted), wanted)


def _check_spellings(root: Iterable[str], names: Mapping[str, str], data: bytes) -> None:
    """Packer takes one spelling of a key, and the others are unknown to it."""
    seen: dict[str, str] = {}
    for key in root:
        name = names.get(key, key)
        if name in seen:
            line = line_of_key(data, key)
            raise BrokenTemplateError(f"{key!r} is {seen[name]!r} again, which Packer rejects", line, "remove one")
        seen[name] = key


def _check_keys(root: dict[str, object], data: bytes) -> None:
    """Packer refuses root keys that it does not know."""
    for key in root:
        if not key.startswith("_") and key not in _KEYS:
            fix = did_you_mean(key, _KEYS) if len(key) > 3 else ""
            fix = fix if fix.startswith("did you mean") else "remove it, or begin it with _ to make it a comment"
            raise BrokenTemplateError(f"unknown key {key!r}, which Packer rejects", line_of_key(data, key), fix)


def _check_lists(root: Mapping[str, object], names: Mapping[str, str], data: bytes) -> None:
    """Packer takes a single provisioner or post-processor in a list only."""
    for key in ("provisioners", "post-processors"):
        value = root.get(key)
        if value is not None and (not isinstance(value, list) or isinstance(value, Pairs)):
            line = line_of_key(data, _spelling(names, key))
            raise BrokenTemplateError(f"{key} must be a list, which Packer demands", line, "put it in [ ]")


def _builder_type(value: object, number: int, line: int) -> str:
    kind = dict(value).get("type") if isinstance(value, Pairs) else None
    if isinstance(kind, str) and _USER.search(kind):
        what = f"builder {number} has a type with a function, which Packer does not evaluate there"
        raise BrokenTemplateError(what, line, 'write the type itself, for example "amazon-ebs"')
    if isinstance(kind, str) and "{{" in kind:
        raise NotATemplateError(GENERATOR_INPUT)
    if not isinstance(kind, str) or not kind:
        raise _no_type(f"builder {number}", value, line, "amazon-ebs")
    return kind


def _no_type(what: str, value: object, line: int, example: str) -> BrokenTemplateError:
    """Packer decodes `"Type"` as well, and then refuses it as a setting that the plugin does not have."""
    other = next((key for key in dict(value) if key.casefold() == "type"), "") if isinstance(value, Pairs) else ""
    fix = f'write "type" for {other!r}, which Packer rejects' if other else f'add for example "type": "{example}"'
    return BrokenTemplateError(f'{what} has no "type"', line, fix)


def _check_names(builders: list[object], types: list[str], line: int) -> None:
    """Packer refuses two builders of one name; without a name it is the type."""
    seen: set[str] = set()
    for builder, kind in zip(builders, types, strict=True):
        name = dict(builder).get("name") if isinstance(builder, Pairs) else None
        name = name if isinstance(name, str) and name else kind
        if name in seen:
            raise BrokenTemplateError(f"two builders are named {name!r}", line, 'give one of them another "name"')
        seen.add(name)


def _check_provisioners(value: object, line: int) -> None:
    for number, item in enumerate(value if isinstance(value, list) and not isinstance(value, Pairs) else (), start=1):
        kind = dict(item).get("type") if isinstance(item, Pairs) else None
        if not isinstance(kind, str) or not kind:
            raise _no_type(f"provisioner {number}", item, line, "shell")


def legacy_details(document: dict[str, object]) -> Details:
    """Details of a template whose root is `document`."""
    root = {key: _settings_of(key, plain(value)) for key, value in document.items() if not key.startswith("_")}
    builders = [builder for builder in _list(root["builders"]) if isinstance(builder, dict)]
    declared = root.get("variables")
    texts = _texts(root)
    return Details(
        variables={
            name: None if default is None else [default]
            for name, default in (declared.items() if isinstance(declared, dict) else ())
        },
        environment=list(dict.fromkeys(_environment(texts))),
        paths=uses.of_paths(texts, _typed(root.get("provisioners"))),
        parts=[part_of(str(builder["type"]), _name(builder), builder) for builder in builders],
        builds=[
            Build(
                sources=[f"{builder['type']}.{_name(builder)}" for builder in builders],
                steps=[step for value in _list(root.get("provisioners")) for step in _step(value)],
                finish=list(_post_processors(root.get("post-processors"))),
            )
        ],
    )


def _settings_of(key: str, value: Value) -> Value:
    """What stands under a key of the root, the settings of plugins by their own names."""
    if key not in OF_PLUGINS:
        return value
    if isinstance(value, list):
        return [_settings_of(key, item) for item in value]
    if not isinstance(value, dict):
        return value
    found = value
    if not all(map(str.islower, value)):
        names = setting_names(value)
        found = {names[name]: inner for name, inner in value.items()}
    for name in STRUCTURES & found.keys():
        found[name] = _settings_of(key, found[name])
    overrides = found.get("override")
    if isinstance(overrides, dict):
        found["override"] = {builder: _settings_of(key, inner) for builder, inner in overrides.items()}
    return found


def _name(builder: dict[str, Value]) -> str:
    name = builder.get("name")
    return name if isinstance(name, str) and name else str(builder["type"])


def _list(value: Value) -> list[Value]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _typed(steps: Value) -> Iterator[tuple[str, dict[str, Value]]]:
    return ((str(step.get("type")), step) for step in _list(steps) if isinstance(step, dict))


def _step(value: Value) -> Iterator[Step]:
    kind = value.get("type") if isinstance(value, dict) else None
    if isinstance(value, dict) and isinstance(kind, str) and kind:
        yield step_of(kind, value)


def _post_processors(value: Value) -> Iterator[Step]:
    """Names, objects, and lists of both."""
    for item in _list(value):
        if isinstance(item, list):
            yield from _post_processors(item)
        elif isinstance(item, str):
            yield Step(kind=item)
        elif isinstance(item, dict) and isinstance(item.get("type"), str):
            kind = str(item["type"])
            yield finish_of(kind, item)


def _environment(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        if "env" in text:
            for action in actions(text):
                if not action.words.startswith("/*"):
                    yield from ("".join(found) for found in _ENVIRONMENT.findall(action.words))


def _texts(value: Value) -> list[str]:
    """Every text in a collection, in the order of the file."""
    found: list[str] = []
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        if isinstance(inner, str):
            found.append(inner)
        elif inner:
            found += _texts(inner)
    return found

"""The JSON schema of tfgen.toml, made from its structs; what they leave open to `read` and `checks` is added here.

Draft 7, which TOML editors and taplo understand. It refuses no file that tfgen reads. What a schema cannot say stays
tfgen's own: whether an expression is one, what two keys mean together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, get_args

import msgspec

from tfgen_generators.settings.checks import MOST_IN_FLIGHT
from tfgen_generators.settings.inputs import EXPLICIT, FACTS, META_ARGUMENTS, Expression, Input
from tfgen_generators.settings.lifecycle.ages import PATTERN
from tfgen_generators.settings.lifecycle.retention import MOST_KEPT, MOST_PREVIOUS, SKIPPABLE, STEPS
from tfgen_generators.settings.lint_tables import SEVERITIES
from tfgen_generators.settings.model import Quota, Settings
from tfgen_generators.settings.schema.key_texts import TEXTS
from tfgen_generators.settings.secrets import Variable
from tfgen_generators.settings.tables import RESERVED

Schema = dict[str, Any]

#: The file in docs/, in the wheel and at the root of a repository that keeps it.
FILE_NAME = "tfgen.schema.json"
_PLACE = "#/definitions/{name}"
_DEFINITIONS = "definitions"
#: Structs that the file writes otherwise than they are, and what their schemas are called.
_VARIABLE, _INPUT, _VALUE = "Variable", "Input", "SharedInput"
#: Whose inputs are the same for all pipelines.
_CALLED_ONCE = ("Dispatcher", "Shared")
_IDENTIFIER = "^[A-Za-z_][A-Za-z0-9_-]*$"


def settings_schema() -> Schema:
    """The schema of a whole tfgen.toml."""
    _, found = msgspec.json.schema_components([_without_origin()], schema_hook=_hook, ref_template=_PLACE)
    definitions: dict[str, Schema] = {name: _struct(name, schema) for name, schema in found.items()}
    for name in ("Fetched", "Expression"):
        definitions.pop(name, None)
    settings = definitions.pop("Settings")
    for name, table in (("Settings", settings), *definitions.items()):
        if "environment" in table["properties"]:
            table["properties"]["environment"] = _environment(table["properties"]["environment"])
        if "inputs" in table["properties"]:
            _inputs(table, _VALUE if name in _CALLED_ONCE else _INPUT)
    _tighten(settings, definitions)
    definitions |= {_VARIABLE: _variable(), _INPUT: _input(EXPLICIT), _VALUE: _input(("expression", "literal"))}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "tfgen.toml",
        **{key: value for key, value in settings.items() if key != "title"},
        _DEFINITIONS: dict(sorted(definitions.items())),
    }


def schema_text() -> str:
    """The schema as a file."""
    return json.dumps(settings_schema(), indent=2, ensure_ascii=False) + "\n"


def keys_of(schema: Schema, at: str = "") -> dict[str, Schema]:
    """Dotted key -> its schema, of all keys that have a name of their own: `module.source`, `templates.NAME.path`."""
    found: dict[str, Schema] = {}
    for key, inner in schema.get("properties", {}).items():
        name = f"{at}{key}"
        found[name] = inner
        table = _resolved(inner, schema[_DEFINITIONS])
        each = table.get("additionalProperties")
        if "properties" in table:
            found |= keys_of({**table, _DEFINITIONS: schema[_DEFINITIONS]}, f"{name}.")
        elif isinstance(each, dict):
            each = _resolved(each, schema[_DEFINITIONS])
            if each.get("type") == "object" and "properties" in each:
                found |= keys_of({**each, _DEFINITIONS: schema[_DEFINITIONS]}, f"{name}.NAME.")
    return found


def _resolved(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """What a reference leads to."""
    reference = schema.get("$ref") or next((one["$ref"] for one in schema.get("allOf", ()) if "$ref" in one), "")
    return definitions[reference.rpartition("/")[2]] if reference else schema


def _without_origin() -> type[msgspec.Struct]:
    """`Settings` but for the field that is no key of the file."""
    fields = [
        (
            field.name,
            field.type,
            field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory(),
        )
        for field in msgspec.structs.fields(Settings)
        if field.name != "origin"
    ]
    return msgspec.defstruct("Settings", fields, forbid_unknown_fields=True, frozen=True, kw_only=True)


def _hook(kind: type) -> Schema:
    if kind is Input:
        return {"$ref": _PLACE.format(name=_INPUT)}
    raise NotImplementedError(str(kind))


def _struct(name: str, schema: Schema) -> Schema:
    """A table: its keys with their texts, and no others."""
    properties = {key: _key(name, key, inner) for key, inner in schema.get("properties", {}).items()}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _key(struct: str, key: str, schema: Schema) -> Schema:
    """A key without what a TOML file cannot say: TOML has no null, and a default of several keys says nothing."""
    kept = {name: value for name, value in schema.items() if name not in ("default", "anyOf", "title")}
    kinds = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    default = schema.get("default")
    kept |= kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {}
    if "$ref" in kept:  # beside it draft 7 reads nothing
        kept = {"allOf": [{"$ref": kept["$ref"]}]}
    if default is not None and not isinstance(default, Mapping):
        kept["default"] = default
    text = TEXTS.get(f"{struct}.{key}")
    return {"description": text, **kept} if text else kept


def _environment(schema: Schema) -> Schema:
    names = {
        "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
        "not": {"anyOf": [{"pattern": "^CODEBUILD_"}, {"enum": [*RESERVED]}]},
    }
    return {
        **{key: value for key, value in schema.items() if key != "additionalProperties"},
        "propertyNames": names,
        "additionalProperties": {"$ref": _PLACE.format(name=_VARIABLE)},
    }


def _inputs(table: Schema, kind: str) -> None:
    reserved = META_ARGUMENTS | {"pipelines"} if kind == _VALUE else META_ARGUMENTS
    names = {"pattern": _IDENTIFIER, "not": {"enum": sorted(reserved)}}
    before = table["properties"]["inputs"]
    table["properties"]["inputs"] = {
        **({"description": before["description"]} if "description" in before else {}),
        "type": "object",
        "propertyNames": names,
        "additionalProperties": {"$ref": _PLACE.format(name=kind)},
    }


def _variable() -> Schema:
    """What `secrets.read_fetched` takes."""

    def fetched(kind: str, where: str) -> Schema:
        text = {"type": "string", "minLength": 1, "maxLength": 2048, "description": where}
        return {"type": "object", "properties": {kind: text}, "required": [kind], "additionalProperties": False}

    return {
        "description": "An environment variable: text, an expression, or where CodeBuild fetches the value.",
        "anyOf": [
            {"type": "string"},
            fetched("secret", "a secret of Secrets Manager: NAME, or NAME:KEY of its JSON"),
            fetched("parameter", "a parameter of Parameter Store"),
            *([_expression()] if Expression in get_args(Variable) else []),
        ],
    }


def _input(kinds: tuple[str, ...]) -> Schema:
    """What `inputs.read_inputs` takes: a table of explicit keys alone has one of them."""
    values: Schema = {"fact": {"enum": [*FACTS]}, "expression": {"type": "string"}, "pattern": {"type": "string"}}
    return {
        "description": f"A value, or a table with one key: {', '.join(kinds)}.",
        "type": ["string", "boolean", "number", "array", "object"],
        "if": {"type": "object", "minProperties": 1, "propertyNames": {"enum": [*EXPLICIT]}},
        "then": {
            "maxProperties": 1,
            "properties": {kind: values.get(kind, {}) for kind in kinds},
            "additionalProperties": False,
        },
    }


def _tighten(settings: Schema, definitions: Mapping[str, Schema]) -> None:
    """What `checks` and `lint_tables` refuse and a schema can say."""
    settings["required"] = ["source_repository"]
    del settings["properties"]["source_repository"]["default"]
    settings["properties"]["max_in_flight"] |= {"minimum": 0, "maximum": MOST_IN_FLIGHT}
    arn = settings["properties"]["connection_arn"]
    settings["properties"]["connection_arn"] = {**_told(arn), "anyOf": [{"type": "string"}, _expression()]}
    for key in ("packer_dir", "terraform_dir", "branch"):
        settings["properties"][key]["minLength"] = 1
    for key in Quota.__struct_fields__:
        definitions["Quota"]["properties"][key]["minimum"] = 1
    retention = definitions["Retention"]["properties"]
    retention["keep_last"] |= {"minimum": 0, "maximum": MOST_KEPT}
    retention["previous"] |= {"minimum": 0, "maximum": MOST_PREVIOUS}
    for key in STEPS:
        retention[key]["pattern"] = f"^({PATTERN})?$"
    retention["keep"]["additionalProperties"] = {"type": "string", "pattern": f"^{PATTERN}$"}
    retention["skip_sources"]["items"] = {"enum": [*SKIPPABLE]}
    reasons = {"type": "object", "additionalProperties": {"type": "string", "minLength": 1}}
    lint = definitions["LintSettings"]["properties"]
    lint["disable"] |= reasons
    lint["templates"] |= {"type": "object", "additionalProperties": reasons}
    lint["severity"] |= {"type": "object", "additionalProperties": {"enum": [*SEVERITIES]}}
    rule = definitions["RuleSettings"]["properties"]
    rule["severity"] = {**_told(rule["severity"]), "enum": [*SEVERITIES, "off"]}
    rule["paths"] = {**_told(rule["paths"]), "type": "array", "items": {"type": "string", "minLength": 1}}


def _expression() -> Schema:
    text = {"expression": {"type": "string"}}
    return {"type": "object", "properties": text, "required": [*text], "additionalProperties": False}


def _told(schema: Schema) -> Schema:
    return {"description": schema["description"]} if "description" in schema else {}

"""Write docs/reference/ and docs/tfgen.schema.json from the code: `python tools/reference.py [--check]`.

Commands and options come from the command line's own, settings from the structs of tfgen.toml, rules from their
registry, exit codes from the errors, JSON from the schemas in docs/. `--check` writes nothing, exit 1 means stale.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import typer.main
from typer._click.core import Command, Parameter

from tfgen.boundary.exits import EXIT_BUG, EXIT_INTERRUPTED
from tfgen.main import app
from tfgen.status.model import Report
from tfgen_generators import errors
from tfgen_generators.lint.registry import all_rules
from tfgen_generators.settings.schema.make import FILE_NAME, keys_of, schema_text, settings_schema

ROOT = Path(__file__).resolve().parents[1]
_MADE = "<!-- Made by tools/reference.py: change the code, then run it. -->"
_SCHEMAS = "*.schema.json"
#: The one whose document is a struct.
_STATUS = "status.schema.json"


def pages() -> dict[str, str]:
    """Path below docs/ -> text."""
    return {
        FILE_NAME: schema_text(),
        _STATUS: _status_schema(),
        "reference/commands.md": _page("Commands", _commands()),
        "reference/settings.md": _page("Settings", _settings()),
        "reference/rules.md": _page("Rules", _rules()),
        "reference/exit-codes.md": _page("Exit codes", _exit_codes()),
        "reference/json.md": _page("JSON documents", _json()),
    }


def _page(title: str, lines: Iterator[str]) -> str:
    text = "\n".join(lines).strip("\n")
    return f"# {title}\n\n{_MADE}\n\n{text}\n"


def _table(header: list[str], rows: list[list[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    yield from (f"| {' | '.join(map(_cell, row))} |" for row in rows)


def _cell(text: str) -> str:
    """Text in a cell: no line of its own, no column more, and no tag."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def commands() -> Iterator[tuple[str, Command]]:
    """Every command by its words (`remote add`), in the order of the overview; a group before its own."""
    ahead: list[tuple[str, Command]] = [("", typer.main.get_command(app))]
    while ahead:
        words, found = ahead.pop(0)
        yield words, found
        inner: Mapping[str, Command] = getattr(found, "commands", {})
        ahead = [*((f"{words} {name}".strip(), each) for name, each in inner.items()), *ahead]


def _commands() -> Iterator[str]:
    yield "What `--help` says of each command, in one page. A flag wins over its environment variable."
    for words, found in commands():
        name = f"tfgen {words}".strip()
        usage = found.get_usage(typer.Context(found, info_name=name)).removeprefix("Usage: ")
        yield f"\n## {name}\n\n    {' '.join(usage.split())}\n"
        yield _help(found.help or "")
        rows = [_parameter(each) for each in found.params]
        if rows:
            yield ""
            yield from _table(["argument or option", "variable", "default", "meaning"], rows)
        if found.epilog:
            yield "\n" + "\n".join(f"    {line}".rstrip() for line in _examples(found.epilog))


def _help(text: str) -> str:
    return text.replace("\b\n", "").replace("<", "&lt;").strip("\n")


def _examples(epilog: str) -> list[str]:
    """The lines below `Examples:`."""
    lines = epilog.replace("\b", "").strip("\n").splitlines()
    return [line.removeprefix("  ") for line in lines if line.strip() != "Examples:"]


def _parameter(given: Parameter) -> list[str]:
    variables = given.envvar if isinstance(given.envvar, str) else ""
    text = str(getattr(given, "help", "") or "").partition("  [env var:")[0]
    choices = [str(choice) for choice in getattr(given.type, "choices", ())]
    value = "" if choices or getattr(given, "is_flag", False) else given.make_metavar(_context(given)).strip("{}")
    if choices:
        text += f" One of {', '.join(map(_code, choices))}."
    if given.param_type_name == "argument":
        return [_code(value or str(given.metavar)), "", "", text]
    names = " ".join([", ".join([*given.opts, *given.secondary_opts]), value]).strip()
    has_default = value and given.default not in (None, "", [], ()) and not callable(given.default)
    default = str(given.default) if has_default or (choices and given.default) else ""
    return [_code(names), _code(variables), _code(default), text]


def _context(given: Parameter) -> typer.Context:
    return typer.Context(typer.main.get_command(app), info_name=given.name)


def _settings() -> Iterator[str]:
    yield "The keys of `tfgen.toml`, from its [JSON schema](../tfgen.schema.json)."
    yield "What they mean together, with examples: [tfgen.toml](../tfgen.toml.md)."
    schema = settings_schema()
    tables: dict[str, list[list[str]]] = {}
    for name, key in keys_of(schema).items():
        table, _, last = name.rpartition(".")
        tables.setdefault(table, []).append(
            [_code(last), _kind(key), _code(_default(key)), str(key.get("description", ""))]
        )
    for table, rows in tables.items():
        yield f"\n## {f'[{table}]' if table else 'Top of the file'}\n"
        yield from _table(["key", "type", "default", "meaning"], rows)


def _default(key: Mapping[str, Any]) -> str:
    return json.dumps(key["default"]) if "default" in key else ""


def _kind(key: Mapping[str, Any]) -> str:
    """The type of a value in the words of TOML."""
    if "enum" in key:
        return ", ".join(_code(json.dumps(value)) for value in key["enum"])
    if "anyOf" in key:
        return " or ".join(dict.fromkeys(map(_kind, key["anyOf"])))
    kind = str(key.get("type", "object"))
    if kind == "array":
        return "list of strings"
    return {"object": "table", "boolean": "true or false", "integer": "whole number"}.get(kind, kind)


def _rules() -> Iterator[str]:
    yield "The rules of [tfgen lint](../lint.md). Each has a page with examples of what it finds.\n"
    rows = [[f"[{rule.id}](../rules/{rule.id}.md)", rule.severity, rule.summary] for rule in all_rules()]
    yield from _table(["rule", "severity", "finding"], rows)


def _exit_codes() -> Iterator[str]:
    yield "Every command ends with one of these; `sync --check` and `--detailed-exitcode` alone use 2.\n"
    found: dict[int, list[str]] = {
        0: ["Done, or nothing to do."],
        2: ["There are changes: only with `--check` or `--detailed-exitcode`."],
        EXIT_BUG: ["A bug in tfgen: one line, and where its log lies."],
        EXIT_INTERRUPTED: [],
    }
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, errors.TfgenError):
            said = str(kind.__doc__).strip().partition("\n")[0].partition(" Exit code")[0]
            found.setdefault(kind.exit_code, []).append(said)
    yield from _table(["code", "means"], [[str(code), " ".join(said)] for code, said in sorted(found.items())])


def _json() -> Iterator[str]:
    yield "The documents of `--format json`, from their schemas. Keys are added over time, never renamed or removed."
    yield "With examples: [json.md](../json.md)."
    for file in sorted((ROOT / "docs").glob(_SCHEMAS)):
        if file.name == FILE_NAME:
            continue
        schema = json.loads(_status_schema() if file.name == _STATUS else file.read_text(encoding="utf-8"))
        yield f"\n## {schema['title']}\n\nSchema: [{file.name}](../{file.name})\n"
        required = set(schema.get("required", ()))
        rows = [
            [_code(key), _shape(inner), "" if key in required else "may be missing", str(inner.get("description", ""))]
            for key, inner in schema["properties"].items()
        ]
        yield from _table(["key", "type", "", "meaning"], rows)


def _status_schema() -> str:
    """The schema of `tfgen status`: every key is there, and more may come."""
    made = msgspec.json.schema(Report)
    definitions = made["$defs"]
    for one in definitions.values():
        one["required"] = list(one["properties"])
        for key in one["properties"].values():
            key.pop("default", None)
    report = definitions.pop("Report")
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **report,
        "title": "tfgen status --format json",
        "$defs": dict(sorted(definitions.items())),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _shape(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    kinds = schema.get("type", "")
    kind = " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
    items = schema.get("items")
    return f"{kind} of {_shape(items)}" if isinstance(items, Mapping) and _shape(items) else kind


def main() -> int:
    """Writes, or with --check names what is stale."""
    check, stale = "--check" in sys.argv[1:], 0
    for path, text in pages().items():
        file = ROOT / "docs" / path
        if file.is_file() and file.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        if check:
            sys.stderr.write(f"docs/{path}: not as the code says; run: python tools/reference.py\n")
        else:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())

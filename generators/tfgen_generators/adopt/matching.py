"""Which hand-written call builds which template. Matched by what PACKER_SCRIPT resolves to, never by a label."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec.structs import replace

from tfgen_generators.adopt.model import Action, Adopted, Row
from tfgen_generators.hcl.terraform_files import is_override
from tfgen_generators.packer.model import Template
from tfgen_generators.paths.packer_script import PackerScripts, built_by
from tfgen_generators.root_module.hand_written import HandCall, HandWritten

_META = {
    "for_each": "has for_each, so it is several pipelines",
    "count": "has count, so the addresses of its resources have an index",
    "depends_on": "has depends_on, which a generated call does not have",
}
_BY_HAND = "change it by hand, or leave its template out with ignore in tfgen.toml"


def rows_of(
    hand_written: HandWritten,
    templates: Sequence[Template],
    packer_dir: str,
    scripts: PackerScripts,
    *,
    generated: Collection[str],
    answers: Mapping[str, str],
    variable: str,
) -> list[Row]:
    """A row for each template, then one for each call of none. `answers` are label -> path, said by a person."""
    overrides = {call.label: call.place for call in (*hand_written.calls, *hand_written.others) if _overrides(call)}
    by_template: dict[str, list[HandCall]] = {}  # by the image's name: one template may have several
    others: list[Row] = []
    for call in hand_written.calls:
        if _overrides(call):
            continue  # what it says is merged into the call of its label
        found = _templates(call, templates, packer_dir, scripts, answers)
        if len(found) == 1:
            by_template.setdefault(found[0].name, []).append(call)
        else:
            others.append(_unmatched(call, found, variable))
    rows = [_row(template, by_template.get(template.name, []), generated, answers) for template in templates]
    names = {template.name: template.path for template in templates}
    rows = [_kept_apart(row, overrides, names) for row in rows]
    return [*rows, *others, *_not_chosen(rows, by_template)]


def _overrides(call: HandCall) -> bool:
    return is_override(posixpath.basename(call.path))


def _kept_apart(row: Row, overrides: Mapping[str, str], names: Mapping[str, str]) -> Row:
    """Refused where another file changes the call, or where its label becomes that of another template."""
    if row.action != "adopt" or row.call is None:
        return row
    label = row.call.label
    if label in overrides:
        reason, fix = f"{overrides[label]} overrides it", "move what that says into the call"
    elif label != row.name and label in names:
        reason = f"its label is the name of {names[label]}, so the pipelines of both would be module.{label}"
        fix = (
            f"add {names[label]} to ignore in tfgen.toml until the move is applied and gone (tfgen sync --prune-pins),"
            " or rename that template"
        )
    else:
        return row
    return replace(row, action="refuse", reason=reason, fix=fix)


def _not_chosen(rows: Sequence[Row], by_template: Mapping[str, Sequence[HandCall]]) -> Iterator[Row]:
    """The other calls of a template of which a person has chosen one."""
    for row in rows:
        for call in by_template.get(row.name, ()) if row.action == "adopt" else ():
            if call is not row.call:
                reason = f"builds {row.name}, too: tfgen sync refuses it until it is removed by hand"
                yield Row(name=call.label, template=None, call=call, action="leave", reason=reason)


def adopted(rows: Sequence[Row]) -> Iterator[Adopted]:
    """The calls that become generated ones."""
    for row in rows:
        if row.action == "adopt" and row.template and row.call:
            yield Adopted(template=row.template, call=row.call)


def _templates(
    call: HandCall, templates: Sequence[Template], packer_dir: str, scripts: PackerScripts, answers: Mapping[str, str]
) -> list[Template]:
    if call.label in answers:
        return [one for one in templates if answers[call.label] in (one.path, one.name)]
    return built_by(call, templates, packer_dir, scripts)


def _unmatched(call: HandCall, found: Sequence[Template], variable: str) -> Row:
    """A call whose template is not sure, or not there."""
    action: Action = "refuse"
    meta, choices = _meta(call), tuple(f"{call.label}={one.name if one.source else one.path}" for one in found)
    if found:
        reason = (
            f"{variable} = {call.script!r} may be {' and '.join(one.name if one.source else one.path for one in found)}"
        )
        fix = _say(choices)
    elif meta:
        reason, fix = meta, _BY_HAND
    elif call.script is None:
        reason = f"its {variable} is not constant, so its template is not known"
        fix = f"say it: --match {call.label}=TEMPLATE"
    else:
        action, reason, fix = "leave", f"{variable} = {call.script!r} is no template here", ""
    return Row(name=call.label, template=None, call=call, action=action, reason=reason, fix=fix, choices=choices)


def _say(choices: Sequence[str]) -> str:
    return "say which one: " + " or ".join(f"--match {one}" for one in choices)


def _row(template: Template, calls: Sequence[HandCall], generated: Collection[str], answers: Mapping[str, str]) -> Row:
    chosen = [call for call in calls if call.label in answers] or list(calls)
    if not chosen:
        action: Action = "keep" if template.name in generated else "create"
        return Row(name=template.name, template=template, call=None, action=action)
    choices = tuple(f"{one.label}={template.path}" for one in chosen) if len(chosen) > 1 else ()
    if choices:
        reason = "two calls build it: " + " and ".join(f"{one.label} ({one.place})" for one in chosen)
        fix = _say(choices)
    else:
        reason, fix = _obstacle(template, chosen[0], generated)
    action = "refuse" if reason else "adopt"
    return Row(
        name=template.name, template=template, call=chosen[0], action=action, reason=reason, fix=fix, choices=choices
    )


def _obstacle(template: Template, call: HandCall, generated: Collection[str]) -> tuple[str, str]:
    """Why a call cannot become a generated one, and the way out."""
    if template.name in generated:
        return f"module.{template.name} is generated already, so it would be built twice", "remove this call"
    if template.errors:
        return f"its template cannot be read: {template.errors[0]}", "fix the template"
    return _of_call(call)


def _of_call(call: HandCall) -> tuple[str, str]:
    """Why a call cannot become a generated one, whatever template it builds."""
    if not call.end:
        return "it is in JSON syntax, which adopt does not edit", "write the call in Terraform's own syntax"
    if meta := _meta(call):
        return meta, _BY_HAND
    if call.is_list:
        reason = f"it passes its variables in a list ({call.environment}); tfgen passes a map"
        return reason, "give the module a map of variables, or leave its template out with ignore in tfgen.toml"
    source = call.arguments.get("source")
    if source is None or not isinstance(source.value, str):
        return "its source is not plain text", _BY_HAND
    version = call.arguments.get("version")
    if version is not None and not isinstance(version.value, str):
        return "its version is not plain text", _BY_HAND
    return "", ""


def _meta(call: HandCall) -> str:
    found = next((text for name, text in _META.items() if name in call.arguments), "")
    return found or (f"has a block {call.blocks[0]}" if call.blocks else "")

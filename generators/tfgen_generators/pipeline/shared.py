"""`[shared]`: what the pipelines have together, and the one module block that makes it. Pure.

A pipeline shares what tfgen.toml says unless its own table keeps it out: other providers, an own `shared`, a value that
cannot be united with those of the others (then sync says so).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from tfgen_generators.generated.ownership import file_name
from tfgen_generators.hcl.write import Reference, Value, block, is_one_line
from tfgen_generators.module.interface import ModuleInterface
from tfgen_generators.packer.model import Problem
from tfgen_generators.packer.names import bucket_part
from tfgen_generators.pipeline.aws_names import BUCKET_NAME_LIMIT, PROJECT_NAME_LIMIT, fill
from tfgen_generators.pipeline.pipeline import Pipeline, in_order, shared_inputs
from tfgen_generators.pipeline.shared_inputs import SAME, oldest_packer, reason, said, united
from tfgen_generators.pipeline.shared_module import INPUT, lacking, wrong_inputs
from tfgen_generators.settings.lines import in_toml
from tfgen_generators.settings.model import FILE_NAME, Settings, TemplateSettings

#: The block's label; no template may be called so where anything is shared.
LABEL = "tfgen-shared"
FILE = file_name(LABEL)
#: So many names and patterns of pipelines fit into the trust policy of a role.
_MOST_NAMES = 10
#: A pattern with fewer characters of its own would be of any project of the account.
_LEAST = 3
_OWN = TemplateSettings()


class Sharing(msgspec.Struct, frozen=True, kw_only=True):
    """The pipelines with what they share; `body` is the module block, "" without one."""

    pipelines: tuple[Pipeline, ...]
    body: str = ""
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()


def share(
    settings: Settings, pipelines: Sequence[Pipeline], module: ModuleInterface | None, own: ModuleInterface | None
) -> Sharing:
    """What `[shared]` makes of `pipelines`; `module` is theirs, `own` the shared one, where they are known.

    With problems no pipeline is given, since Terraform would refuse them.
    """
    if not settings.shared.is_on:
        return Sharing(pipelines=tuple(pipelines))
    taken = [_taken(pipeline) for pipeline in pipelines if pipeline.name == LABEL]
    reasons = {each.name: _reason(settings, each) for each in pipelines if each.name != LABEL}
    sharing = [each for each in pipelines if reasons.get(each.name) == ""]
    names = _names(settings, sharing, "project_name", PROJECT_NAME_LIMIT)
    if not (settings.shared.roles or settings.shared.notifications):
        names = _Names()
    sharing = [each for each in sharing if each.name not in names.left_out]
    reasons |= dict.fromkeys(names.left_out, "its project_name fits no pattern, and there are too many such names")
    warnings = [f"{name} shares nothing: {why}" for name, why in sorted(reasons.items()) if why not in ("", _SAYS_SO)]
    if not sharing:
        return Sharing(pipelines=_but_taken(pipelines), problems=tuple(taken), warnings=tuple(warnings))
    values = _values(settings, sharing, names.texts)
    wrong = [*lacking(settings, module), *wrong_inputs(settings, own, values), *_own_topics(settings, sharing)]
    wrong += [] if names.is_narrow else [_too_wide(settings)]
    if wrong:
        return Sharing(pipelines=(), problems=(*taken, *wrong))
    given = {each.name for each in sharing}
    made = tuple(_sharing(each) if each.name in given else each for each in _but_taken(pipelines))
    return Sharing(pipelines=made, body=_block(settings, values), problems=tuple(taken), warnings=tuple(warnings))


_SAYS_SO = "its own table says so"


def _but_taken(pipelines: Sequence[Pipeline]) -> tuple[Pipeline, ...]:
    return tuple(each for each in pipelines if each.name != LABEL)


def _taken(pipeline: Pipeline) -> Problem:
    message, fix = f"its name {LABEL} is reserved for what is shared", "pin another name in tfgen.toml"
    return Problem(path=pipeline.template_path, message=message, fix=fix)


def _reason(settings: Settings, pipeline: Pipeline) -> str:
    own = settings.templates.get(pipeline.name, _OWN)
    if INPUT in own.inputs:
        return _SAYS_SO
    if own.providers and pipeline.providers != settings.module.providers:
        return "it has its own providers, and what is shared is in one account and region"
    return reason(settings, pipeline.name, shared_inputs(settings)) if settings.shared.roles else ""


def _sharing(pipeline: Pipeline) -> Pipeline:
    values = {**dict(pipeline.values), INPUT: Reference(expression=f"module.{LABEL}.{INPUT}")}
    return replace(pipeline, values=tuple((name, values[name]) for name in in_order(tuple(values))))


class _Names(msgspec.Struct, frozen=True, kw_only=True):
    """Names and patterns of what the pipelines have in AWS."""

    texts: tuple[Value, ...] = ()
    left_out: tuple[str, ...] = ()
    is_narrow: bool = True


def _names(settings: Settings, pipelines: Sequence[Pipeline], fact: str, limit: int) -> _Names:
    """One pattern for all that have the name of [names], and the names of the others."""
    every, account = getattr(settings.names, fact), Reference(expression=settings.names.account_id)
    part = bucket_part if fact == "artefact_bucket_name" else str
    found: list[Value] = [fill(every, "*", account)]
    left_out: list[str] = []
    for pipeline in pipelines:
        name = pipeline.aws_names.get(fact, pipeline.name)
        if name == fill(every, part(pipeline.name), account, limit) or name in found:
            continue
        if len(found) < _MOST_NAMES:
            found.append(name)
        else:
            left_out.append(pipeline.name)
    fixed = fill(every, "", account)
    text = fixed if isinstance(fixed, str) else "".join(one for one in fixed.parts if isinstance(one, str))
    return _Names(texts=tuple(found), left_out=tuple(left_out), is_narrow=len(text) >= _LEAST)


def _values(settings: Settings, sharing: Sequence[Pipeline], names: Sequence[Value]) -> dict[str, Value]:
    """The block's inputs."""
    shared, common = settings.shared, shared_inputs(settings)
    values: dict[str, Value] = {**own_names(settings), "source_repository": settings.source_repository}
    if names:
        values["pipelines"] = list(names)
    if shared.roles and not shared.artefact_bucket:
        values["artefact_bucket_patterns"] = _buckets(settings, sharing)
    if not shared.roles:
        values["roles"] = False
    asked = SAME if shared.roles else ("force_destroy", "tags")
    for name in (*asked, *(["notifications"] if shared.notifications else [])):
        if (value := said(common.get(name))) is not None:
            values[name] = value
    if shared.roles:
        values |= united([dict(each.values) for each in sharing])
        tables = [settings.environment, *(settings.templates.get(each.name, _OWN).environment for each in sharing)]
        if version := oldest_packer(table.get("PACKER_VERSION") for table in tables):
            values["packer_version"] = version
    overridden = {name: said(item) for name, item in shared.inputs.items()}
    return {**values, **{name: value for name, value in overridden.items() if value is not None}}


def own_names(settings: Settings) -> dict[str, Value]:
    """What is shared has these names in AWS, unless [shared] inputs say others."""
    account, plain = Reference(expression=settings.names.account_id), re.sub(r"[./]", "-", settings.source_repository)
    found: dict[str, Value] = {"name": f"{plain[:80]}-shared"}
    if settings.shared.artefact_bucket:
        part = bucket_part(plain)
        found["artefact_bucket_name"] = fill("{name}-artefacts-{account_id}", part, account, BUCKET_NAME_LIMIT)
    return found


def _buckets(settings: Settings, sharing: Sequence[Pipeline]) -> list[Value]:
    return list(_names(settings, sharing, "artefact_bucket_name", BUCKET_NAME_LIMIT).texts)


def _own_topics(settings: Settings, sharing: Sequence[Pipeline]) -> list[Problem]:
    """One rule tells of all pipelines, so none can have a topic of its own."""
    return [
        Problem(
            path=FILE_NAME,
            line=settings.line("templates", each.name, "inputs", "notifications"),
            message=f"{each.name} has notifications of its own, but [shared] notifications are for all",
            fix="remove it there, or [shared] notifications",
        )
        for each in sharing
        if settings.shared.notifications and "notifications" in settings.templates.get(each.name, _OWN).inputs
    ]


def _too_wide(settings: Settings) -> Problem:
    return Problem(
        path=FILE_NAME,
        line=settings.line("names", "project_name"),
        message=f"[shared] with names.project_name = {in_toml(settings.names.project_name)}: any project would fit it",
        fix="add a fixed part of 3 characters or more to it, for example {name}-ami-pipeline",
    )


def _block(settings: Settings, values: dict[str, Value]) -> str:
    """The module block."""
    shared = settings.shared
    meta: list[tuple[str, Value]] = [("source", shared.source)]
    if shared.version:
        meta.append(("version", shared.version))
    if settings.module.providers:
        named = {key: Reference(expression=name) for key, name in settings.module.providers.items()}
        meta.append(("providers", named))
    first = [name for name in ("name", "source_repository", "pipelines", "artefact_bucket_name") if name in values]
    ordered = [(name, values[name]) for name in (*first, *sorted(values.keys() - {*first}))]
    groups: list[list[tuple[str, Value]]] = []
    for pairs in (meta, ordered):
        groups.append([pair for pair in pairs if is_one_line(pair[1])])
        groups += [[pair] for pair in pairs if not is_one_line(pair[1])]
    return block("module", LABEL, groups)

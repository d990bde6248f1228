"""The call of the module ci_roles: what tfgen.toml, the backend and the host say of this repository, as HCL.

What nobody says stands there as a word in capitals, which the module's validation refuses with the way to find it.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from tfgen_generators.hcl.write import Interpolated, Value, block, comment, is_one_line
from tfgen_generators.pipeline.shared import own_names
from tfgen_generators.settings.inputs import Input, Literal
from tfgen_generators.settings.model import Settings

LABEL = "ci_roles"
SOURCE = "../modules/ci_roles"
#: Host -> what the module needs to know of a repository there, and where a person finds it.
IDENTITIES: Mapping[str, tuple[str, ...]] = {
    "github": ("owner_id", "repository_id"),
    "bitbucket": ("workspace_uuid", "repository_uuid", "environment_uuid"),
    "codecommit": (),
}
_WHERE = {
    "github": "with gh api repos/OWNER/NAME --jq '.owner.id, .id'",
    "bitbucket": "in Bitbucket: Repository settings, OpenID Connect",
}
_REPOSITORY = {"github": "OWNER/NAME?", "bitbucket": "WORKSPACE/NAME?", "codecommit": "NAME?"}
_DISPATCHER_ROOM = 80
#: Of the names that roles begin with (`short_name` of the modules), and what is left of a longer one.
_LONGEST_NAME, _CUT = 51, 42


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """A repository as its host knows it; `name` is "" and `ids` lack what is not known."""

    host: str
    name: str = ""
    ids: Mapping[str, str] = msgspec.field(default_factory=dict)


def roles_call(settings: Settings, repository: Repository, backend: Mapping[str, str]) -> str:
    """The module block; `backend` has the attributes of the S3 backend, and is empty without one."""
    host = repository.host
    values: list[tuple[str, Value]] = [
        ("host", host),
        ("repository", repository.name or _REPOSITORY[host]),
    ]
    if settings.branch != "main":
        values.append(("branch", settings.branch))
    if keys := IDENTITIES[host]:
        values.append((host, {key: repository.ids.get(key) or key.upper() for key in keys}))
    values.append(("state", _state(backend)))
    shared = dict(_shared(settings))
    own, bucket = ([shared[key]] if key in shared else [] for key in ("name", "artefact_bucket_name"))
    names = [*_patterns(settings, "project_name"), *_dispatcher(settings), *own]
    values.append(("pipeline_names", list(dict.fromkeys(names))))
    values.append(("bucket_names", [*_patterns(settings, "artefact_bucket_name"), *bucket]))
    values += [(name, found) for name, found in _given(settings).items() if found]
    groups: list[list[tuple[str, Value]]] = [[("source", _source(settings))]]
    groups.append([pair for pair in values if is_one_line(pair[1])])
    groups += [[pair] for pair in values if not is_one_line(pair[1])]
    return "".join([*_said(repository, backend), block("module", LABEL, groups)])


def _said(repository: Repository, backend: Mapping[str, str]) -> Iterator[str]:
    yield comment("Apply it once, as an administrator, in a root module of its own: docs/ci-roles.md of tfgen.") + "\n"
    missing = [name for name in IDENTITIES[repository.host] if not repository.ids.get(name)]
    if missing:
        where = _WHERE[repository.host].replace("OWNER/NAME", repository.name or "OWNER/NAME")
        yield comment(f"{', '.join(missing)}: find {where}") + "\n"
    if not backend:
        yield (
            comment("state: no S3 backend with plain values was found (tfgen state init --bucket NAME makes one)")
            + "\n"
        )


def _source(settings: Settings) -> str:
    """Beside the module that the pipelines call, if that is a folder of the repository."""
    folder, _, name = settings.module.source.rpartition("/")
    return f"{folder}/ci_roles" if folder.startswith(".") and name in ("codepipeline", "codepipeline_v1") else SOURCE


def _state(backend: Mapping[str, str]) -> dict[str, Value]:
    found: dict[str, Value] = {
        "bucket": backend.get("bucket") or "STATE_BUCKET",
        "keys": [backend.get("key") or "STATE_KEY?"],
    }
    optional = {"region": "region", "lock_table": "dynamodb_table", "kms_key_arn": "kms_key_id"}
    return found | {name: backend[theirs] for name, theirs in optional.items() if backend.get(theirs)}


def _patterns(settings: Settings, fact: str) -> list[str]:
    """The names of all pipelines, with * for what differs."""
    own = (getattr(each.names, fact) for each in settings.templates.values())
    found = [getattr(settings.names, fact), *(pattern for pattern in own if pattern)]
    return sorted({_with_wildcards(pattern) for pattern in found})


def _with_wildcards(pattern: str) -> str:
    parts = string.Formatter().parse(pattern)
    return "".join(text + ("" if field is None else "*") for text, field, _, _ in parts)


def _dispatcher(settings: Settings) -> Iterator[str]:
    if settings.trigger == "affected":
        name = _plain(given := settings.dispatcher.inputs.get("name"))
        if given is not None and name is None:
            name = "DISPATCHER_NAME?"
        ours = f"{settings.source_repository.replace('.', '-').replace('/', '-')[:_DISPATCHER_ROOM]}-dispatcher"
        yield _with_roles(name if isinstance(name, str) else ours)


def _shared(settings: Settings) -> Iterator[tuple[str, str]]:
    """Of what the pipelines share: roles, the rule and the bucket have names of their own."""
    if not settings.shared.is_on:
        return
    given = {  # an expression's value is Terraform's to know
        name: f"{name.upper()}?" if (plain := _plain(item)) is None else plain
        for name, item in settings.shared.inputs.items()
    }
    for name, ours in own_names(settings).items():
        value = given.get(name) or ours
        if isinstance(value, Interpolated):
            value = "".join(part if isinstance(part, str) else "*" for part in value.parts)
        if isinstance(value, str):
            yield name, _with_roles(value) if name == "name" else value


def _with_roles(name: str) -> str:
    """A pattern of the name itself and of its roles': the modules cut a long one, and add a digest."""
    return name if len(name) <= _LONGEST_NAME else f"{name[:_CUT]}*"


def _given(settings: Settings) -> dict[str, list[str]]:
    """What inputs of the pipelines mean for the roles."""
    tables = [settings.inputs, settings.shared.inputs, *(each.inputs for each in settings.templates.values())]
    vpcs = [_plain(table.get("vpc_config")) for table in tables]
    profiles = [_plain(table.get("instance_profiles")) for table in tables]
    return {
        "connection_arns": _texts(
            map(_plain, (settings.connection_arn, *(table.get("connection_arn") for table in tables)))
        ),
        "vpc_ids": _texts(
            each.get("vpc_id") for each in vpcs if isinstance(each, Mapping) and not each.get("security_group_ids")
        ),
        "instance_role_arns": _texts(role for each in profiles if isinstance(each, Mapping) for role in each.values()),
    }


def _plain(given: Input | None) -> Value | None:
    return given.value if isinstance(given, Literal) else None


def _texts(found: Iterable[object]) -> list[str]:
    return sorted({each for each in found if isinstance(each, str)})

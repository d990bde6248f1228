"""What the module `shared` is given, so that it does for each pipeline what its own roles would: unions of inputs.

What an input grants is granted to all; a limit holds where each pipeline has one. What cannot be united keeps a
pipeline out (`reason`): it has its own roles then. Only Terraform knows an expression's value: it is taken as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from tfgen_generators.hcl.write import Reference, Value
from tfgen_generators.settings.inputs import Expression, Input, Literal
from tfgen_generators.settings.model import Settings, TemplateSettings

#: One value for all: a pipeline with another one has its own roles and bucket.
SAME = (
    *("source_type", "source_repository", "connection_arn", "kms_key_arn", "permissions_boundary"),
    *("vpc_id", "force_destroy", "tags"),
)
#: Of these another one is no reason: it is about a pipeline's own things.
_ALONE = ("force_destroy", "tags")
GRANTS = ("build_features", "image_regions", "secret_key_arns", "security_group_ids", "share_with_accounts")
_MAPS = ("build_policy_arns", "instance_profiles")
_UNITED = (*GRANTS, *_MAPS, "approval", "environment_secrets", "instance_tags", "network", "subnet_ids", "vpc_config")
#: The default of `instance_tags`: what a pipeline without the input asks for.
_TAGS: Mapping[str, list[str]] = {"BuiltBy": ["Packer"], "Name": ["Packer Builder"]}
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_TAGGING = (1, 8, 0)
_OWN = TemplateSettings()
Values = Mapping[str, Value]


def said(item: Input | None) -> Value | None:
    """What an input is given, as far as that is the same for every template."""
    if isinstance(item, Literal):
        return item.value
    return Reference(expression=item.text) if isinstance(item, Expression) else None


def reason(settings: Settings, name: str, common: Mapping[str, Input]) -> str:
    """Why the pipeline `name` cannot share roles, "" when it can; `common` are the inputs of all."""
    own = settings.templates.get(name, _OWN).inputs
    for key in own.keys() - settings.shared.inputs.keys():
        value, others = said(own[key]), said(common.get(key))
        if key not in (*SAME, *_UNITED) or key in _ALONE or (value is not None and value == others):
            continue
        if key in SAME and (key != "vpc_id" or others is not None):
            return f"its {key} is another one than in [inputs]"
        if key in _UNITED and (value is None or isinstance(value, Reference) or isinstance(others, Reference)):
            return f"its {key} cannot be united with that of [inputs]: one is an expression"
    return ""


def united(pipelines: Sequence[Values]) -> dict[str, Value]:
    """The inputs of the shared roles, of those of each pipeline that has them."""
    found: dict[str, Value] = {}
    for name in GRANTS:
        _put(found, name, _list([each.get(name) for each in pipelines]))
    if all(each.get("subnet_ids") for each in pipelines):
        _put(found, "subnet_ids", _list([each.get("subnet_ids") for each in pipelines]))
    for name in _MAPS:
        _put(found, name, _map([each.get(name) for each in pipelines]))
    _put(found, "environment_secrets", _secrets([each.get("environment_secrets") for each in pipelines]))
    _put(found, "instance_tags", _tags([each.get("instance_tags") for each in pipelines]))
    _put(found, "vpc_config", _network([each.get("vpc_config") for each in pipelines]))
    _put(found, "approval_topic_arns", _topics([each.get("approval") for each in pipelines]))
    if any(each.get("network") == "session-manager" for each in pipelines):
        found["network"] = "session-manager"
    else:
        _put(found, "network", _whole([each.get("network") for each in pipelines]))
    if any(each.get("full_clone") is True for each in pipelines):
        found["full_clone"] = True
    elif references := [each["full_clone"] for each in pipelines if isinstance(each.get("full_clone"), Reference)]:
        found["full_clone"] = references[0]
    return found


def oldest_packer(versions: Iterable[object]) -> str:
    """The oldest PACKER_VERSION, where it is one that does not tag all that it makes; else ""."""
    known = [found for each in versions if isinstance(each, str) and (found := _VERSION.fullmatch(each))]
    oldest = min(known, key=lambda found: tuple(map(int, found.groups())), default=None)
    return oldest[0] if oldest and tuple(map(int, oldest.groups())) < _TAGGING else ""


def _put(found: dict[str, Value], name: str, value: Value | None) -> None:
    if value is not None:
        found[name] = value


def _whole(values: Sequence[Value | None]) -> Value | None:
    """The expression that they have, if they have one."""
    return next((each for each in values if isinstance(each, Reference)), None)


def _list(values: Sequence[Value | None]) -> Value | None:
    texts = {str(one) for each in values if isinstance(each, list | tuple) for one in each}
    return _whole(values) or (sorted(texts) or None)


def _map(values: Sequence[Value | None]) -> Value | None:
    merged = {key: one for each in values if isinstance(each, Mapping) for key, one in each.items()}
    return _whole(values) or (dict(sorted(merged.items())) or None)


def _secrets(values: Sequence[Value | None]) -> Value | None:
    """What any of the builds may fetch: of a name that means several things, each by a name with a number."""
    if (whole := _whole(values)) is not None:
        return whole
    found: dict[str, Value] = {}
    for each in values:
        for name, source in each.items() if isinstance(each, Mapping) else ():
            if source not in found.values():
                number = sum(key == name or key.startswith(f"{name}_{name}_") for key in found)
                found[name if not number else f"{name}_{name}_{number + 1}"] = source
    return {name: found[name] for name in sorted(found)} or None


def _tags(values: Sequence[Value | None]) -> Value | None:
    """A tag of any of them is enough; {} is no limit, and then there is none for all."""
    if (whole := _whole(values)) is not None or all(each is None for each in values):
        return whole
    if any(isinstance(each, Mapping) and not each for each in values):
        return {}
    merged: dict[str, set[str]] = {}
    for each in values:
        for key, allowed in (each if isinstance(each, Mapping) else _TAGS).items():
            merged.setdefault(key, set()).update(map(str, allowed if isinstance(allowed, list | tuple) else ()))
    return {key: sorted(merged[key]) for key in sorted(merged)}


def _network(values: Sequence[Value | None]) -> Value | None:
    """The subnets of all, of one VPC or several: policies name these. Without a group in one, groups of any kind."""
    found = [each for each in values if isinstance(each, Mapping)]
    if not found or _whole(values) is not None:
        return _whole(values)
    made: dict[str, Value] = {"vpc_id": found[0].get("vpc_id", "")}
    made["subnet_ids"] = _list([each.get("subnet_ids") for each in found]) or []
    if all(each.get("security_group_ids") for each in found):
        made["security_group_ids"] = _list([each.get("security_group_ids") for each in found]) or []
    return made


def _topics(values: Sequence[Value | None]) -> Value | None:
    whole = _whole(values)
    if isinstance(whole, Reference):
        return Reference(expression=f"compact([{whole.expression}.topic_arn])")
    topics = {str(each["topic_arn"]) for each in values if isinstance(each, Mapping) and each.get("topic_arn")}
    return sorted(topics) or None

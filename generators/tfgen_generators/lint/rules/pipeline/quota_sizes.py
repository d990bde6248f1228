"""How long the policies of a build's role become, worked out from the inputs of the module that tfgen ships.

The module's own check is exact, at the plan; here a length is right within some per cent, before there is one
(`tests/terraform/test_module_shared.py` holds both against each other).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

#: IAM's: the inline policies of a role together, and a managed policy. Nobody gets more.
INLINE, MANAGED = 10_240, 6_144
#: Statements of a managed policy, as the module divides them.
_OF_FEATURES, _OF_NETWORK = 12, 6
_OWN_REGION = 12
_DEFAULT_TAGS: Mapping[str, Sequence[str]] = {"BuiltBy": ["Packer"], "Name": ["Packer Builder"]}
_BUILD, _TAG, _TAG_WHEN_SHARED, _COPIES = 2_530, 1_568, 1_131, 345
#: An id in a list with its ARN, by the kind of thing.
_SUBNET, _GROUP, _SUBNET_OF_NETWORK, _GROUP_OF_NETWORK = 49, 54, 171, 64
_KEY, _CONNECTION, _NETWORK = 265, 700, 662
_SESSION = "session_manager"
#: Feature -> characters without regions, how many statements, and how many of those there are for each tag.
_FEATURES = {
    "deprecation": (0, 0, 1),
    "deregistration_protection": (0, 0, 1),
    "fast_launch": (190, 1, 1),
    _SESSION: (400, 2, 1),
    "spot": (850, 3, 2),
}
_STATEMENT = 225
#: The policy for what CodeBuild fetches: around it, of each of its statements, of the one about keys.
_SECRETS, _STATEMENT_OF_SECRETS, _KEYS = 39, 86, 170


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """Characters of the inline policy and of the longest managed one, how many managed ones it has, and are made.

    `secrets`: of the managed one for what CodeBuild fetches.
    """

    inline: int
    managed: int
    secrets: int
    attached: int
    made: int


def policy_sizes(inputs: Mapping[str, object]) -> Sizes:
    """Of a role with these inputs; what is not known (an expression) counts as the least."""
    regions = _OWN_REGION + _length(inputs.get("image_regions"))
    tags = inputs.get("instance_tags")
    tags = tags if isinstance(tags, Mapping) else _DEFAULT_TAGS
    network, sharing = _network(inputs), _shares(inputs, tags, regions)
    features, profiles = _features(inputs, tags, regions)
    number = -(-len(sharing) // _OF_NETWORK) if not network else -(-(len(sharing) + 3) // _OF_NETWORK)
    packed = -(-len(features) // _OF_FEATURES)
    beside = sum(sharing[: _OF_NETWORK - 3] if network else sharing[:_OF_NETWORK])
    last = sum(features[(packed - 1) * _OF_FEATURES :]) if packed else 0
    arns = inputs.get("build_policy_arns")
    made = number + packed + bool(inputs.get("environment_secrets")) + bool(inputs.get("publish_parameter"))
    return Sizes(
        inline=_inline(inputs, tags, regions),
        managed=max(network + beside, sum(features[:_OF_FEATURES]), last if profiles else 0),
        secrets=_secrets(inputs),
        made=made,
        attached=made + (len(arns) if isinstance(arns, Mapping) else 0),
    )


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else []


def _length(value: object) -> int:
    """Of a list's items with quotes and commas."""
    return sum(len(one) + 3 for one in _texts(value))


def _inline(inputs: Mapping[str, object], tags: Mapping[str, object], regions: int) -> int:
    is_shared = bool(_texts(inputs.get("share_with_accounts")))
    each, statements = (_TAG_WHEN_SHARED, 3) if is_shared else (_TAG, 5)
    size = _BUILD + 6 * regions
    for key, values in tags.items():
        size += each + statements * (regions + len(key) + _length(values) - 3)
    if _texts(inputs.get("image_regions")) and tags:
        size += _COPIES + _length(inputs.get("image_regions"))
    size += _SUBNET * len(_texts(inputs.get("subnet_ids"))) + _GROUP * len(_texts(inputs.get("security_group_ids")))
    size += _KEY if inputs.get("kms_key_arn") else 0
    return size + (_CONNECTION if inputs.get("connection_arn") and inputs.get("full_clone") is True else 0)


def _network(inputs: Mapping[str, object]) -> int:
    network = inputs.get("vpc_config")
    if not isinstance(network, Mapping):
        return 0
    subnets, groups = (_texts(network.get(key)) for key in ("subnet_ids", "security_group_ids"))
    return _NETWORK + _SUBNET_OF_NETWORK * len(subnets) + _GROUP_OF_NETWORK * len(groups)


def _secrets(inputs: Mapping[str, object]) -> int:
    """Several values of one secret count once."""
    given = inputs.get("environment_secrets")
    read = [(kind, str(name)) for each in _mappings(given) for kind, name in each.items()]
    arns = {_arn(kind, name) for kind, name in read}
    if not arns:
        return 0
    own_keys = _texts(inputs.get("secret_key_arns"))
    keys = _KEYS + sum(len(key) + 3 for key in own_keys) if own_keys else 0
    return _SECRETS + sum(len(arn) + 3 for arn in arns) + _STATEMENT_OF_SECRETS * len({kind for kind, _ in read}) + keys


def _mappings(given: object) -> list[Mapping[str, object]]:
    return [each for each in given.values() if isinstance(each, Mapping)] if isinstance(given, Mapping) else []


def _arn(kind: str, reference: str) -> str:
    """As long as the one in the policy: a secret's has six characters more behind its name."""
    parts = reference.split(":")
    if not reference.startswith("arn:"):
        service = "secretsmanager" if kind == "secret" else "ssm"
        parts = ["arn", "aws", service, "r" * (_OWN_REGION - 3), "1" * 12, f"{kind}:{parts[0].removeprefix('/')}"]
        return ":".join(parts) + ("-??????" if kind == "secret" else "")
    return ":".join(parts[: 7 if kind == "secret" else 6])


def _shares(inputs: Mapping[str, object], tags: Mapping[str, object], regions: int) -> list[int]:
    accounts = _length(inputs.get("share_with_accounts"))
    if not accounts:
        return []
    copies = 1 if _texts(inputs.get("image_regions")) and tags else 0
    return [320 + accounts + regions] * max(len(tags), 1) + [400 + accounts + regions] * copies


def _features(inputs: Mapping[str, object], tags: Mapping[str, object], regions: int) -> tuple[list[int], int]:
    """The lengths of their statements, and of the two about instance profiles, which come last."""
    found: list[int] = []
    asked = set(_texts(inputs.get("build_features")))
    if inputs.get("network") == "session-manager":
        asked.add(_SESSION)
    for feature in sorted(asked & _FEATURES.keys()):
        fixed, once, by_tag = _FEATURES[feature]
        found += [fixed // once + regions] * once if once else []
        found += [_STATEMENT + regions] * (by_tag * max(len(tags), 1))
    profiles = inputs.get("instance_profiles")
    if not isinstance(profiles, Mapping) or not profiles:
        return found, 0
    arns = [_length(list(profiles)) + 80, _length(sorted({str(role) for role in profiles.values()})) + 130]
    return [*found, *arns], sum(arns)

"""What the values of `[publish]` must be. Source: SSM's rules for parameter names (Systems Manager user guide)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from tfgen_generators.nearest import did_you_mean
from tfgen_generators.settings.lifecycle.ages import age_of, check_age
from tfgen_generators.settings.lines import InvalidSettingError, Path, dotted, in_toml
from tfgen_generators.settings.publish.tables import Gate, Publish
from tfgen_generators.settings.tables import check_keys, convert, table_at

if TYPE_CHECKING:
    from collections.abc import Sequence

_TABLE = "publish"
#: Of 1,011 characters with the ARN before it; an image's name has at most 128.
_MOST_PATTERN = 512
_MOST_LEVELS = 15
_CHANNEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+){1,3}-\d{1,2}")
_ACCOUNT = re.compile(r"\d{12}")
_ORGANIZATION = re.compile(
    r"arn:aws[a-z-]*:organizations::\d{12}:"
    r"(organization/o-[a-z0-9]{10,32}|ou/o-[a-z0-9]{10,32}/ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})"
)
_KEY = re.compile(
    r"arn:aws[a-z-]*:kms:([a-z0-9-]+):\d{12}:(key/[A-Za-z0-9-]{1,256}|alias/(?!aws/)[A-Za-z0-9/_-]{1,250})"
)
_TEMPLATE = re.compile(r"lt-([0-9a-f]{8}|[0-9a-f]{17})")


def read_keys(document: Mapping[str, object]) -> None:
    """Raises InvalidSettingError at the first key of `[publish]` that there is not, and at a value of another type."""
    table = table_at((_TABLE,), document.get(_TABLE, {}))
    check_keys((_TABLE,), table, Publish)
    for name, gate in table_at((_TABLE, "gates"), table.get("gates", {})).items():
        path = (_TABLE, "gates", name)
        check_keys(path, table_at(path, gate), Gate)
        convert(path, gate, Gate)
    for key, value in table_at((_TABLE, "kms_keys"), table.get("kms_keys", {})).items():
        if not isinstance(value, str):
            here = (_TABLE, "kms_keys", key)
            raise InvalidSettingError(here, f"{dotted(here)} must be a string", "use a key's ARN")
    templates = (_TABLE, "launch_templates")
    for channel, images in table_at(templates, table.get("launch_templates", {})).items():
        for image, ids in table_at((*templates, channel), images).items():
            if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
                place = (*templates, channel, image)
                fix = f'use {image} = ["lt-0123456789abcdef0"]'
                raise InvalidSettingError(place, f"{dotted(place)} must be a list of strings", fix)


def check_publish(publish: Publish) -> None:
    """Raises InvalidSettingError at the first value that cannot be."""
    if publish == Publish():
        return
    _check_channels(publish)
    _check_parameter(publish.parameter)
    _check_all("regions", publish.regions, _REGION, 'names of AWS regions: "eu-west-1"')
    _check_all("accounts", publish.accounts, _ACCOUNT, 'account ids of 12 digits: "111122223333"')
    wanted = "ARNs of organizations or organizational units"
    _check_all("organization_arns", publish.organization_arns, _ORGANIZATION, wanted)
    _check_keys(publish)
    _check_launch_templates(publish)
    for channel, gate in publish.gates.items():
        _check_gate(publish, channel, gate)


def _check_channels(publish: Publish) -> None:
    path = (_TABLE, "channels")
    if not publish.channels:
        message = f"{dotted(path)} names no channel"
        raise InvalidSettingError(path, message, 'use for example channels = ["dev", "staging", "prod"]')
    _check_all("channels", publish.channels, _CHANNEL, "letters, digits, - and _, at most 63")
    if publish.after_build and publish.after_build != publish.channels[0]:
        path, first = (_TABLE, "after_build"), publish.channels[0]
        message = (
            f"{dotted(path)} = {in_toml(publish.after_build)} is not the first channel, which alone has no gate before"
        )
        raise InvalidSettingError(path, message, f"use {in_toml(first)}, or remove it")


def _check_parameter(pattern: str) -> None:
    path = (_TABLE, "parameter")

    def refuse(what: str, fix: str) -> None:
        raise InvalidSettingError(path, f"{dotted(path)} = {in_toml(pattern)} {what}", fix)

    for name in ("{image}", "{channel}"):
        if pattern.count(name) != 1:
            refuse(f"must contain {name} once", 'use for example "/images/{image}/{channel}"')
    plain = pattern.replace("{image}", "image").replace("{channel}", "channel")
    if not re.fullmatch(r"(/[A-Za-z0-9_.-]+)+", plain):
        refuse("is not a parameter's name", "use / before each part, and letters, digits, _ . - in it")
    parts = pattern.split("/")[1:]
    if any("{image}" in part and "{channel}" in part for part in parts):
        refuse("has {image} and {channel} in one part, so that two channels can have one name", "put a / between them")
    if re.match(r"(aws|ssm)", parts[0], re.IGNORECASE):
        refuse("begins with aws or ssm, which AWS reserves", "use another first part")
    if parts[0].startswith("{"):
        refuse("begins with a name, which may be reserved by AWS", 'put a fixed part before it: "/images"')
    if len(parts) > _MOST_LEVELS or len(pattern) > _MOST_PATTERN:
        refuse(f"is longer than {_MOST_LEVELS} parts or {_MOST_PATTERN} characters", "shorten it")


def _check_all(key: str, values: Sequence[str], form: re.Pattern[str], wanted: str) -> None:
    path = (_TABLE, key)
    for value in values:
        if not form.fullmatch(value):
            raise InvalidSettingError(path, f"{dotted(path)} has {in_toml(value)}", f"use {wanted}")
        if values.count(value) > 1:
            raise InvalidSettingError(path, f"{dotted(path)} has {in_toml(value)} twice", "remove one")


def _check_keys(publish: Publish) -> None:
    path = (_TABLE, "kms_keys")
    if publish.kms_keys and not publish.regions:
        raise InvalidSettingError(path, f"{dotted(path)} needs publish.regions", 'add regions = ["eu-west-1"]')
    for region, key in publish.kms_keys.items():
        here = (*path, region)
        _check_known(here, region, publish.regions, "publish.regions")
        match = _KEY.fullmatch(key)
        if match is None:
            message = f"{dotted(here)} = {in_toml(key)} is not the ARN of a key of your own"
            raise InvalidSettingError(here, message, f"use for example arn:aws:kms:{region}:111122223333:key/ID")
        if match[1] != region:
            raise InvalidSettingError(here, f"{dotted(here)} is a key of {match[1]}", f"use a key of {region}")
    if publish.kms_keys and (missing := [one for one in publish.regions if one not in publish.kms_keys]):
        message = f"{dotted(path)} has no key for {', '.join(missing)}"
        raise InvalidSettingError(path, message, "add one for each region, or remove all")


def _check_launch_templates(publish: Publish) -> None:
    for channel, images in publish.launch_templates.items():
        path = (_TABLE, "launch_templates", channel)
        _check_known(path, channel, publish.channels, "publish.channels")
        for image, ids in images.items():
            for one in ids:
                if not _TEMPLATE.fullmatch(one):
                    here = (*path, image)
                    message = f"{dotted(here)} has {in_toml(one)}"
                    raise InvalidSettingError(here, message, 'use ids of launch templates: "lt-0123456789abcdef0"')


def _check_gate(publish: Publish, channel: str, gate: Gate) -> None:
    path = (_TABLE, "gates", channel)
    _check_known(path, channel, publish.channels, "publish.channels")
    if gate.min_age:
        here = (*path, "min_age")
        check_age(here, gate.min_age)
        if not age_of(gate.min_age):
            raise InvalidSettingError(here, f"{dotted(here)} = {in_toml(gate.min_age)} asks for nothing", "remove it")
        if not publish.former(channel):
            message = f"{dotted(here)} is the age in the channel before, and {channel} is the first"
            raise InvalidSettingError(here, message, "remove it")
    for one in gate.approved_by:
        if not re.fullmatch(r"arn:[!-~]+", one):
            here = (*path, "approved_by")
            fix = 'use ARNs as "aws sts get-caller-identity" prints them, * for any text'
            raise InvalidSettingError(here, f"{dotted(here)} has {in_toml(one)}", fix)
    if gate.command and (not gate.command[0].strip() or any("\0" in word for word in gate.command)):
        here = (*path, "command")
        raise InvalidSettingError(here, f"{dotted(here)} names no program", 'use a list: ["ci/smoke-test", "--fast"]')


def _check_known(path: Path, name: str, known: Iterable[str], where: str) -> None:
    names = list(known)
    if name not in names:
        fix = did_you_mean(name, names)
        raise InvalidSettingError(path, f"{dotted(path)}: {in_toml(name)} is not in {where}", fix)

"""What `tfgen ci` has filled into a recipe that somebody may have edited since."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from shlex import quote

from tfgen_generators.settings.requirement import Requirement

_PLACE = re.compile(r"@([A-Z]+)@")


def values_in(template: str, text: str) -> dict[str, str]:
    """The values of the places of `template` that are found in `text`, line by line."""
    found: dict[str, str] = {}
    lines = text.splitlines()
    for line in template.splitlines():
        if names := _PLACE.findall(line):
            pattern = re.compile("".join(_part(part) for part in re.split("(@[A-Z]+@)", line)))
            for match in filter(None, map(pattern.fullmatch, lines)):
                found = {**dict(zip(names, match.groups(), strict=True)), **found}
    return found


def _part(part: str) -> str:
    return r"(\S(?:.*\S)?)" if _PLACE.fullmatch(part) else re.escape(part)


def filled(template: str, values: Mapping[str, str]) -> str | None:
    """The text with all its values; None where one of them is not known."""
    if missing := set(_PLACE.findall(template)) - values.keys():
        return None if missing else template
    return _PLACE.sub(lambda place: values[place[1]], template)


def of_settings(branch: str) -> dict[str, str]:
    """What tfgen.toml says."""
    return {"BRANCH": json.dumps(branch), "BASE": quote(f"refs/remotes/origin/{branch}")}


def of_requirement(requirement: Requirement, tool: str) -> dict[str, str]:
    """What CI installs."""
    name = requirement.name if tool == "terraform" else requirement.without_terraform
    return {"NAME": name, "ADDRESS": requirement.address}

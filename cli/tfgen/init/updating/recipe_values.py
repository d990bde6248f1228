"""What `tfgen ci` has filled into a recipe that somebody may have edited since."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from shlex import quote

from tfgen_generators.settings.requirement import Requirement

_PLACE = re.compile(r"@([A-Z]+)@")
_VALUE = r"(\S(?:.*\S)?)"


def values_in(template: str, text: str) -> dict[str, str]:
    """The values of the places of `template` that are found in `text`: by the line before, else by the line itself."""
    found: dict[str, str] = {}
    lines = template.splitlines()
    for first, last in _runs(lines):
        whole = _values(lines[max(first - 1, 0) : last], text)
        for line in lines[first:last]:
            whole = {**(_values([line], text) if _says_enough(line) else {}), **whole}
        found = {**whole, **found}
    return found


def _runs(lines: list[str]) -> Iterator[tuple[int, int]]:
    """From where to where lines follow on each other that have places."""
    first = 0
    for number, line in enumerate([*lines, ""]):
        if not _PLACE.search(line):
            if first < number:
                yield first, number
            first = number + 1


def _values(lines: list[str], text: str) -> dict[str, str]:
    part = "\n".join(lines)
    pattern = "".join(_VALUE if _PLACE.fullmatch(one) else re.escape(one) for one in re.split("(@[A-Z]+@)", part))
    match = re.search(f"^{pattern}$", text, re.MULTILINE)
    return dict(zip(_PLACE.findall(part), match.groups(), strict=True)) if match else {}


def _says_enough(line: str) -> bool:
    return len(re.findall(r"\w", _PLACE.sub("", line))) > 2


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

"""SSM parameters: their values now, those with a label, and the last few before.

DescribeParameters says which version a parameter has. Those that never had another are read ten a call; the others by
their history, which has the labels. SecureString is not read: no service takes an AMI from one.
Source: Systems Manager's API reference (GetParameterHistory: the last 100 versions).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from tfgen.aws.failures import AwsError
from tfgen.aws.usage.model import Asker, Found, ParameterVersion, Stay, Use, ami_ids

_PAGE, _AT_ONCE = 50, 10
_KINDS = [{"Key": "Type", "Option": "Equals", "Values": ["String", "StringList"]}]
_GONE = "ParameterNotFound"


def ssm_parameters(asker: Asker) -> Iterator[Found]:
    """A parameter uses the AMIs in its value, in labelled versions, and in the last `previous` ones."""
    fresh: list[str] = []
    others: list[str] = []
    for each in asker.pages("ssm", "describe_parameters", "Parameters", ParameterFilters=_KINDS, MaxResults=_PAGE):
        (fresh if each.get("Version") == 1 else others).append(str(each["Name"]))
    for answer in asker.each(lambda names: _values(asker, names), _chunks(fresh)):
        for each in answer:
            yield from _uses(asker, str(each["Name"]), [each])
    for name, versions in asker.each(lambda name: (name, _history(asker, name)), others):
        yield from _uses(asker, name, versions)


def values_of(asker: Asker, names: Sequence[str]) -> dict[str, str]:
    """NAME, NAME:VERSION, NAME:LABEL or ARN -> value, of those that are there. Raises AwsError."""
    found: dict[str, str] = {}
    for answer in asker.each(lambda some: _values(asker, some), _chunks(names)):
        for each in answer:
            selector = str(each.get("Selector") or "")
            for name in (each["Name"], each.get("ARN")):
                if name:
                    found[f"{name}{selector}"] = str(each.get("Value") or "")
    return found


def _values(asker: Asker, names: Sequence[str]) -> list[dict[str, Any]]:
    answer = asker.call("ssm", "get_parameters", Names=list(names))
    values: list[dict[str, Any]] = answer.get("Parameters", [])
    return values


def _history(asker: Asker, name: str) -> list[dict[str, Any]]:
    try:
        return list(asker.pages("ssm", "get_parameter_history", "Parameters", Name=name, MaxResults=_PAGE))
    except AwsError as error:
        if error.code == _GONE:  # deleted meanwhile
            return []
        raise


def _uses(asker: Asker, name: str, versions: Iterable[dict[str, Any]]) -> Iterator[Found]:
    """The newest version is the value now; each former one ended when the next began."""
    ordered = sorted(versions, key=lambda one: int(one.get("Version") or 0), reverse=True)
    newest = int(ordered[0].get("Version") or 0) if ordered else 0
    ends = [None, *(newer.get("LastModifiedDate") for newer, _ in pairwise(ordered))]
    for place, (each, until) in enumerate(zip(ordered, ends, strict=True)):
        version, labels = int(each.get("Version") or 0), tuple(each.get("Labels") or ())
        value = str(each.get("Value") or "")
        yield ParameterVersion(name=name, version=version, value=value, labels=labels, is_current=version == newest)
        for ami in ami_ids(value):
            yield Stay(region=asker.region, ami=ami, parameter=name, until=until)
            if place == 0:
                yield Use(region=asker.region, ami=ami, kind="ssm-parameter", id=name)
            elif labels or place <= asker.previous:
                which = labels[0] if labels else version
                yield Use(region=asker.region, ami=ami, kind="ssm-parameter", id=f"{name}:{which}")


def _chunks(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """No name stands twice in a call: it refuses that."""
    ordered = list(dict.fromkeys(names))
    return (ordered[start : start + _AT_ONCE] for start in range(0, len(ordered), _AT_ONCE))

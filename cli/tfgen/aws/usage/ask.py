"""All sources of use in one region, asked at once; what cannot be asked is told apart from what uses nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, TypeVar

import msgspec

from tfgen.aws.failures import AwsError
from tfgen.aws.pool import Pool
from tfgen.aws.session import Account
from tfgen.aws.usage import (
    auto_scaling,
    batch,
    beanstalk,
    fleets,
    image_builder,
    instances,
    launch_templates,
    node_groups,
    parameters,
    stacks,
)
from tfgen.aws.usage.model import (
    Asker,
    Failure,
    Found,
    ParameterUse,
    ParameterVersion,
    Source,
    Stay,
    TemplateUse,
    TemplateVersion,
    Use,
    ami_ids,
    named,
)

_T = TypeVar("_T")
_R = TypeVar("_R")

#: Threads: for the sources, and for the many small questions of one.
SOURCES_AT_ONCE, CALLS_AT_ONCE = 6, 10
THREADS = SOURCES_AT_ONCE + CALLS_AT_ONCE
#: What an answer of another shape than expected raises, and an operation that an old boto3 does not know.
ODD = (AwsError, AttributeError, IndexError, KeyError, TypeError, ValueError)

SOURCES: Mapping[str, Source] = {
    "launch-templates": launch_templates.launch_templates,
    "ssm-parameters": parameters.ssm_parameters,
    "instances": instances.instances,
    "spot-requests": instances.spot_requests,
    "launch-configurations": auto_scaling.launch_configurations,
    "auto-scaling-groups": auto_scaling.auto_scaling_groups,
    "cloudformation": stacks.cloudformation,
    "eks": node_groups.eks,
    "batch": batch.batch,
    "spot-fleets": fleets.spot_fleets,
    "ec2-fleets": fleets.ec2_fleets,
    "elastic-beanstalk": beanstalk.elastic_beanstalk,
    "image-builder": image_builder.image_builder,
}
_SERVICES = (
    *("ec2", "ssm", "autoscaling", "cloudformation", "eks", "batch", "elasticbeanstalk", "imagebuilder"),
    "codepipeline",
)
_PUBLIC = ("/aws/", "aws/")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What uses AMIs in a region, and which sources could not be asked."""

    uses: tuple[Use, ...] = ()
    stays: tuple[Stay, ...] = ()
    failures: tuple[Failure, ...] = ()


class RegionAsker:
    """An account's region, asked from several threads; `with` ends them."""

    def __init__(self, account: Account, previous: int) -> None:
        self.account, self.previous = account, previous
        account.prepare(*_SERVICES)
        self._pool = Pool(CALLS_AT_ONCE)

    @property
    def region(self) -> str:
        return self.account.region

    def call(self, service: str, operation: str, **arguments: object) -> dict[str, Any]:
        return self.account.call(service, operation, **arguments)

    def pages(self, service: str, operation: str, key: str, **arguments: object) -> Iterator[dict[str, Any]]:
        return self.account.pages(service, operation, key, **arguments)

    def each(self, function: Callable[[_T], _R], items: Iterable[_T]) -> Iterator[_R]:
        return self._pool.map(function, items)

    def __enter__(self) -> RegionAsker:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._pool.__exit__(kind)


def ask(asker: Asker, skipped: Iterable[str] = ()) -> Asked:
    """Every source but `skipped`. One that fails costs no other; its failure says that all AMIs of the region stay."""
    wanted = [name for name in SOURCES if name not in set(skipped)]
    with Pool(SOURCES_AT_ONCE) as pool:
        answers = list(pool.map(lambda name: _asked(asker, name), wanted))
    failures = [answer for answer in answers if isinstance(answer, Failure)]
    found = [each for answer in answers if not isinstance(answer, Failure) for each in answer]
    uses = [each for each in found if isinstance(each, Use)]
    try:
        uses += _resolved(asker, found, {failure.source for failure in failures})
    except ODD as error:
        failures.append(failure_of(asker.region, "ssm-parameters", error))
    return Asked(
        uses=tuple(dict.fromkeys(uses)),
        stays=tuple(each for each in found if isinstance(each, Stay)),
        failures=tuple(failures),
    )


def failure_of(region: str, source: str, error: Exception) -> Failure:
    """Why a source could not be asked."""
    said = (
        str(error) if isinstance(error, AwsError) else f"an answer that cannot be read: {type(error).__name__} {error}"
    )
    return Failure(region=region, source=source, error=said)


def _asked(asker: Asker, name: str) -> list[Found] | Failure:
    try:
        return list(SOURCES[name](asker))
    except ODD as error:
        return failure_of(asker.region, name, error)


def _resolved(asker: Asker, found: Iterable[Found], failed: set[str]) -> list[Use]:
    """The uses by way of a launch template or a parameter. Raises AwsError."""
    found = list(found)
    uses: list[Use] = []
    by_parameter = [each for each in found if isinstance(each, ParameterUse)]
    versions = _versions(each for each in found if isinstance(each, TemplateVersion))
    for each in (each for each in found if isinstance(each, TemplateUse)):
        version = versions.get((each.template, each.version or "$Default"))
        for one in named(asker.region, each.kind, each.id, version.image if version else ""):
            if isinstance(one, Use):
                uses.append(one)
            elif isinstance(one, ParameterUse):
                by_parameter.append(one)
    if "ssm-parameters" in failed:
        return uses
    values = _values(each for each in found if isinstance(each, ParameterVersion))
    names = {each.parameter for each in by_parameter} - values.keys()
    values |= parameters.values_of(asker, sorted(name for name in names if not name.startswith(_PUBLIC)))
    for user in by_parameter:
        for ami in ami_ids(values.get(user.parameter, "")):
            uses.append(Use(region=asker.region, ami=ami, kind=user.kind, id=user.id))
    return uses


def _versions(versions: Iterable[TemplateVersion]) -> dict[tuple[str, str], TemplateVersion]:
    """(id or name, version) -> version; $Latest and $Default are versions too."""
    found: dict[tuple[str, str], TemplateVersion] = {}
    ordered = sorted(versions, key=lambda one: (one.id, int(one.version)))
    for _, group in groupby(ordered, key=lambda one: one.id):
        all_ = list(group)
        for name in filter(None, (all_[0].id, all_[0].name)):
            found |= {(name, one.version): one for one in all_}
            for one in all_:
                if one.is_default:
                    found[name, "$Default"] = one
            found[name, "$Latest"] = all_[-1]
    return found


def _values(versions: Iterable[ParameterVersion]) -> dict[str, str]:
    """NAME, NAME:VERSION and NAME:LABEL -> value."""
    found: dict[str, str] = {}
    for each in versions:
        found |= {f"{each.name}:{which}": each.value for which in (each.version, *each.labels)}
        if each.is_current:
            found[each.name] = each.value
    return found

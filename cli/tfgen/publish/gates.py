"""The gates before a channel: each says whether it is open, and why not."""

from __future__ import annotations

from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tfgen.aws.channels.read import history, since, time_of
from tfgen.aws.failures import AwsError
from tfgen.aws.images.standing import standing
from tfgen.aws.pipelines.runs import GOOD, builds_of, is_missing, newest_ended
from tfgen.publish.gate_command import run_gate
from tfgen.publish.model import GateResult
from tfgen_generators.settings.lifecycle.ages import age_of
from tfgen_generators.settings.publish.tables import Gate

if TYPE_CHECKING:
    from tfgen.aws.images.model import OwnedImage
    from tfgen.aws.pipelines.runs import BuildFacts
    from tfgen.publish.model import Request


def check_gates(request: Request, source: OwnedImage) -> tuple[GateResult, ...]:
    """All gates of the channel, but for the command once another one is closed. Raises AwsError."""
    gate = request.publish.gates.get(request.channel, Gate())
    found: list[GateResult] = []
    if gate.pipeline:
        found.append(_pipeline(request))
    if gate.tags:
        reason = why_altered(source, request.project, _record(request, source), request.template)
        found.append(GateResult(gate="tags", passed=not reason, reason=reason))
    if gate.min_age:
        found.append(_min_age(request, source, gate))
    if gate.approved_by:
        found.append(_approved(request, gate))
    if gate.command and all(one.passed for one in found):
        found.append(_command(request, source, gate))
    return tuple(found)


def why_altered(image: OwnedImage, project: str, build: BuildFacts | None, template: str = "") -> str:
    """What of the AMI's tags CodeBuild's record of its build contradicts; "" when they agree.

    `template`: what an AMI must name that is not the one that the build exported.
    """
    said = image.build.partition(":")[0]
    if image.build and said != project:
        return f"{image.id} is of a build of {said}, and the pipeline is {project}"
    expected = "" if build and build.ami == image.id else template
    return standing(image, {image.build: build}, now=image.created, template=expected).reason


def _record(request: Request, source: OwnedImage) -> BuildFacts | None:
    return builds_of(request.home, [source.build])[source.build] if source.build else None


def _pipeline(request: Request) -> GateResult:
    try:
        newest = newest_ended(request.home, request.project)
    except AwsError as error:
        if not is_missing(error):
            raise
        return GateResult(gate="pipeline", passed=False, reason=f"there is no pipeline {request.project}")
    if newest is None:
        return GateResult(
            gate="pipeline", passed=False, reason=f"pipeline {request.project} has never ended an execution"
        )
    reason = f"execution {newest.id} of {request.project}: {newest.status}"
    return GateResult(gate="pipeline", passed=newest.status == GOOD, reason=reason)


def _min_age(request: Request, source: OwnedImage, gate: Gate) -> GateResult:
    """By SSM's clock alone: what this machine thinks of the time does not count."""
    former = request.publish.former(request.channel)
    name = request.publish.parameter_name(request.image, former)
    now = time_of(request.home.call("sts", "get_caller_identity"))
    spent = since(history(request.home, name), source.id)
    if spent is None:
        return GateResult(gate="min_age", passed=False, reason=f"{source.id} has never been in {former}")
    begin, end = spent
    age = max((end or now) - begin, timedelta())
    passed = age >= age_of(gate.min_age)
    reason = (
        f"{source.id} was in {former} for {_shown(age)} since {begin:%Y-%m-%dT%H:%M:%SZ}; min_age is {gate.min_age}"
    )
    return GateResult(gate="min_age", passed=passed, reason=reason)


def _approved(request: Request, gate: Gate) -> GateResult:
    caller = str(request.home.call("sts", "get_caller_identity")["Arn"])
    passed = any(fnmatchcase(caller, one) for one in gate.approved_by)
    reason = caller if passed else f"{caller} is not in approved_by: {', '.join(gate.approved_by)}"
    return GateResult(gate="approved_by", passed=passed, reason=reason)


def _command(request: Request, source: OwnedImage, gate: Gate) -> GateResult:
    if request.dry_run:
        return GateResult(gate="command", passed=True, reason="not run: --dry-run")
    variables = {
        "TFGEN_IMAGE": request.image,
        "TFGEN_AMI": source.id,
        "TFGEN_REGION": source.region,
        "TFGEN_CHANNEL": request.channel,
        "TFGEN_COMMIT": source.commit,
    }
    reason = run_gate(gate.command, variables, request.root)
    return GateResult(gate="command", passed=not reason, reason=reason)


def _shown(age: timedelta) -> str:
    hours, minutes = divmod(int(age.total_seconds()) // 60, 60)
    days, hours = divmod(hours, 24)
    return f"{days}d {hours}h" if days else f"{hours}h {minutes}m"

"""One call's resources held against AWS, resource by resource."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tfgen.aws.resources.model import BucketFacts, RoleFacts, RuleFacts
from tfgen.aws.resources.read import Reader
from tfgen.status.drift.compare.buckets import bucket_drift, group_drift, log_drift
from tfgen.status.drift.compare.differences import Differences
from tfgen.status.drift.compare.roles import policy_drift, role_drift
from tfgen.status.drift.compare.rules import rule_drift
from tfgen.status.model import Drift
from tfgen_generators.module.resources.model import Place, Resources, is_decided

_POLICIES = frozenset({"aws_iam_role_policy", "aws_iam_role_policy_attachment", "aws_iam_policy_attachment"})


def live_drift(made: Resources, reader: Reader, place: Place, beside: Collection[str]) -> Iterator[Drift]:
    """What differs in roles, policies, rules, buckets, log groups and the build's security group."""
    yield from _roles(made, reader, place, alone=_POLICIES.isdisjoint(beside))
    yield from _rules(made, reader)
    yield from _buckets(made, reader, beside)
    yield from _logs(made, reader)
    yield from _groups(made, reader)


def _rules(made: Resources, reader: Reader) -> Iterator[Drift]:
    for resource in made.of("aws_cloudwatch_event_rule"):
        name = resource.text("name")
        rule = reader.rule(name) if name else None
        if isinstance(rule, RuleFacts):
            yield from rule_drift(resource, made, rule)
        elif rule is False:
            yield from missing(f"rule {name}")


def _buckets(made: Resources, reader: Reader, beside: Collection[str]) -> Iterator[Drift]:
    for resource in made.of("aws_s3_bucket"):
        name = resource.text("bucket")
        bucket = reader.bucket(name) if name else None
        if isinstance(bucket, BucketFacts):
            yield from bucket_drift(resource, made, bucket, beside)
        elif bucket is False:
            yield from missing(f"bucket {name}")


def _logs(made: Resources, reader: Reader) -> Iterator[Drift]:
    for resource in made.of("aws_cloudwatch_log_group"):
        name = resource.text("name")
        days = reader.log_retention(name) if name else None
        if days is False:
            yield from missing(f"log group {name}")
        elif days is not None:
            yield from log_drift(resource, int(days))


def _groups(made: Resources, reader: Reader) -> Iterator[Drift]:
    for resource in made.of("aws_security_group"):
        name = resource.text("name")
        network = resource.get("vpc_id")
        groups = reader.security_groups(name) if name and is_decided(network) else None
        if groups is None:
            continue
        here = [group for group in groups if network in (None, group.get("VpcId"))]
        for group in here:
            yield from group_drift(resource, group)
        if not here:
            yield from missing(f"security group {name}")


def _roles(made: Resources, reader: Reader, place: Place, *, alone: bool) -> Iterator[Drift]:
    for resource in made.of("aws_iam_role"):
        name = resource.text("name")
        role = reader.role(name) if name else None
        if isinstance(role, RoleFacts):
            yield from role_drift(resource, made, role, alone=alone)
        elif role is False:
            yield from missing(f"role {name}")
    for resource in made.of("aws_iam_policy"):
        name = resource.text("name")
        if name and "path" not in resource.attributes:
            document = reader.policy(f"arn:{place.partition}:iam::{place.account}:policy/{name}")
            if document is not None:
                yield from policy_drift(resource, document)


def missing(what: str) -> list[Drift]:
    """Of what the block makes, and AWS does not have."""
    seen = Differences(what)
    seen.say("", "exists", "does not exist")
    return seen.found

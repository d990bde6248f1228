"""Live pipelines without state: which import blocks bring them into it.

Terraform itself says what is there: it plans with a block for each resource, and names those that AWS does not have. A
pipeline is live where its `aws_codepipeline` is; of others nothing is imported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tfgen.adopt.import_ids import PIPELINE, SECURITY_GROUP, image, is_managed, security_groups, wanted
from tfgen.console import note, one_line
from tfgen_generators.errors import RefusedError, TfgenError

if TYPE_CHECKING:
    from tfgen.terraform.reports.events import Diagnostic

#: One round finds what the plan knows; then what needs that: policies of a bucket, what is attached to a role.
_ROUNDS = 10
_TO = re.compile(r'(?:to|object to) "(module\.[^\s]+?)"[,\s]')
#: A plan with these import blocks: what it says (None where it failed), and what Terraform complained of.
Replan = Callable[[Mapping[str, str]], tuple[dict[str, Any] | None, list["Diagnostic"]]]


def find_imports(plan: dict[str, Any], replan: Replan) -> tuple[dict[str, str], dict[str, Any]]:
    """Address -> ID of what is live and not in the state, and the plan with it. Raises TfgenError."""
    pipelines = {image(address) for address, kind, _ in wanted(plan) if kind == PIPELINE}
    if not pipelines:
        return {}, plan
    note("looking for live pipelines ...")
    first = {address: found for address, _, found in wanted(plan) if image(address) in pipelines}
    imports, planned = _there(first, {}, replan)
    if not imports or planned is None:
        return {}, plan
    live = {image(address) for address in imports}
    absent = first.keys() - imports.keys()
    groups = dict(_groups(planned, live))
    for _ in range(_ROUNDS):
        more = groups | {
            address: found
            for address, _, found in wanted(planned)
            if image(address) in live and address not in imports and address not in absent
        }
        if not more:
            break
        groups = {}
        imports, again = _there(more, imports, replan)
        absent |= more.keys() - imports.keys()
        planned = again or planned
    return imports, planned


def _there(
    more: Mapping[str, str], known: Mapping[str, str], replan: Replan
) -> tuple[dict[str, str], dict[str, Any] | None]:
    """`known` and those of `more` that AWS has. Raises TfgenError where Terraform complains of something else."""
    imports = {**known, **more}
    for _ in range(_ROUNDS):
        planned, complaints = replan(imports)
        if planned is not None:
            return imports, planned
        absent = _named(complaints, more)
        if not absent:
            said = complaints[0].summary if complaints else "the plan failed"
            raise TfgenError(f"live pipelines cannot be looked for: {said}")
        gone = {image(address) for address in absent if f".{PIPELINE}." in address}
        imports = {one: found for one, found in imports.items() if one not in absent and image(one) not in gone}
        if not imports:
            return {}, None
    return dict(known), None


def _named(complaints: Iterable[Diagnostic], imports: Mapping[str, str]) -> set[str]:
    """The addresses of blocks that the complaints are about."""
    named: set[str] = set()
    for one in complaints:
        texts = [one.address, *_TO.findall(f"{one.detail} ".replace("\n", " "))]
        named |= {text.replace('\\"', '"') for text in texts}
        named |= {address for address in imports if f'"{address}"' in one.detail.replace("\n", " ")}
    return named & imports.keys()


def refuse_owned(plan: Mapping[str, Any]) -> None:
    """Raises RefusedError where CloudFormation (or CDK, by it) owns a pipeline that would be imported."""
    for address, arn in _arns(plan).items():
        if stack := _stack(arn):
            raise RefusedError(
                f"its pipeline belongs to the CloudFormation stack {stack}, which would change it again",
                where=address,
                fix="take it out of the stack first (DeletionPolicy: Retain), or leave its template out with ignore",
            )


def _arns(plan: Mapping[str, Any]) -> dict[str, str]:
    """The pipelines that are imported, with their ARNs."""
    arns: dict[str, str] = {}
    for change in plan.get("resource_changes") or ():
        details = change.get("change") or {}
        if change.get("type") == PIPELINE and details.get("importing"):
            arns[str(change["address"])] = str((details.get("before") or {}).get("arn") or "")
    return arns


def _groups(plan: Mapping[str, Any], live: Collection[str]) -> Iterator[tuple[str, str]]:
    """Address and ID of the security groups of live pipelines. One that AWS does not tell costs that one."""
    regions = {image(address): arn.split(":")[3] for address, arn in _arns(plan).items() if arn.count(":") >= 5}
    for address, vpc, name in security_groups(plan):
        if image(address) not in live or image(address) not in regions:
            continue
        try:
            found = _group(regions[image(address)], vpc, name)
        except TfgenError as error:
            note(one_line(f"warning: not known whether there is a security group {name}: {error}"), style="yellow")
            continue
        if found and not is_managed(plan, SECURITY_GROUP, found):
            yield address, found


def _group(region: str, vpc: str, name: str) -> str:
    """The ID of a security group, of which a VPC has one by each name; "" where there is none. Raises TfgenError."""
    from tfgen.aws.session import open_account

    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": [name]}]
    found = open_account(region).pages("ec2", "describe_security_groups", "SecurityGroups", Filters=filters)
    return next((str(one.get("GroupId") or "") for one in found), "")


def _stack(arn: str) -> str:
    """The name of the stack that owns a pipeline, "" where none does, or AWS does not say."""
    parts = arn.split(":")
    if len(parts) < 6:
        return ""
    from tfgen.aws.session import open_account

    try:
        answer = open_account(parts[3]).call("codepipeline", "list_tags_for_resource", resourceArn=arn)
    except TfgenError as error:
        note(one_line(f"warning: not known whether CloudFormation owns {parts[5]}: {error}"), style="yellow")
        return ""
    tags = {tag.get("key"): tag.get("value") for tag in answer.get("tags", [])}
    return str(tags.get("aws:cloudformation:stack-name") or "")

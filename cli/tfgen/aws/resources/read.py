"""Reading of single resources. Each answer that AWS refuses costs that answer alone, and is noted.

`ACTIONS` are what IAM must allow for all of it: of S3 they have other names than the operations.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import unquote

from tfgen.aws.failures import AwsError
from tfgen.aws.resources.model import BucketFacts, RoleFacts, RuleFacts
from tfgen.aws.session import Account

_Found = TypeVar("_Found")
_ABSENT = frozenset(
    {
        *("404", "NoSuchBucket", "NoSuchBucketPolicy", "NoSuchEntity", "NoSuchLifecycleConfiguration"),
        *("NoSuchPublicAccessBlockConfiguration", "PipelineNotFoundException", "ResourceNotFoundException"),
        "ServerSideEncryptionConfigurationNotFoundError",
    }
)
_S3_ACTIONS = {
    "get_bucket_encryption": "s3:GetEncryptionConfiguration",
    "get_bucket_lifecycle_configuration": "s3:GetLifecycleConfiguration",
    "get_public_access_block": "s3:GetBucketPublicAccessBlock",
}
ACTIONS = (
    "codepipeline:GetPipeline",
    "codepipeline:ListTagsForResource",
    "ec2:DescribeSecurityGroups",
    "events:DescribeRule",
    "events:ListTargetsByRule",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "logs:DescribeLogGroups",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
)


def action_of(service: str, operation: str) -> str:
    """IAM's name of an operation of boto3."""
    if operation in _S3_ACTIONS:
        return _S3_ACTIONS[operation]
    return f"{service}:{''.join(word.capitalize() for word in operation.split('_'))}"


class Reader:
    """Reads in one account and region. `note` is told what cannot be read: what it is, the action, the error."""

    def __init__(self, account: Account, note: Callable[[str, str, AwsError], None]) -> None:
        self._account, self._note = account, note

    def _asked(self, what: str, service: str, operation: str, absent: _Found, **given: object) -> Any:
        """The answer; `absent` where there is no such thing, None where it could not be read."""
        try:
            return self._account.call(service, operation, **given)
        except AwsError as error:
            return self._refused(what, service, operation, error, absent)

    def _paged(self, what: str, service: str, operation: str, key: str, **given: object) -> list[Any] | None:
        try:
            return list(self._account.pages(service, operation, key, **given))
        except AwsError as error:
            self._refused(what, service, operation, error, None)
            return None

    def _refused(self, what: str, service: str, operation: str, error: AwsError, absent: Any) -> Any:
        if error.code in _ABSENT:
            return absent
        self._note(what, action_of(service, operation), error)
        return None

    def pipeline(self, name: str) -> dict[str, Any] | None:
        """GetPipeline's `pipeline`; {} where there is none, None where it is not readable."""
        found = self._asked(f"pipeline {name}", "codepipeline", "get_pipeline", {}, name=name)
        return found and dict(found.get("pipeline", {}))

    def pipeline_tags(self, arn: str) -> dict[str, str] | None:
        what = f"tags of {arn}"
        found = self._paged(what, "codepipeline", "list_tags_for_resource", "tags", resourceArn=arn)
        return None if found is None else {tag["key"]: tag["value"] for tag in found}

    def role(self, name: str) -> RoleFacts | bool | None:
        """The role with its policies; False where there is none, None where it is not readable."""
        what = f"role {name}"
        answer = self._asked(what, "iam", "get_role", False, RoleName=name)
        if not answer:
            return None if answer is None else False
        role = answer["Role"]
        names = self._paged(what, "iam", "list_role_policies", "PolicyNames", RoleName=name)
        attached = self._paged(what, "iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name)
        return RoleFacts(
            trust=as_document(role.get("AssumeRolePolicyDocument")),
            description=str(role.get("Description") or ""),
            boundary=str((role.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn", "")),
            tags={tag["Key"]: tag["Value"] for tag in role.get("Tags") or ()},
            inline=None if names is None else self._inline(name, names),
            attached=None if attached is None else frozenset(str(one["PolicyArn"]) for one in attached),
        )

    def _inline(self, role: str, names: list[Any]) -> dict[str, Mapping[str, Any]] | None:
        found: dict[str, Mapping[str, Any]] = {}
        for name in names:
            what = f"policy {name} of role {role}"
            answer = self._asked(what, "iam", "get_role_policy", {}, RoleName=role, PolicyName=name)
            if answer is None:
                return None
            found[str(name)] = as_document(answer.get("PolicyDocument"))
        return found

    def policy(self, arn: str) -> Mapping[str, Any] | None:
        """The document of a managed policy; {} where there is none."""
        what = f"policy {arn.rpartition('/')[2]}"
        answer = self._asked(what, "iam", "get_policy", {}, PolicyArn=arn)
        if not answer:
            return None if answer is None else {}
        version = str(answer["Policy"].get("DefaultVersionId", ""))
        answer = self._asked(what, "iam", "get_policy_version", {}, PolicyArn=arn, VersionId=version)
        return None if answer is None else as_document(answer.get("PolicyVersion", {}).get("Document"))

    def rule(self, name: str) -> RuleFacts | bool | None:
        """The rule with its targets; False where there is none, None where it is not readable."""
        what = f"rule {name}"
        found = self._asked(what, "events", "describe_rule", False, Name=name)
        if not found:
            return None if found is None else False
        targets = self._paged(what, "events", "list_targets_by_rule", "Targets", Rule=name)
        return RuleFacts(
            state=str(found.get("State") or ""),
            pattern=str(found.get("EventPattern") or ""),
            schedule=str(found.get("ScheduleExpression") or ""),
            description=str(found.get("Description") or ""),
            targets=None if targets is None else tuple(targets),
        )

    def bucket(self, name: str) -> BucketFacts | bool | None:
        """Settings of a bucket of this account; False where there is none, None where it is not readable."""
        given = {"Bucket": name, "ExpectedBucketOwner": self._account.id}
        what = f"bucket {name}"
        versioning = self._asked(what, "s3", "get_bucket_versioning", False, **given)
        if versioning is False:
            return False
        access = self._asked(what, "s3", "get_public_access_block", {}, **given)
        policy = self._asked(what, "s3", "get_bucket_policy", {}, **given)
        encryption = self._asked(what, "s3", "get_bucket_encryption", {}, **given)
        lifecycle = self._asked(what, "s3", "get_bucket_lifecycle_configuration", {}, **given)
        rules = encryption and encryption.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
        return BucketFacts(
            public_access=access if access is None else access.get("PublicAccessBlockConfiguration", {}),
            policy=None if policy is None else as_document(policy.get("Policy")),
            encryption=None if encryption is None else tuple(rules or ()),
            versioning=None if versioning is None else str(versioning.get("Status") or ""),
            lifecycle=None
            if lifecycle is None
            else tuple(str(rule.get("ID", "")) for rule in lifecycle.get("Rules", [])),
        )

    def log_retention(self, name: str) -> int | bool | None:
        """Days; 0 for ever, False where there is no such group, None where it is not readable."""
        what = f"log group {name}"
        found = self._paged(what, "logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name)
        if found is None:
            return None
        days = [int(group.get("retentionInDays") or 0) for group in found if group.get("logGroupName") == name]
        return days[0] if days else False

    def security_groups(self, name: str) -> list[dict[str, Any]] | None:
        """The groups of that name, with their rules: one in each VPC."""
        named = {"Name": "group-name", "Values": [name]}
        what = f"security group {name}"
        return self._paged(what, "ec2", "describe_security_groups", "SecurityGroups", Filters=[named])


def as_document(value: object) -> dict[str, Any]:
    """A policy's document: botocore decodes IAM's, but not S3's."""
    if isinstance(value, str):
        try:
            value = json.loads(unquote(value) if value.lstrip()[:1] == "%" else value)
        except ValueError:
            return {"unreadable": value}
    return dict(value) if isinstance(value, Mapping) else {}

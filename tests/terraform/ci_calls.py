"""What somebody with CI's roles would try, and what an apply asks of AWS: as IAM sees it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from tests.iam_policy import Request
from tests.terraform.ci_uses import ACCOUNT, KEY, STATE
from tests.terraform.iam_rights import REGION

if TYPE_CHECKING:
    from tests.iam_operators import Context
    from tests.terraform.aws_proxy import Call

IAM = f"arn:aws:iam::{ACCOUNT}"
ROLE = f"{IAM}:role/web-ami-pipeline-codebuild"
OWN_POLICY = f"{IAM}:policy/web-ami-pipeline-codebuild"
PROJECT = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/web-ami-pipeline"
PIPELINE = f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:web-ami-pipeline"
BUCKET = f"arn:aws:s3:::web-ami-builder-artefacts-{ACCOUNT}"
ADMIN = f"{IAM}:role/admin"
#: Is on the account's other roles.
OTHER_BOUNDARY = f"{IAM}:policy/other"


def with_boundary(arn: str) -> Context:
    return {"iam:PermissionsBoundary": arn}


def _passed(service: str) -> Context:
    return {"iam:PassedToService": service}


def _all(resource: str, *actions: str, context: Context | None = None) -> list[Request]:
    return [Request(action=action, resource=resource, context=context or {}) for action in actions]


def attacks(label: str, boundary: str) -> list[Request]:
    """What no role of CI and none that it makes may do, whatever policies it has: beyond the boundary, or around it."""
    own = [f"{IAM}:role/{label}-plan", f"{IAM}:role/{label}-apply"]
    right, wrong = with_boundary(boundary), with_boundary(OTHER_BOUNDARY)
    role_changes = ("iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy")
    return [
        # A role without the boundary, with another one, or one of another name.
        *_all(ROLE, *role_changes),
        *_all(ROLE, *role_changes, context=wrong),
        *_all(ADMIN, *role_changes, context=right),
        *_all(ADMIN, "iam:UpdateAssumeRolePolicy", "iam:DeleteRole", "iam:TagRole", context=wrong),
        # The boundary taken away, or changed.
        *_all(ROLE, "iam:DeleteRolePermissionsBoundary", context=right),
        *_all(
            boundary,
            "iam:CreatePolicyVersion",
            "iam:DeletePolicy",
            "iam:DeletePolicyVersion",
            "iam:SetDefaultPolicyVersion",
            "iam:TagPolicy",
        ),
        *_all(OWN_POLICY, "iam:SetDefaultPolicyVersion"),
        # CI's own roles, also with the right boundary.
        *(
            request
            for arn in own
            for request in _all(
                arn,
                *role_changes,
                "iam:DeleteRole",
                "iam:DeleteRolePermissionsBoundary",
                "iam:DeleteRolePolicy",
                "iam:DetachRolePolicy",
                "iam:TagRole",
                "iam:UpdateAssumeRolePolicy",
                "iam:UpdateRole",
                context=right,
            )
        ),
        # Other people's roles, and the pipelines' to other services.
        *_all(ADMIN, "iam:PassRole", context=_passed("codebuild.amazonaws.com")),
        *_all(ADMIN, "iam:PassRole", context=_passed("ec2.amazonaws.com")),
        *_all(own[1], "iam:PassRole", context=_passed("codebuild.amazonaws.com")),
        *(
            request
            for service in ("lambda", "cloudformation", "ecs-tasks", "codebuild.evil")
            for request in _all(ROLE, "iam:PassRole", context=_passed(f"{service}.amazonaws.com"))
        ),
        *_all(ROLE, "iam:PassRole"),
        *_all(ADMIN, "sts:AssumeRole"),
        *_all(own[0], "sts:AssumeRole"),
        *_all(ROLE, "sts:AssumeRole"),
        # Users, keys, groups, profiles, providers, policies of other names.
        *_all(
            f"{IAM}:user/ann", "iam:CreateUser", "iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:PutUserPolicy"
        ),
        *_all(f"{IAM}:user/ann", "iam:AttachUserPolicy", "iam:DeleteUserPermissionsBoundary", context=right),
        *_all(f"{IAM}:group/admins", "iam:AddUserToGroup", "iam:CreateGroup", "iam:PutGroupPolicy"),
        *_all(f"{IAM}:policy/admin", "iam:CreatePolicy", "iam:CreatePolicyVersion"),
        *_all(f"{IAM}:instance-profile/admin", "iam:CreateInstanceProfile", "iam:AddRoleToInstanceProfile"),
        *_all(f"{IAM}:oidc-provider/evil.example", "iam:CreateOpenIDConnectProvider"),
        *_all(
            f"{IAM}:oidc-provider/token.actions.githubusercontent.com",
            "iam:AddClientIDToOpenIDConnectProvider",
            "iam:DeleteOpenIDConnectProvider",
            "iam:UpdateOpenIDConnectProviderThumbprint",
        ),
        *_all("*", "iam:CreateServiceLinkedRole", "organizations:LeaveOrganization", "account:CloseAccount"),
        # Other people's pipelines, tables, buckets and states.
        *_all(PROJECT.replace("web-ami-pipeline", "deploy"), "codebuild:UpdateProject", "codebuild:StartBuild"),
        *_all(PIPELINE.replace("web-ami-pipeline", "deploy"), "codepipeline:UpdatePipeline"),
        *_all(PIPELINE.replace("web-ami-pipeline", "deploy"), "codepipeline:StopPipelineExecution"),
        *_all(f"arn:aws:events:{REGION}:{ACCOUNT}:rule/nightly", "events:PutRule", "events:PutTargets"),
        *_all(f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders", "dynamodb:DeleteTable", "dynamodb:PutItem"),
        *_all("arn:aws:s3:::payroll", "s3:ListBucket", "s3:PutBucketPolicy", "s3:DeleteBucket"),
        *_all("arn:aws:s3:::payroll/2026.csv", "s3:GetObject", "s3:PutObject"),
        *_all(f"arn:aws:s3:::{STATE}", "s3:DeleteBucket", "s3:PutBucketPolicy", "s3:PutBucketVersioning"),
        *_all(f"arn:aws:s3:::{STATE}/other/terraform.tfstate", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"),
        *_all(
            "*", "lambda:CreateFunction", "cloudformation:CreateStack", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"
        ),
        *_all(
            "*", "secretsmanager:PutSecretValue", "secretsmanager:DeleteSecret", "ssm:SendCommand", "ssm:PutParameter"
        ),
    ]


def allowed(boundary: str) -> list[Request]:
    """What the apply role must be able to do, beside what an apply is seen to ask (see asked_of)."""
    right = with_boundary(boundary)
    return [
        *_all(
            ROLE,
            "iam:AttachRolePolicy",
            "iam:CreateRole",
            "iam:DetachRolePolicy",
            "iam:DeleteRolePolicy",
            "iam:PutRolePermissionsBoundary",
            "iam:PutRolePolicy",
            context=right,
        ),
        *_all(ROLE, "iam:UpdateAssumeRolePolicy", "iam:TagRole", "iam:UntagRole", "iam:UpdateRole", "iam:DeleteRole"),
        *(
            request
            for service in ("codebuild", "codepipeline", "ec2", "events")
            for end in ("", ".cn")
            for request in _all(ROLE, "iam:PassRole", context=_passed(f"{service}.amazonaws.com{end}"))
        ),
        *_all(OWN_POLICY, "iam:CreatePolicyVersion", "iam:DeletePolicyVersion"),
        *_all(f"{IAM}:instance-profile/web-ami-pipeline-instance", "iam:CreateInstanceProfile"),
        *_all(f"{IAM}:instance-profile/web-ami-pipeline-instance", "iam:AddRoleToInstanceProfile"),
        *_all(PROJECT, "codebuild:UpdateProject"),
        *_all(PIPELINE, "codepipeline:ListPipelineExecutions", "codepipeline:StopPipelineExecution"),
        *_all(BUCKET, "s3:PutBucketTagging", "s3:ListBucketVersions"),
        *_all(f"{BUCKET}/x", "s3:DeleteObject", "s3:DeleteObjectVersion"),
        *_all(f"arn:aws:s3:::{STATE}/{KEY}", "s3:GetObject", "s3:PutObject"),
        *_all(f"arn:aws:s3:::{STATE}/{KEY}.tflock", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"),
        *_all(f"arn:aws:s3:::{STATE}", "s3:ListBucket"),
    ]


# From a call to IAM's question

#: What S3's actions are called by the subresource that a call names; the verb is part of the name.
_S3 = {
    "accelerate": "AccelerateConfiguration",
    "acl": "BucketAcl",
    "cors": "BucketCORS",
    "encryption": "EncryptionConfiguration",
    "lifecycle": "LifecycleConfiguration",
    "location": "BucketLocation",
    "logging": "BucketLogging",
    "object-lock": "BucketObjectLockConfiguration",
    "policy": "BucketPolicy",
    "publicAccessBlock": "BucketPublicAccessBlock",
    "replication": "ReplicationConfiguration",
    "requestPayment": "BucketRequestPayment",
    "tagging": "BucketTagging",
    "versioning": "BucketVersioning",
    "website": "BucketWebsite",
}
_S3_ALONE = {"DELETE": "DeleteBucket", "GET": "ListBucket", "HEAD": "ListBucket", "PUT": "CreateBucket"}
_TARGETS = {
    "AWSEvents": ("events", "rule/{Name}{Rule}"),
    "CodeBuild_20161006": ("codebuild", "project/{name}{names}"),
    "CodePipeline_20150709": ("codepipeline", "{name}{pipelineName}"),
    "DynamoDB_20120810": ("dynamodb", "table/{TableName}"),
    "Logs_20140328": ("logs", "log-group:{logGroupName}:*"),
}


def asked_of(call: Call, boundaries: dict[str, str]) -> Request | None:
    """What IAM is asked for a call; None for what needs no right. `boundaries` of roles are kept from call to call."""
    if call.target:
        return _json(call)
    path = urlsplit(call.path)
    if path.path != "/":
        return _s3(call.method, path.path.strip("/"), path.query)
    given = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
    # Provider 3 tries the first for the account's number, and asks the second where it may not.
    if given["Action"] in ("GetUser", "GetCallerIdentity"):
        return None
    if given["Version"] == "2010-05-08":
        return _iam(given, boundaries)
    made = {"ec2:CreateAction": "CreateSecurityGroup"} if given["Action"] == "CreateTags" else {}
    vpc = {"ec2:Vpc": f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/vpc-04f99e5833c3a909b"}
    resource = "*" if given["Action"].startswith("Describe") else f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/sg-1"
    return Request(action=f"ec2:{given['Action']}", resource=resource, context={**vpc, **made})


def _s3(method: str, bucket: str, query: str) -> Request:
    (subresource, *_) = [*parse_qs(query, keep_blank_values=True), ""]
    verb = {"DELETE": "Put", "GET": "Get", "HEAD": "Get", "PUT": "Put"}[method]
    if subresource == "policy" and method == "DELETE":
        verb = "Delete"
    name = f"{verb}{_S3[subresource]}" if subresource in _S3 else _S3_ALONE[method]
    return Request(action=f"s3:{name}", resource=f"arn:aws:s3:::{bucket}")


def _iam(given: dict[str, str], boundaries: dict[str, str]) -> Request:
    action, role = given["Action"], given.get("RoleName")
    if action == "CreateRole" and "PermissionsBoundary" in given:
        boundaries[str(role)] = given["PermissionsBoundary"]
    if role is not None:
        context = with_boundary(boundaries[role]) if role in boundaries else {}
        return Request(action=f"iam:{action}", resource=f"{IAM}:role/{role}", context=context)
    return Request(action=f"iam:{action}", resource=given.get("PolicyArn", f"{IAM}:policy/{given.get('PolicyName')}"))


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def _json(call: Call) -> Request:
    service, operation = call.target.split(".")
    name, pattern = _TARGETS[service]
    body = json.loads(call.body)
    body |= body.get("project", {}) | (body["pipeline"] if isinstance(body.get("pipeline"), dict) else {})
    texts = {key: value[0] if isinstance(value, list) and value else value for key, value in body.items()}
    named = ("name", "names", "resourceArn", "ResourceARN", "ResourceArn")
    arns = [texts[key] for key in named if str(texts.get(key)).startswith("arn:")]
    resource = arns[0] if arns else f"arn:aws:{name}:{REGION}:{ACCOUNT}:{pattern.format_map(_Blank(texts))}"
    lists = operation.startswith("DescribeLogGroups")
    return Request(action=f"{name}:{operation}", resource="*" if lists else resource)

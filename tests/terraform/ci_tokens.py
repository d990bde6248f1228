"""Who asks for the roles of CI: per host what is right, and what somebody else could come with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.iam_policy import Kind, Request
from tests.terraform.ci_uses import ACCOUNT, ENVIRONMENT, OTHER, REPOSITORY, WORKSPACE
from tests.terraform.iam_rights import REGION

if TYPE_CHECKING:
    from tests.iam_operators import Context

_GITHUB = "token.actions.githubusercontent.com"
_SERVER = "git.example.com/_services/token"
_BITBUCKET = "api.bitbucket.org/2.0/workspaces/example-team/pipelines-config/identity/oidc"
_AUDIENCE = f"ari:cloud:bitbucket::workspace/{WORKSPACE}"
STEP = "{0a1b2c3d-1111-4222-8333-444455556666}"


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """`plan` and `apply` may take that role, of `forged` nobody may take any."""

    plan: dict[str, Request]
    apply: dict[str, Request]
    forged: dict[str, Request] = field(default_factory=dict)


def _web(issuer: str, sub: str | None, aud: str | None, *, account: str = ACCOUNT) -> Request:
    found: Context = {
        **({f"{issuer}:sub": sub} if sub is not None else {}),
        **({f"{issuer}:aud": aud} if aud is not None else {}),
    }
    return Request(
        action="sts:AssumeRoleWithWebIdentity",
        principal=("Federated", f"arn:aws:iam::{account}:oidc-provider/{issuer}"),
        context=found,
    )


def github(sub: str | None, aud: str | None = "sts.amazonaws.com", issuer: str = _GITHUB) -> Request:
    return _web(issuer, sub, aud)


def bitbucket(sub: str | None, aud: str | None = _AUDIENCE, issuer: str = _BITBUCKET) -> Request:
    return _web(issuer, sub, aud)


def codebuild(
    project: str,
    *,
    kind: Kind = "Service",
    who: str = "codebuild.amazonaws.com",
    account: str = ACCOUNT,
    region: str = REGION,
    known: bool = True,
) -> Request:
    source: Context = {
        "aws:SourceAccount": account,
        "aws:SourceArn": f"arn:aws:codebuild:{region}:{account}:project/{project}",
    }
    return Request(action="sts:AssumeRole", principal=(kind, who), context=source if known else {})


_OLD, _NEW = "repo:Example-Org/ami-builder", "repo:Example-Org@123456/ami-builder@456789"
_REPO, _PRODUCTION = f"{{{REPOSITORY}}}", f"{{{ENVIRONMENT}}}"
TOKENS = {
    "github": Tokens(
        plan={
            "pull request": github(f"{_OLD}:pull_request"),
            "pull request, with IDs": github(f"{_NEW}:pull_request"),
            "branch by hand": github(f"{_OLD}:ref:refs/heads/main"),
            "branch by hand, with IDs": github(f"{_NEW}:ref:refs/heads/main"),
        },
        apply={
            "environment": github(f"{_OLD}:environment:production"),
            "environment, with IDs": github(f"{_NEW}:environment:production"),
        },
        forged={
            "repository that begins alike": github("repo:Example-Org/ami-builder-2:pull_request"),
            "repository that begins alike, environment": github("repo:Example-Org/ami-builder2:environment:production"),
            "another owner": github("repo:Evil-Org/ami-builder:pull_request"),
            "a fork": github("repo:somebody/ami-builder:environment:production"),
            "another branch": github(f"{_OLD}:ref:refs/heads/feature"),
            "a branch below": github(f"{_OLD}:ref:refs/heads/main/x"),
            "a tag like the branch": github(f"{_OLD}:ref:refs/tags/main"),
            "another environment": github(f"{_OLD}:environment:staging"),
            "environment that begins alike": github(f"{_NEW}:environment:production-2"),
            "environment in another case": github(f"{_NEW}:environment:Production"),
            "environment with what follows": github(f"{_OLD}:environment:production:ref:refs/heads/main"),
            "a wildcard": github("repo:Example-Org/*:pull_request"),
            "wildcards for all": github("*"),
            "another repository's ID": github("repo:Example-Org@123456/ami-builder@999999:environment:production"),
            "another owner's ID": github("repo:Example-Org@999999/ami-builder@456789:pull_request"),
            "IDs that begin alike": github("repo:Example-Org@1234567/ami-builder@4567890:pull_request"),
            "ID of the owner alone": github("repo:Example-Org@123456/ami-builder:pull_request"),
            "ID of the repository alone": github("repo:Example-Org/ami-builder@456789:environment:production"),
            "names in lower case": github("repo:example-org/ami-builder:pull_request"),
            "a subject of its own making": github("repository_owner:Example-Org:environment:production"),
            "no subject": github(None),
            "GitHub's own audience": github(f"{_OLD}:pull_request", "https://github.com/Example-Org"),
            "an audience that begins alike": github(f"{_NEW}:pull_request", "sts.amazonaws.com.evil.example"),
            "audience in another case": github(f"{_NEW}:environment:production", "STS.amazonaws.com"),
            "no audience": github(f"{_OLD}:environment:production", None),
            "another issuer": github(f"{_OLD}:pull_request", issuer=_SERVER),
            "another account's provider": _web(_GITHUB, f"{_OLD}:pull_request", "sts.amazonaws.com", account="9" * 12),
            "a role of the account": Request(
                action="sts:AssumeRole", principal=("AWS", f"arn:aws:iam::{ACCOUNT}:role/github-plan")
            ),
        },
    ),
    "server": Tokens(
        plan={
            name: github(f"{_OLD}:{what}", issuer=_SERVER)
            for name, what in (("pull request", "pull_request"), ("branch by hand", "ref:refs/heads/release/1"))
        },
        apply={
            "environment": github(f"{_OLD}:environment:prod%3Aeu", issuer=_SERVER),
        },
        forged={
            "with IDs": github(f"{_NEW}:pull_request", issuer=_SERVER),
            "of github.com": github(f"{_OLD}:pull_request"),
            "a colon in the environment": github(f"{_OLD}:environment:prod:eu", issuer=_SERVER),
            "the default branch": github(f"{_OLD}:ref:refs/heads/main", issuer=_SERVER),
            **{
                f"another audience, {what}": github(f"{_OLD}:{what}", "git.example.com", _SERVER)
                for what in ("pull_request", "environment:prod%3Aeu")
            },
        },
    ),
    "bitbucket": Tokens(
        plan={
            "a step": bitbucket(f"{_REPO}:{STEP}"),
            "another step": bitbucket(f"{_REPO}:{STEP.replace('0a1b', 'ffff')}"),
        },
        apply={
            "the deployment's step": bitbucket(f"{_REPO}:{_PRODUCTION}:{STEP}"),
            "another step of it": bitbucket(f"{_REPO}:{_PRODUCTION}:{STEP.replace('0a1b', 'ffff')}"),
        },
        forged={
            "another repository": bitbucket(f"{{{OTHER}}}:{STEP}"),
            "another repository's deployment": bitbucket(f"{{{OTHER}}}:{_PRODUCTION}:{STEP}"),
            "another deployment": bitbucket(f"{_REPO}:{{{OTHER}}}:{STEP}"),
            "the environment in another repository's place": bitbucket(f"{_PRODUCTION}:{_REPO}:{STEP}"),
            "without braces": bitbucket(f"{REPOSITORY}:{STEP}"),
            "in upper case": bitbucket(f"{_REPO.upper()}:{STEP}"),
            "a part more": bitbucket(f"{_REPO}:{_PRODUCTION}:{STEP}:{STEP}"),
            "without a step": bitbucket(f"{_REPO}:"),
            "what begins alike": bitbucket(f"{_REPO}x:{STEP}"),
            "a wildcard": bitbucket("*"),
            "a wildcard for the step": bitbucket(f"{_REPO}:*"),
            "no subject": bitbucket(None),
            "another workspace": bitbucket(f"{_REPO}:{STEP}", f"ari:cloud:bitbucket::workspace/{OTHER}"),
            "another workspace's issuer": bitbucket(f"{_REPO}:{STEP}", issuer=_BITBUCKET.replace("example", "evil")),
            "AWS as audience": bitbucket(f"{_REPO}:{STEP}", "sts.amazonaws.com"),
            "the UUID alone as audience": bitbucket(f"{_REPO}:{_PRODUCTION}:{STEP}", WORKSPACE),
            "the UUID in braces as audience": bitbucket(f"{_REPO}:{STEP}", f"{{{WORKSPACE}}}"),
            "no audience": bitbucket(f"{_REPO}:{_PRODUCTION}:{STEP}", None),
        },
    ),
    "codecommit": Tokens(
        plan={"the project": codebuild("codecommit-plan")},
        apply={"the project": codebuild("codecommit-apply")},
        forged={
            "another project": codebuild("other"),
            "a project that begins alike": codebuild("codecommit-plan-2"),
            "a project that ends alike": codebuild("x-codecommit-apply"),
            "in upper case": codebuild("Codecommit-Plan"),
            "a wildcard": codebuild("*"),
            "another account": codebuild("codecommit-plan", account="9" * 12),
            "another account's apply": codebuild("codecommit-apply", account="9" * 12),
            "another region": codebuild("codecommit-plan", region="us-east-1"),
            "nobody knows for whom": codebuild("codecommit-apply", known=False),
            "another service": codebuild("codecommit-plan", who="lambda.amazonaws.com"),
            "CodePipeline": codebuild("codecommit-apply", who="codepipeline.amazonaws.com"),
            "EC2": codebuild("codecommit-apply", who="ec2.amazonaws.com"),
            "a user of the account": codebuild("codecommit-plan", kind="AWS", who=f"arn:aws:iam::{ACCOUNT}:user/ann"),
            "a web identity": github(f"{_OLD}:pull_request"),
        },
    ),
}

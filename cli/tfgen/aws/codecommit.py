"""CodeCommit's comments on pull requests, through boto3: the user's own profile, variables and endpoint count."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tfgen.aws.clients import AwsClient, client
from tfgen.aws.profiles import region_of
from tfgen_generators.errors import TfgenError, UsageError

_OTHERS = "CommentNotCreatedByCallerException"


class OtherAuthorError(TfgenError):
    """The comment was written by another role or user."""


@dataclass(frozen=True, kw_only=True)
class FoundComment:
    """A comment of our own role or user."""

    id: str
    content: str


def own_comments(pull_request: str) -> list[FoundComment]:
    """The comments that our role or user has written, oldest first. Raises TfgenError."""
    with _explained("GetCommentsForPullRequest"):
        pages = _client("codecommit").get_paginator("get_comments_for_pull_request")
        found = list[dict[str, object]]()
        for page in pages.paginate(pullRequestId=pull_request, PaginationConfig={"PageSize": 100}):
            for place in page.get("commentsForPullRequestData", []):
                found += [comment for comment in place.get("comments", []) if not comment.get("deleted")]
    if not found:
        return []
    with _explained("sts:GetCallerIdentity"):
        us = _role(_client("sts").get_caller_identity()["Arn"])
    ours = [comment for comment in found if _role(str(comment.get("authorArn", ""))) == us]
    ours.sort(key=lambda comment: str(comment.get("creationDate", "")))
    return [FoundComment(id=str(comment["commentId"]), content=str(comment.get("content", ""))) for comment in ours]


def post_comment(pull_request: str, repository: str, before: str, after: str, content: str) -> None:
    """Adds a comment, once however often boto3 tries. Raises TfgenError."""
    import uuid

    with _explained("PostCommentForPullRequest"):
        _client("codecommit").post_comment_for_pull_request(
            pullRequestId=pull_request,
            repositoryName=repository,
            beforeCommitId=before,
            afterCommitId=after,
            content=content,
            clientRequestToken=str(uuid.uuid4()),
        )


def update_comment(comment: str, content: str) -> None:
    """Gives a comment another text. Raises OtherAuthorError when only another session may, TfgenError."""
    with _explained("UpdateComment"):
        _client("codecommit").update_comment(commentId=comment, content=content)


def _role(arn: str) -> str:
    """An assumed role without its session, which is another in each build; any other ARN as it is."""
    parts = arn.split("/")
    return "/".join(parts[:2]) if ":assumed-role/" in arn else arn


def _client(service: str) -> AwsClient:
    region = region_of("")
    if not region:
        raise UsageError("AWS region not set", fix="set AWS_REGION")
    return client(service, region=region)


@contextmanager
def _explained(operation: str) -> Iterator[None]:
    """boto3's errors as ours; what is transient, botocore has tried again already."""
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    action = operation if ":" in operation else f"codecommit:{operation}"
    try:
        yield
    except ClientError as error:
        said = error.response.get("Error", {})
        code, words = str(said.get("Code", "")), " ".join(str(said.get("Message", "")).split())[:300]
        if code == _OTHERS:
            raise OtherAuthorError("another user wrote the comment") from None
        fix = f"allow {action} on the repository" if "AccessDenied" in code else "see its message"
        raise TfgenError(f"CodeCommit refused {operation} ({code}{f': {words}' if words else ''})", fix=fix) from None
    except NoCredentialsError:
        raise TfgenError(
            "no AWS credentials found", fix=f"set AWS_PROFILE, or use a role that allows {action}"
        ) from None
    except BotoCoreError as error:
        raise TfgenError(f"CodeCommit cannot be reached: {error}", fix="try again later") from None

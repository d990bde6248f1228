"""Comments on CodeCommit's pull requests; boto3 itself is spoken to in `tfgen.aws.codecommit`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tfgen.hosts.model import Comment, NotOursError


@dataclass(frozen=True, kw_only=True)
class CodeCommit:
    """One pull request, and the two commits between which a comment stands. Every method raises TfgenError."""

    number: str
    repository: str
    before: str
    after: str

    @property
    def title(self) -> str:
        return f"{self.repository}#{self.number}"

    def comments(self) -> Sequence[Comment]:
        from tfgen.aws.codecommit import own_comments

        return [Comment(id=found.id, body=found.content) for found in own_comments(self.number)]

    def create(self, body: str) -> None:
        from tfgen.aws.codecommit import post_comment

        post_comment(self.number, self.repository, self.before, self.after, body)

    def update(self, comment: Comment, body: str) -> None:
        from tfgen.aws.codecommit import OtherAuthorError, update_comment

        try:
            update_comment(comment.id, body)
        except OtherAuthorError as error:
            raise NotOursError(error.message) from None

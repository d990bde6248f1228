"""Comments on GitHub's pull requests (github.com and Enterprise Server), by its REST API."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from tfgen.hosts.http import Api, bearer
from tfgen.hosts.model import Comment

_NEXT = re.compile(r'<([^>]*)>;[^,]*rel="next"')
_MOST_PAGES = 100


class _User(msgspec.Struct, frozen=True):
    login: str = ""
    type: str = ""


class _Comment(msgspec.Struct, frozen=True):
    id: int
    body: str | None = None
    user: _User | None = None


class GitHub:
    """One pull request. Every method raises TfgenError."""

    def __init__(self, api_url: str, repository: str, number: int, token: str) -> None:
        headers = {
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "Authorization": bearer(token),
        }
        self._api = Api(api_url, name="GitHub", headers=headers, permission="the permission pull-requests: write")
        self._repository, self._number = repository, number
        self._login: str | None = None

    @property
    def title(self) -> str:
        return f"{self._repository}#{self._number}"

    def comments(self) -> Sequence[Comment]:
        """Those of the token's own user; a token of an app has none to name, and takes those that an app wrote."""
        path = f"/repos/{self._repository}/issues/{self._number}/comments?per_page=100"
        found = list[_Comment]()
        for _ in range(_MOST_PAGES):
            answer = self._api.get(path)
            found += answer.decode(list[_Comment])
            following = _NEXT.search(answer.headers.get("link", ""))
            if following is None:
                break
            path = following.group(1)
        return [Comment(id=str(comment.id), body=comment.body or "") for comment in found if self._is_ours(comment)]

    def create(self, body: str) -> None:
        self._api.send("POST", f"/repos/{self._repository}/issues/{self._number}/comments", {"body": body})

    def update(self, comment: Comment, body: str) -> None:
        self._api.send("PATCH", f"/repos/{self._repository}/issues/comments/{comment.id}", {"body": body})

    def _is_ours(self, comment: _Comment) -> bool:
        if comment.user is None:
            return False
        if self._login is None:
            # GITHUB_TOKEN and the tokens of apps may not ask this: 403.
            answer = self._api.get("/user", accept=(403, 404))
            self._login = answer.decode(_User).login if answer.status == 200 else ""
        return comment.user.login == self._login if self._login else comment.user.type == "Bot"

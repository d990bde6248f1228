"""Comments on Bitbucket Cloud's pull requests, by its REST API 2.0."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tfgen.hosts.http import Api
from tfgen.hosts.model import Comment

API = "https://api.bitbucket.org/2.0"
_MOST_PAGES = 100


class _User(msgspec.Struct, frozen=True):
    type: str = ""
    uuid: str = ""


class _Content(msgspec.Struct, frozen=True):
    raw: str = ""


class _Comment(msgspec.Struct, frozen=True):
    id: int
    content: _Content = _Content()
    user: _User | None = None
    deleted: bool = False


class _Page(msgspec.Struct, frozen=True):
    values: list[_Comment] = []
    next: str = ""


class Bitbucket:
    """One pull request. Every method raises TfgenError."""

    def __init__(self, api_url: str, repository: str, number: int, authorization: str) -> None:
        headers = {"Accept": "application/json", "Authorization": authorization}
        permission = "the scopes pullrequest and pullrequest:write"
        self._api = Api(api_url, name="Bitbucket", headers=headers, permission=permission)
        self._repository, self._number = repository, number
        self._uuid: str | None = None

    @property
    def title(self) -> str:
        return f"{self._repository}#{self._number}"

    @property
    def _path(self) -> str:
        return f"/repositories/{self._repository}/pullrequests/{self._number}/comments"

    def comments(self) -> Sequence[Comment]:
        """Those of the token's own user; an access token has none to name, and takes those that no person wrote."""
        path = f"{self._path}?pagelen=100"
        found = list[_Comment]()
        for _ in range(_MOST_PAGES):
            page = self._api.get(path).decode(_Page)
            found += page.values
            if not page.next:
                break
            path = page.next
        alive = sorted((comment for comment in found if not comment.deleted), key=lambda comment: comment.id)
        return [Comment(id=str(comment.id), body=comment.content.raw) for comment in alive if self._is_ours(comment)]

    def create(self, body: str) -> None:
        self._api.send("POST", self._path, {"content": {"raw": body}})

    def update(self, comment: Comment, body: str) -> None:
        self._api.send("PUT", f"{self._path}/{comment.id}", {"content": {"raw": body}})

    def _is_ours(self, comment: _Comment) -> bool:
        if comment.user is None:
            return False
        if self._uuid is None:
            answer = self._api.get("/user", accept=(401, 403, 404))
            self._uuid = answer.decode(_User).uuid if answer.status == 200 else ""
        return comment.user.uuid == self._uuid if self._uuid else comment.user.type != "user"

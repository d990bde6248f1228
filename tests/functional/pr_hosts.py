"""Local HTTP servers that behave as the APIs of GitHub, Bitbucket Cloud and CodeCommit do, as far as comments go.

Each keeps its pull request's comments, checks the token, pages, and refuses a text that is too long, as the real one
does. moto 5.2.5 has CodeCommit's repositories alone, no pull request and no comment: hence a server for that too.
"""

from __future__ import annotations

import json
import re
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, TypeVar
from urllib.parse import parse_qs, urlsplit


@dataclass(kw_only=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass(kw_only=True)
class Reply:
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    #: Breaks the connection instead: before anything was done, or afterwards.
    drop: str = ""


Answering = Callable[[Request], Reply]


@dataclass(kw_only=True)
class Fault:
    """What the next request that fits is answered with instead (once)."""

    reply: Reply
    method: str = ""


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that has gone is no news."""


class Server:
    """A running server. `faults` come first, in order; `requests` is all that was asked."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.comments: list[dict[str, Any]] = []
        self._server = _QuietServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def speak_tls(self, folder: Path) -> None:
        """From now on with a certificate of its own making, kept in `folder`."""
        key, certificate = folder / "key.pem", folder / "certificate.pem"
        made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
        argv = [*made, "-keyout", str(key), "-out", str(certificate)]
        subprocess.run(argv, check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def answer(self, request: Request) -> Reply:
        raise NotImplementedError

    def fail(self, *replies: Reply, method: str = "") -> None:
        self.faults += [Fault(reply=reply, method=method) for reply in replies]

    def asked(self, method: str) -> int:
        return sum(request.method == method for request in self.requests)

    def reply(self, request: Request) -> Reply:
        self.requests.append(request)
        for fault in self.faults:
            if fault.method in ("", request.method):
                self.faults.remove(fault)
                if fault.reply.drop == "after":
                    self.answer(request)
                return fault.reply
        return self.answer(request)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # or the body of an answer waits 40 ms for the client's word on its head

            def handle_any(self) -> None:
                parts = urlsplit(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                data = self.rfile.read(length)
                request = Request(
                    method=self.command,
                    path=parts.path,
                    query={key: values[0] for key, values in parse_qs(parts.query).items()},
                    headers={key.lower(): value for key, value in self.headers.items()},
                    body=json.loads(data) if data.startswith(b"{") else data.decode(),
                )
                reply = server.reply(request)
                if reply.drop:
                    self.close_connection = True
                    self.connection.close()
                    return
                body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
                self.send_response(reply.status)
                for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PATCH = do_PUT = handle_any  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        return Handler


class GitHub(Server):
    """https://docs.github.com/en/rest/issues/comments, for org/images#7."""

    app: ClassVar[dict[str, Any]] = {"login": "github-actions[bot]", "type": "Bot"}
    #: Whose the token is: an app has no user to show.
    user: dict[str, Any] | None = None
    page_size = 100

    @property
    def env(self) -> dict[str, str]:
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.url,
            "GITHUB_REPOSITORY": "org/images",
            "GITHUB_REF": "refs/pull/7/merge",
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_RUN_ID": "42",
            "GITHUB_TOKEN": "test",
        }

    def add(self, body: str, user: dict[str, Any] | None = None) -> dict[str, Any]:
        comment = {"id": 1000 + len(self.comments), "body": body, "user": user or self.user or self.app}
        self.comments.append(comment)
        return comment

    def bodies(self) -> list[str]:
        return [str(comment["body"]) for comment in self.comments]

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != "Bearer test":
            return Reply(status=401, body={"message": "Bad credentials"})
        if request.path == "/user":
            refusal = Reply(status=403, body={"message": "Resource not accessible by integration"})
            return Reply(body=self.user) if self.user else refusal
        if request.path == "/repos/org/images/issues/7/comments":
            return self._create(request) if request.method == "POST" else self._page(request)
        edited = re.fullmatch(r"/repos/org/images/issues/comments/(\d+)", request.path)
        if edited and request.method == "PATCH":
            return self._edit(int(edited[1]), request)
        return Reply(status=404, body={"message": "Not Found"})

    def _page(self, request: Request) -> Reply:
        size, page = min(int(request.query.get("per_page", 30)), self.page_size), int(request.query.get("page", 1))
        more = len(self.comments) > page * size
        following = (
            f'<{self.url}{request.path}?per_page={size}&page={page + 1}>; rel="next", <{self.url}/x>; rel="last"'
        )
        return Reply(body=self.comments[(page - 1) * size : page * size], headers={"Link": following} if more else {})

    def _create(self, request: Request) -> Reply:
        return self._too_long(request) or Reply(status=201, body=self.add(request.body["body"]))

    def _edit(self, number: int, request: Request) -> Reply:
        for comment in self.comments:
            if comment["id"] == number:
                refusal = self._too_long(request)
                if not refusal:
                    comment["body"] = request.body["body"]
                return refusal or Reply(body=comment)
        return Reply(status=404, body={"message": "Not Found"})

    @staticmethod
    def _too_long(request: Request) -> Reply | None:
        if len(request.body["body"]) <= 65_536:
            return None
        error = {"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": "Body is too long"}
        return Reply(status=422, body={"message": "Validation Failed", "errors": [error]})


class Bitbucket(Server):
    """Bitbucket Cloud's REST API 2.0, for team/images, pull request 7."""

    bot: ClassVar[dict[str, Any]] = {"type": "app_user", "uuid": "{b0b}"}
    user: dict[str, Any] | None = None
    authorization = "Bearer test"

    @property
    def env(self) -> dict[str, str]:
        return {
            "BITBUCKET_BUILD_NUMBER": "42",
            "BITBUCKET_API_URL": f"{self.url}/2.0",
            "BITBUCKET_REPO_FULL_NAME": "team/images",
            "BITBUCKET_PR_ID": "7",
            "BITBUCKET_TOKEN": "test",
        }

    def add(self, raw: str, user: dict[str, Any] | None = None, *, deleted: bool = False) -> dict[str, Any]:
        comment = {
            "id": 1000 + len(self.comments),
            "content": {"raw": raw, "markup": "markdown"},
            "user": user or self.user or self.bot,
            "deleted": deleted,
        }
        self.comments.append(comment)
        return comment

    def bodies(self) -> list[str]:
        return [str(comment["content"]["raw"]) for comment in self.comments]

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != self.authorization:
            return _bitbucket_error(401, "Token is invalid, expired, or not supported for this endpoint.")
        if request.path == "/2.0/user":
            return Reply(body=self.user) if self.user else _bitbucket_error(403, "This API is only accessible by users")
        path = "/2.0/repositories/team/images/pullrequests/7/comments"
        if request.path == path:
            return self._create(request) if request.method == "POST" else self._page(request)
        edited = re.fullmatch(rf"{path}/(\d+)", request.path)
        if edited and request.method == "PUT":
            return self._edit(int(edited[1]), request)
        return _bitbucket_error(404, "There is no API hosted at this URL.")

    def _page(self, request: Request) -> Reply:
        size, page = min(int(request.query.get("pagelen", 10)), 100), int(request.query.get("page", 1))
        body: dict[str, Any] = {"values": self.comments[(page - 1) * size : page * size], "page": page, "pagelen": size}
        if len(self.comments) > page * size:
            body["next"] = f"{self.url}{request.path}?pagelen={size}&page={page + 1}"
        return Reply(body=body)

    def _create(self, request: Request) -> Reply:
        raw = request.body["content"]["raw"]
        return _bitbucket_too_long(raw) or Reply(status=201, body=self.add(raw))

    def _edit(self, number: int, request: Request) -> Reply:
        raw = request.body["content"]["raw"]
        for comment in self.comments:
            if comment["id"] == number:
                refusal = _bitbucket_too_long(raw)
                if not refusal:
                    comment["content"]["raw"] = raw
                return refusal or Reply(body=comment)
        return _bitbucket_error(404, "Comment not found")


def _bitbucket_error(status: int, message: str) -> Reply:
    return Reply(status=status, body={"type": "error", "error": {"message": message}})


def _bitbucket_too_long(raw: str) -> Reply | None:
    if len(raw) <= 32_768:
        return None
    return _bitbucket_error(400, "content: Ensure this value has at most 32768 characters")


class CodeCommit(Server):
    """CodeCommit's JSON protocol (and STS's query protocol, for who we are), for images#7."""

    #: The session of a build's role is another each time.
    session = "AWSCodeBuild-1"
    role = "arn:aws:sts::123456789012:assumed-role/tfgen-plan"
    #: The last commit of the branch that the pull request goes into.
    destination = "b" * 40
    #: Whether CodeCommit lets another session of the same role edit a comment.
    same_role_may_edit = True
    page_size = 100

    @property
    def env(self) -> dict[str, str]:
        return {
            "CODEBUILD_BUILD_ID": "tfgen-plan:1",
            "CODEBUILD_BUILD_URL": "https://console.example/build/1",
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": "eu-west-1",
            "PULL_REQUEST_ID": "7",
            "REPOSITORY_NAME": "images",
            "SOURCE_COMMIT": "a" * 40,
            "DESTINATION_COMMIT": self.destination,
        }

    @property
    def arn(self) -> str:
        return f"{self.role}/{self.session}"

    def add(self, content: str, arn: str = "", *, deleted: bool = False) -> dict[str, Any]:
        number = len(self.comments)
        comment = {
            "commentId": f"comment-{number}",
            "content": content,
            "authorArn": arn or self.arn,
            "creationDate": 1_700_000_000 + number,
            "deleted": deleted,
        }
        self.comments.append(comment)
        return comment

    def bodies(self) -> list[str]:
        return [str(comment["content"]) for comment in self.comments]

    def answer(self, request: Request) -> Reply:
        if "Action=GetCallerIdentity" in str(request.body):
            return self._identity()
        operation = request.headers.get("x-amz-target", "").rpartition(".")[2]
        return {
            "GetCommentsForPullRequest": self._page,
            "PostCommentForPullRequest": self._create,
            "UpdateComment": self._edit,
        }[operation](request.body)

    def _identity(self) -> Reply:
        space = "https://sts.amazonaws.com/doc/2011-06-15/"
        result = f"<Arn>{self.arn}</Arn><UserId>X</UserId><Account>123456789012</Account>"
        answer = f"<GetCallerIdentityResult>{result}</GetCallerIdentityResult>"
        text = f'<GetCallerIdentityResponse xmlns="{space}">{answer}</GetCallerIdentityResponse>'
        return Reply(body=text.encode(), headers={"Content-Type": "text/xml"})

    def _page(self, body: dict[str, Any]) -> Reply:
        if "repositoryName" in body and "afterCommitId" not in body:
            return _aws_error("CommitIdRequiredException", "A commit ID is required.")
        start = int(body.get("nextToken", 0))
        shown = self.comments[start : start + self.page_size]
        answer: dict[str, Any] = {"commentsForPullRequestData": [{"pullRequestId": "7", "comments": shown}]}
        if len(self.comments) > start + self.page_size:
            answer["nextToken"] = str(start + self.page_size)
        return Reply(body=answer)

    def _create(self, body: dict[str, Any]) -> Reply:
        told = [body[name] for name in ("pullRequestId", "repositoryName", "beforeCommitId", "afterCommitId")]
        if told != ["7", "images", self.destination, "a" * 40]:
            return _aws_error("PullRequestDoesNotExistException", str(told))
        token = body["clientRequestToken"]
        for comment in self.comments:
            if comment.get("clientRequestToken") == token:
                return Reply(body={"comment": comment})
        refusal = _aws_too_long(body)
        if refusal:
            return refusal
        made = self.add(body["content"])
        made["clientRequestToken"] = token
        return Reply(body={"comment": made})

    def _edit(self, body: dict[str, Any]) -> Reply:
        for comment in self.comments:
            if comment["commentId"] == body["commentId"]:
                if comment["authorArn"] != self.arn and not self.same_role_may_edit:
                    return _aws_error("CommentNotCreatedByCallerException", "You cannot edit this comment.")
                refusal = _aws_too_long(body)
                if not refusal:
                    comment["content"] = body["content"]
                return refusal or Reply(body={"comment": comment})
        return _aws_error("CommentDoesNotExistException", body["commentId"])


def _aws_error(code: str, message: str, status: int = 400) -> Reply:
    return Reply(status=status, body={"__type": code, "message": message})


def _aws_too_long(body: dict[str, Any]) -> Reply | None:
    if len(body["content"]) <= 10_240:
        return None
    return _aws_error("CommentContentSizeLimitExceededException", "The comment is too large.")


_S = TypeVar("_S", bound=Server)


@contextmanager
def running(kind: type[_S]) -> Iterator[_S]:
    server = kind()
    try:
        yield server
    finally:
        server.stop()

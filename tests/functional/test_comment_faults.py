"""A host that refuses, limits, is down or lies: what the user sees, and that the Markdown is never lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import TOML, Command, Repo, Result
from tests.functional.pr_hosts import Bitbucket, CodeCommit, GitHub, Reply, Server, running
from tests.functional.saved_plans import image, save_plan
from tfgen.workspace import Workspace
from tfgen_generators.errors import TfgenError

#: Stands in for a token wherever it is looked for in output; long enough to be found.
TOKEN = "test-token-that-nobody-may-see"


@pytest.fixture
def here(repo: Repo) -> Path:
    root = repo({"tfgen.toml": TOML})
    save_plan(image("web"))
    return root


@pytest.fixture
def github(here: Path) -> Iterator[GitHub]:
    with running(GitHub) as server:
        yield server


@pytest.fixture(params=(GitHub, Bitbucket, CodeCommit), ids=lambda kind: kind.__name__)
def host(request: pytest.FixtureRequest, here: Path) -> Iterator[Any]:
    with running(request.param) as server:
        yield server


def assert_kept(done: Result, root: Path) -> None:
    """The Markdown is in CI's log and in a file that the error names."""
    assert "### Plan of `terraform/pipelines`" in done.err
    assert "created `module.web.aws_thing.resource_0`" in done.err
    (file,) = (root / ".tfgen/log").glob("comment-*.md")
    assert f".tfgen/log/{file.name}" in done.err.splitlines()[-1]
    assert "created `module.web.aws_thing.resource_0`" in file.read_text()


REFUSALS = [
    (GitHub, 401, "Bad credentials", "check the token"),
    (GitHub, 403, "Resource not accessible by integration", "give the token the permission pull-requests: write"),
    (GitHub, 404, "Not Found", "check the repository and the pull request"),
    (GitHub, 422, "Validation Failed", "see its message"),
    (Bitbucket, 401, "Token is invalid", "check the token"),
    (Bitbucket, 403, "Your credentials lack one or more required scopes", "pullrequest:write"),
    (Bitbucket, 404, "Not found", "check the repository and the pull request"),
]


@pytest.mark.parametrize(("kind", "status", "words", "fix"), REFUSALS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refusal_is_one_line_and_not_tried_again(
    kind: type[Server],
    status: int,
    words: str,
    fix: str,
    method: str,
    comment: Command,
    here: Path,
    pauses: list[float],
) -> None:
    body = {"message": words} if kind is GitHub else {"type": "error", "error": {"message": words}}
    with running(kind) as server:
        server.fail(Reply(status=status, body=body), method=method)
        done = comment(server).expect(1)
        last = done.err.splitlines()[-1]
        assert last.startswith("error: the comment was not posted: ")
        assert f"refused the request (HTTP {status}: {words})" in last
        assert fix in last
        assert_kept(done, here)
        assert pauses == []
        assert server.asked(method) == 1


def test_codecommit_refuses(comment: Command, here: Path) -> None:
    with running(CodeCommit) as server:
        words = "User is not authorized to perform: codecommit:GetCommentsForPullRequest"
        server.fail(Reply(status=400, body={"__type": "AccessDeniedException", "message": words}))
        done = comment(server).expect(1)
        assert f"CodeCommit refused GetCommentsForPullRequest (AccessDeniedException: {words})" in done.err
        assert "allow codecommit:GetCommentsForPullRequest" in done.err
        assert_kept(done, here)


def test_no_credentials(comment: Command, here: Path) -> None:
    with running(CodeCommit) as server:
        done = comment(server, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="").expect(1)
        assert "no AWS credentials found; set AWS_PROFILE" in done.err
        assert_kept(done, here)


@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize("kind", [GitHub, Bitbucket])
def test_down_for_a_moment(kind: type[Server], status: int, comment: Command, here: Path, pauses: list[float]) -> None:
    with running(kind) as server:
        server.fail(Reply(status=status), Reply(drop="before"), method="GET")
        done = comment(server).expect(0)
        assert len(server.comments) == 1
        assert pauses == [1, 2]
        assert f"is down (HTTP {status}); retrying in 1 s" in done.err


@pytest.mark.parametrize("kind", [GitHub, Bitbucket])
def test_down_for_long(kind: type[Server], comment: Command, here: Path, pauses: list[float]) -> None:
    with running(kind) as server:
        server.fail(*[Reply(status=503)] * 9)
        done = comment(server).expect(1)
        assert "is down (HTTP 503); try again later" in done.err.splitlines()[-1]
        assert pauses == [1, 2, 4, 8]
        assert_kept(done, here)


def test_codecommit_is_tried_again_by_botocore(comment: Command, here: Path) -> None:
    with running(CodeCommit) as server:
        throttled = Reply(status=400, body={"__type": "ThrottlingException", "message": "Rate exceeded"})
        for faults in ((throttled, Reply(status=500, body={})), (Reply(drop="before"),)):
            server.comments.clear()
            server.fail(*faults)
            comment(server).expect(0)
            assert len(server.bodies()) == 1
            assert server.faults == []


def test_codecommit_down(comment: Command, here: Path) -> None:
    with running(CodeCommit) as server:
        server.fail(*[Reply(status=503, body={})] * 9)
        done = comment(server, AWS_MAX_ATTEMPTS="2").expect(1)
        assert "CodeCommit refused GetCommentsForPullRequest (503" in done.err
        assert_kept(done, here)


def test_nobody_there(host: Any, comment: Command, here: Path, pauses: list[float]) -> None:
    host.stop()
    done = comment(host, AWS_MAX_ATTEMPTS="1").expect(1)
    assert "cannot be" in done.err.splitlines()[-1]
    assert_kept(done, here)


def test_a_name_that_is_unknown(github: GitHub, comment: Command, here: Path, pauses: list[float]) -> None:
    """Through no proxy, so that our own resolver is asked."""
    done = comment(github, GITHUB_API_URL="https://nowhere.invalid", NO_PROXY="*", no_proxy="*").expect(1)
    assert "GitHub cannot be reached" in done.err.splitlines()[-1]


def test_the_proxy_is_used_and_its_failure_named(github: GitHub, comment: Command, pauses: list[float]) -> None:
    done = comment(github, GITHUB_API_URL="https://api.example").expect(1)  # conftest's proxy leads nowhere
    assert "GitHub cannot be reached: no response from the proxy (HTTPS_PROXY)" in done.err.splitlines()[-1]


# A POST that may have been carried out


@pytest.mark.parametrize("kind", [GitHub, Bitbucket])
@pytest.mark.parametrize("fault", [Reply(drop="after"), Reply(status=502)], ids=["reset", "502"])
def test_a_post_without_an_answer_makes_one_comment(
    kind: type[Server], fault: Reply, comment: Command, here: Path, pauses: list[float]
) -> None:
    with running(kind) as server:
        server.fail(fault, method="POST")
        comment(server).expect(0)
        assert len(server.comments) == 1
        assert server.asked("POST") == (1 if fault.drop else 2)


def test_codecommit_s_post_without_an_answer_makes_one_comment(comment: Command, here: Path) -> None:
    with running(CodeCommit) as server:
        posts = 0
        answer = server.answer

        def lose_the_first_post(request: Any) -> Reply:
            nonlocal posts
            reply = answer(request)
            if "PostComment" in request.headers.get("x-amz-target", ""):
                posts += 1
                return Reply(drop="after") if posts == 1 else reply
            return reply

        server.answer = lose_the_first_post  # type: ignore[method-assign]
        comment(server).expect(0)
        assert posts == 2
        assert len(server.comments) == 1


def test_posts_that_never_succeed(github: GitHub, comment: Command, here: Path, pauses: list[float]) -> None:
    github.fail(*[Reply(status=502)] * 9, method="POST")
    done = comment(github).expect(1)
    assert github.asked("POST") == 5
    assert pauses == [1, 2, 4, 8]
    assert_kept(done, here)


# Rate limits


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
@pytest.mark.parametrize(
    ("status", "headers", "body", "seconds"),
    [
        (429, {"Retry-After": "7"}, {}, 7),
        (403, {"Retry-After": "30"}, {"message": "You have exceeded a secondary rate limit"}, 30),
        (403, {}, {"message": "You have exceeded a secondary rate limit."}, 60),
        (429, {}, {}, 60),
    ],
)
def test_a_rate_limit_is_waited_for(
    method: str, status: int, headers: dict[str, str], body: Any, seconds: int, github: GitHub, comment: Command,
    pauses: list[float],
) -> None:  # fmt: skip
    if method == "PATCH":
        comment(github).expect(0)
        save_plan(image("web", "update"))
    github.fail(Reply(status=status, headers=headers, body=body), method=method)
    done = comment(github).expect(0)
    assert pauses == [seconds]
    assert f"GitHub limits the rate of requests; retrying in {seconds} s" in done.err
    assert len(github.comments) == 1


def test_a_rate_limit_that_says_when_it_ends(github: GitHub, comment: Command, pauses: list[float]) -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 50)}
    github.fail(Reply(status=403, headers=headers, body={"message": "API rate limit exceeded"}))
    comment(github).expect(0)
    assert len(pauses) == 1
    assert 40 < pauses[0] <= 52


def test_a_wait_that_is_too_long_is_an_error(github: GitHub, comment: Command, here: Path, pauses: list[float]) -> None:
    github.fail(Reply(status=429, headers={"Retry-After": "3600"}, body={}))
    done = comment(github).expect(1)
    assert "limits the rate of requests; retry after 3600 s; try again later" in done.err
    assert pauses == []
    assert_kept(done, here)


def test_patience_is_for_all_tries_together(github: GitHub, comment: Command, pauses: list[float]) -> None:
    github.fail(*[Reply(status=429, headers={"Retry-After": "50"}, body={})] * 9)
    comment(github).expect(1)
    assert pauses == [50, 50]


# The token, and where it goes


def test_the_token_is_in_no_output_and_no_address(github: GitHub, comment: Command, pauses: list[float]) -> None:
    for fault in (Reply(status=401, body={"message": "Bad credentials"}), *[Reply(status=503)] * 5):
        github.fail(fault)
    for _ in range(3):
        done = comment(github, GITHUB_TOKEN=TOKEN)
        assert done.code == 1
        assert TOKEN not in done.out + done.err
    assert all(TOKEN not in request.path + str(request.query) for request in github.requests)
    assert any(TOKEN in request.headers["authorization"] for request in github.requests)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_to_another_host_is_not_followed(
    status: int, github: GitHub, comment: Command, pauses: list[float]
) -> None:
    with running(GitHub) as other:
        for method in ("GET", "POST"):
            github.fail(Reply(status=status, headers={"Location": f"{other.url}/x"}, body={}), method=method)
            assert comment(github).code == 1
        assert other.requests == []


def test_a_next_page_on_another_host_is_not_asked_for(comment: Command, here: Path) -> None:
    with running(Bitbucket) as server, running(Bitbucket) as other:
        server.fail(Reply(body={"values": [], "next": f"{other.url}/2.0/page"}))
        done = comment(server).expect(1)
        assert "redirects to another host (127.0.0.1), and the token must not be sent there" in done.err
        assert other.requests == []


def test_a_redirect_within_the_host_is_followed(github: GitHub, comment: Command) -> None:
    moved = "/repos/org/images/issues/7/comments?per_page=100"
    github.fail(Reply(status=301, headers={"Location": moved}, body={}), method="GET")
    github.fail(Reply(status=307, headers={"Location": moved}, body={}), method="POST")
    comment(github).expect(0)
    assert len(github.comments) == 1


def test_a_redirect_without_an_end(github: GitHub, comment: Command) -> None:
    github.fail(*[Reply(status=301, headers={"Location": "/x"}, body={})] * 9)
    assert "has moved" in comment(github).expect(1).err


@pytest.mark.parametrize("url", ["http://api.example", "ftp://127.0.0.1", "https://me:secret@api.example"])
def test_an_address_without_tls_is_refused(url: str, github: GitHub, comment: Command) -> None:
    done = comment(github, GITHUB_API_URL=url).expect(64)
    assert "GitHub's" in done.err
    assert "secret" not in done.err


@pytest.mark.parametrize("token", ["test\ntest", "test test", "t\u00e9st"])
def test_a_token_that_is_none(token: str, github: GitHub, comment: Command) -> None:
    assert "the token contains invalid characters" in comment(github, GITHUB_TOKEN=token).expect(64).err


def test_a_certificate_that_nobody_trusts(
    github: GitHub, comment: Command, tmp_path: Path, pauses: list[float]
) -> None:
    github.speak_tls(tmp_path)
    done = comment(github, GITHUB_API_URL=github.url.replace("http:", "https:"), GITHUB_TOKEN=TOKEN).expect(1)
    assert "its certificate is not trusted" in done.err.splitlines()[-1]
    assert github.requests == []


# Answers that make no sense


@pytest.mark.parametrize("body", [{"x": 1}, "text", [{"id": "no number"}], None], ids=repr)
def test_an_answer_that_is_not_the_api_s(body: Any, github: GitHub, comment: Command, here: Path) -> None:
    github.fail(Reply(body=body))
    done = comment(github).expect(1)
    assert "unexpected response from the host's API" in done.err
    assert_kept(done, here)


def test_an_answer_without_an_end(
    github: GitHub, comment: Command, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tfgen.hosts.http._MOST_BYTES", 10_000)
    github.fail(Reply(body=["x" * 20_000]))
    done = comment(github).expect(1)
    assert "the response of GitHub is too large" in done.err
    assert_kept(done, here)


def test_the_host_s_words_are_one_line(github: GitHub, comment: Command) -> None:
    github.fail(Reply(status=422, body={"message": "first\n::error::second\x1b[31m" + "x" * 5000}))
    last = comment(github).expect(1).err.splitlines()[-1]
    assert "first ::error::second" in last
    assert "\x1b" not in last
    assert len(last) < 800


def test_pages_without_an_end(comment: Command, here: Path) -> None:
    with running(Bitbucket) as server:
        answer = server.answer
        path = "/2.0/repositories/team/images/pullrequests/7/comments"

        def endless(request: Any) -> Reply:
            if request.method == "GET":
                return Reply(body={"values": [], "next": f"{server.url}{path}?page=2"})
            return answer(request)

        server.answer = endless  # type: ignore[method-assign]
        comment(server).expect(0)
        assert server.asked("GET") == 100


def test_a_log_folder_that_is_none(github: GitHub, comment: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Path:
        raise TfgenError("cannot be created: Read-only file system", where=".tfgen/log")

    monkeypatch.setattr(Workspace, "make_state_dir", refuse)
    github.fail(Reply(status=401, body={"message": "Bad credentials"}))
    done = comment(github).expect(1)
    assert "### Plan of" in done.err
    assert done.err.splitlines()[-1].endswith("its text is above")

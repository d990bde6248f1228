"""`tfgen build --local`: the phases, their order and what a failure does, as CodeBuild documents them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Command, Repo
from tests.functional.local_builds import Estate, estate, spec

ORDER = ("install", "pre_build", "build", "post_build")


def noting(**phases: object) -> dict[str, Any]:
    """A buildspec whose phases write their names into the artefact `order`; `phases` says more of them."""
    said: dict[str, object] = {}
    for name in ORDER:
        more = phases.get(name, {})
        assert isinstance(more, dict)
        said[name] = {**more, "commands": [f'echo {name} >>"$CODEBUILD_SRC_DIR/order"', *more.get("commands", [])]}
    return spec(said)


def order(built: Estate) -> list[str]:
    return built.kept("order").split()


def test_phases_run_in_order(repo: Repo, cli: Command) -> None:
    built = estate(repo, cli, noting())
    result = built.build().expect(0)
    assert order(built) == list(ORDER)
    assert [line for line in result.err.splitlines() if "Phase complete" in line] == [
        f"[tfgen] Phase complete: {name.upper()} State: SUCCEEDED" for name in ORDER
    ]


def test_a_failed_build_phase_still_runs_post_build(repo: Repo, cli: Command) -> None:
    built = estate(repo, cli, noting(build={"commands": ["false"]}))
    result = built.build().expect(1)
    assert order(built) == list(ORDER)
    assert "Error while executing command: false. Reason: exit status 1" in result.err


@pytest.mark.parametrize("phase", ["install", "pre_build"])
def test_a_failed_install_or_pre_build_ends_the_build(repo: Repo, cli: Command, phase: str) -> None:
    built = estate(repo, cli, noting(**{phase: {"commands": ["exit 3"]}}))
    result = built.build().expect(1)
    assert order(built) == list(ORDER[: ORDER.index(phase) + 1])
    assert f"error: web: {phase} (buildspec.yml:" in result.err
    assert "exit status 3" in result.err


def test_a_failed_post_build_fails_the_build(repo: Repo, cli: Command) -> None:
    built = estate(repo, cli, noting(post_build={"commands": ["echo the reason >&2; exit 1"]}))
    assert built.outcome(code=1)["reason"].endswith("exit status 1: the reason")
    assert order(built) == list(ORDER)


def test_whether_the_build_is_succeeding(repo: Repo, cli: Command) -> None:
    told = "echo $CODEBUILD_BUILD_SUCCEEDING >>told"
    built = estate(repo, cli, spec(build=[told, "false"], post_build=[told]))
    built.build().expect(1)
    assert built.kept("told").split() == ["1", "0"]


def test_a_command_cannot_say_that_the_build_succeeds(repo: Repo, cli: Command) -> None:
    lie = "export CODEBUILD_BUILD_SUCCEEDING=1"
    built = estate(repo, cli, spec(build=["false"], post_build=[lie, "echo $CODEBUILD_BUILD_SUCCEEDING >told"]))
    built.build().expect(1)
    assert built.kept("told").split() == ["0"]


def test_a_failed_command_ends_its_phase(repo: Repo, cli: Command) -> None:
    built = estate(repo, cli, spec(build=["echo 1 >>ran", "false", "echo 2 >>ran"]))
    built.build().expect(1)
    assert built.kept("ran").split() == ["1"]


def test_finally_runs_in_both_outcomes(repo: Repo, cli: Command) -> None:
    for command, code in (("true", 0), ("false", 1)):
        phase = {"commands": [command, "echo commands >>ran"], "finally": ["echo finally >>ran"]}
        built = estate(repo, cli, spec(build=phase))
        built.build().expect(code)
        assert built.kept("ran").split()[-1] == "finally"


def test_a_failed_finally_fails_its_phase(repo: Repo, cli: Command) -> None:
    built = estate(
        repo, cli, spec(build={"commands": ["true"], "finally": ["false", "echo no >ran"]}, post_build=["touch x"])
    )
    result = built.build().expect(1)
    assert "Phase complete: BUILD State: FAILED" in result.err
    assert not (built.root / ".tfgen/build/web/ran").exists()


def test_on_failure_abort(repo: Repo, cli: Command) -> None:
    built = estate(repo, cli, noting(build={"on-failure": "ABORT", "commands": ["false"]}))
    built.build().expect(1)
    assert order(built) == ["install", "pre_build", "build"]


def test_on_failure_continue(repo: Repo, cli: Command) -> None:
    built = estate(repo, cli, noting(install={"on-failure": "CONTINUE", "commands": ["false"]}))
    built.build().expect(1)
    assert order(built) == list(ORDER)


def counting(on_failure: str, words: str = "no route to host") -> dict[str, Any]:
    """A buildspec that fails twice, counted in a file beside the repository."""
    command = f'echo x >>"$COUNT"; echo "{words}"; [ "$(wc -l <"$COUNT")" -ge 3 ]'
    return spec(build={"on-failure": on_failure, "commands": [command]}, post_build=["echo post >post"])


@pytest.mark.parametrize(
    ("on_failure", "code", "attempts"),
    [
        ("RETRY", 0, 3),
        ("RETRY-2", 0, 3),
        ("RETRY-1", 1, 2),
        ("RETRY-0", 1, 1),
        ("RETRY-no route", 0, 3),
        ("RETRY-8-no route.*", 0, 3),
        ("RETRY-disk full", 1, 1),
    ],
)
def test_on_failure_retry(repo: Repo, cli: Command, on_failure: str, code: int, attempts: int) -> None:
    built = estate(repo, cli, counting(on_failure))
    count = built.root.parent / "count"
    result = built.build("--env", f"COUNT={count}").expect(code)
    assert len(count.read_text().split()) == attempts
    assert result.err.count("Entering phase POST_BUILD") == 1
    assert result.err.count("building web: ") == attempts


def test_a_retry_starts_with_a_fresh_source_and_its_own_number(repo: Repo, cli: Command) -> None:
    command = (
        'cat left 2>/dev/null; echo "$CODEBUILD_BUILD_NUMBER" >>"$COUNT"; touch left; [ "$(wc -l <"$COUNT")" -ge 2 ]'
    )
    built = estate(repo, cli, spec(build={"on-failure": "RETRY", "commands": ["test ! -e left", command]}))
    count = built.root.parent / "count"
    built.build("--env", f"COUNT={count}").expect(0)
    assert count.read_text().split() == ["1", "2"]


def test_commands_share_variables_and_the_folder(repo: Repo, cli: Command) -> None:
    multi = 'MULTI="two\nlines \\"quoted\\""'
    built = estate(
        repo,
        cli,
        spec(
            install=["PLAIN='a b'", multi, "cd packer"],
            build=['echo "$PLAIN|$MULTI|$(basename "$PWD")" >"$CODEBUILD_SRC_DIR/said"', "unset PLAIN", "cd .."],
            post_build=['echo "${PLAIN-gone}" >>said'],
        ),
    )
    built.build().expect(0)
    assert built.kept("said") == 'a b|two\nlines "quoted"|packer\ngone\n'


def test_commands_do_not_share_options_functions_and_traps(repo: Repo, cli: Command) -> None:
    first = "set -e -u; f() { :; }; alias g=true; trap 'touch trapped' EXIT; shopt -s nullglob"
    second = 'false; echo "$UNSET_"; type f g; shopt -q nullglob; echo "nullglob $?" >said'
    built = estate(repo, cli, spec(build=[first, "rm -f trapped", second]))
    built.build().expect(0)
    assert built.kept("said") == "nullglob 1\n"
    assert not (built.root / ".tfgen/build/web/trapped").exists()


def test_a_command_that_exits_leaves_no_variables(repo: Repo, cli: Command) -> None:
    built = estate(repo, cli, spec(build=["A=1", "A=2; exit 0", 'echo "$A" >said']))
    built.build().expect(0)
    assert built.kept("said") == "1\n"


def test_a_block_under_set_e_ends_at_its_first_failure(repo: Repo, cli: Command) -> None:
    built = estate(
        repo,
        cli,
        spec(build=["# tries it\nset -eo pipefail\nfail() { exit 1; }\nfalse | tee log\ntouch after", "touch next"]),
    )
    result = built.build().expect(1)
    assert sorted(path.name for path in (built.root / ".tfgen/build/web").iterdir()) == [
        "buildspec.yml",
        "log",
        "tfgen.toml",
    ]
    assert "Running command false | tee log ... (buildspec.yml:" in result.err


@pytest.mark.parametrize(("shell", "expected"), [("bash", "bash"), ("/bin/sh", "sh"), ("", "sh")])
def test_the_shell(repo: Repo, cli: Command, shell: str, expected: str) -> None:
    document = spec(build=["cat /proc/$$/comm >said"])
    document["env"] = {"shell": shell} if shell else {}
    built = estate(repo, cli, document)
    built.build().expect(0)
    assert built.kept("said").strip() == expected


def test_the_folder_of_a_command_is_gone(repo: Repo, cli: Command) -> None:
    built = estate(
        repo,
        cli,
        spec(build=["mkdir d; cd d; rmdir ../d", 'pwd >"$CODEBUILD_SRC_DIR/said"; echo $CODEBUILD_SRC_DIR >>said']),
    )
    result = built.build().expect(0)
    here, source = built.kept("said").split()
    assert here == source
    assert "no longer exists; the next command runs in the source folder" in result.err


def test_a_command_that_is_no_shell(repo: Repo, cli: Command) -> None:
    built = estate(repo, cli, spec(build=["if then"]))
    assert "exit status 2" in built.outcome(code=1)["reason"]


def test_variables_that_cannot_be_kept_fail_the_command(repo: Repo, cli: Command) -> None:
    built = estate(repo, cli, spec(build=['mkdir "$(dirname "$0")/variables"', "touch next"]))
    assert built.outcome(code=1)["reason"].endswith("the variables cannot be kept for the next command")
    assert not (built.root / ".tfgen/build/web/next").exists()


def test_what_a_command_does_to_its_shell_costs_no_failure(repo: Repo, cli: Command) -> None:
    built = estate(repo, cli, spec(build=["IFS=1; false"]))
    assert built.outcome(code=1)["reason"].endswith("exit status 1")


def test_a_path_without_programs(repo: Repo, cli: Command) -> None:
    built = estate(repo, cli, spec(build=["PATH=/nonexistent", 'echo "$PATH" >said']))
    built.build("--env", "PATH=/nowhere").expect(0)
    assert built.kept("said") == "/nonexistent\n"

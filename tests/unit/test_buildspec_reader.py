"""What a buildspec may say, and the line that an error or a warning names."""

from __future__ import annotations

import pytest

from tfgen.codebuild.buildspec import Buildspec, read_buildspec
from tfgen_generators.errors import TfgenError

GOOD = "version: 0.2\nphases:\n  build:\n    commands:\n      - make\n"


def with_env(text: str) -> str:
    return f"version: 0.2\nenv:\n{text}phases:\n  build:\n    commands:\n      - make\n"


def in_build(text: str) -> str:
    return f"version: 0.2\nphases:\n  build:\n    {text}\n    commands:\n      - make\n"


def with_artifacts(text: str) -> str:
    return f"{GOOD}artifacts:\n{text}"


def error(text: str) -> str:
    with pytest.raises(TfgenError) as caught:
        read_buildspec(text)
    assert caught.value.exit_code == 1
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "buildspec.yml:1: is empty", id="empty"),
        pytest.param("# nothing\n", "buildspec.yml:1: is empty", id="only a comment"),
        pytest.param("- a\n", "buildspec.yml:1: the buildspec is not a mapping", id="a list"),
        pytest.param("version: 0.2\nphases: [\n", "buildspec.yml:3: is not valid YAML", id="not YAML"),
        pytest.param("version: 0.2\nphases:\n\tbuild:\n", "buildspec.yml:3: is not valid YAML", id="tabs"),
        pytest.param("a: \x00", "buildspec.yml:1: is not valid YAML", id="a control character"),
        pytest.param(f"a: {'[' * 5000}", "buildspec.yml:1: is not valid YAML", id="without end"),
        pytest.param(f"{GOOD}---\n{GOOD}", "buildspec.yml:6: is not valid YAML", id="two documents"),
        pytest.param("version: 0.2\n", "has no phases", id="no phases"),
        pytest.param("version: 0.2\nphases:\n", "buildspec.yml:2: has no phases", id="phases of nothing"),
        pytest.param("version: 0.2\nphases: 3\n", "buildspec.yml:2: phases is not a mapping", id="phases"),
    ],
)
def test_a_document_that_is_none(text: str, expected: str) -> None:
    assert expected in error(text)


def test_the_version() -> None:
    assert "buildspec.yml:1: is of version 0.1; tfgen supports version 0.2" in error("version: 0.1\nphases: {}\n")
    assert "buildspec.yml:1: version '2' is not known" in error("version: 2\nphases: {}\n")
    assert "has no version; add version: 0.2" in error("phases: {}\n")


@pytest.mark.parametrize(("name", "program"), [("bash", "bash"), ("/bin/sh", "/bin/sh"), ("sh", "/bin/sh")])
def test_the_shells(name: str, program: str) -> None:
    assert read_buildspec(with_env(f"  shell: {name}\n")).shell == program
    assert read_buildspec(GOOD).shell == "/bin/sh"


def test_a_shell_of_windows() -> None:
    assert "buildspec.yml:3: env.shell 'powershell.exe' is not bash or /bin/sh" in error(
        with_env("  shell: powershell.exe\n")
    )


def test_variables_are_texts_as_they_are_written() -> None:
    spec = read_buildspec(with_env('  variables:\n    A: 1.10\n    B: yes\n    C: "x: y"\n    D:\n    E: 010\n'))
    assert spec.variables == {"A": "1.10", "B": "yes", "C": "x: y", "D": "", "E": "010"}


def test_a_variable_that_is_none() -> None:
    assert "buildspec.yml:4: 'A-B' is not a valid variable name" in error(with_env("  variables:\n    A-B: 1\n"))
    assert "buildspec.yml:4: A is not a string" in error(with_env("  variables:\n    A: [1]\n"))


@pytest.mark.parametrize("bad", ["\\0", "\\ud800"])
def test_a_character_that_no_program_can_be_given(bad: str) -> None:
    expected = "contains a character that cannot be passed to a program"
    assert f"buildspec.yml:4: A {expected}" in error(with_env(f'  variables:\n    A: "x{bad}"\n'))
    assert f"buildspec.yml:6: commands[1] {expected}" in error(f'{GOOD}      - "echo {bad}"\n')


def test_sections_of_nothing() -> None:
    assert read_buildspec(f"{GOOD}env:\n").variables == {}
    assert read_buildspec(with_env("  variables:\n  parameter-store:\n")).needed == {}


def test_a_reserved_name_is_warned_of() -> None:
    assert notes(with_env("  variables:\n    CODEBUILD_X: 1\n")) == [
        "buildspec.yml:4: CODEBUILD_X: names that begin with CODEBUILD_ are reserved by AWS"
    ]


def test_what_is_fetched_from_aws() -> None:
    spec = read_buildspec(with_env("  parameter-store:\n    A: /a\n  secrets-manager:\n    B: s:k\n"))
    assert spec.needed == {"A": ("/a in Parameter Store", 4), "B": ("s:k in Secrets Manager", 6)}


def test_aws_variables_are_not_exported() -> None:
    text = with_env("  exported-variables:\n    - AMI_ID\n    - AWS_REGION\n")
    assert read_buildspec(text).exported == ("AMI_ID",)
    assert notes(text) == ["buildspec.yml:5: AWS_REGION is not exported: AWS does not export AWS_ variables"]


def test_secrets_are_not_exported() -> None:
    text = with_env("  parameter-store:\n    A: /a\n  exported-variables:\n    - A\n    - B\n")
    assert read_buildspec(text).exported == ("B",)
    assert notes(text) == ["buildspec.yml:6: A is not exported: AWS does not export secrets"]


def test_the_order_of_the_phases_is_codebuilds() -> None:
    text = "version: 0.2\nphases:\n" + "".join(
        f"  {name}:\n    commands: [make]\n" for name in ("post_build", "build", "pre_build", "install")
    )
    assert [phase.name for phase in read_buildspec(text).phases] == ["install", "pre_build", "build", "post_build"]


def test_a_phase_that_there_is_not() -> None:
    assert "buildspec.yml:3: 'test' is not a phase; use one of install" in error(
        "version: 0.2\nphases:\n  test:\n    commands: [make]\n"
    )


def test_a_phase_needs_commands() -> None:
    assert "phase build has no commands" in error("version: 0.2\nphases:\n  build:\n    finally: [make]\n")
    assert "buildspec.yml:4: commands is not a list" in error("version: 0.2\nphases:\n  build:\n    commands: make\n")
    assert read_buildspec("version: 0.2\nphases:\n  install:\n    runtime-versions:\n      python: 3\n").phases


def test_a_command_that_yaml_takes_for_a_mapping() -> None:
    assert "buildspec.yml:5: commands[0] is not a string; put it in quotes" in error(
        "version: 0.2\nphases:\n  build:\n    commands:\n      - echo a: b\n"
    )


@pytest.mark.parametrize(
    ("said", "retries", "pattern"),
    [
        ("RETRY", 3, ".*"),
        ("RETRY-5", 5, ".*"),
        ("RETRY-0", 0, ".*"),
        ("RETRY-invalid+", 3, "invalid+"),
        ("Retry-3-.*connection timed out.*", 3, ".*connection timed out.*"),
    ],
)
def test_the_forms_of_retry(said: str, retries: int, pattern: str) -> None:
    (phase,) = read_buildspec(in_build(f"on-failure: {said}")).phases
    assert (phase.on_failure, phase.retries, phase.pattern) == ("RETRY", retries, pattern)


@pytest.mark.parametrize("said", ["abort", "STOP", "RETRY-", "RETRY-101", "RETRY-3-(", "''"])
def test_an_on_failure_that_is_none(said: str) -> None:
    assert "buildspec.yml:4: on-failure" in error(in_build(f"on-failure: {said}"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(in_build("run-as: root"), "4: build: run-as is ignored in a local build", id="run-as"),
        pytest.param(f"{GOOD}run-as: root\n", "6: run-as is ignored in a local build", id="run-as of all"),
        pytest.param(in_build("runtime-versions: {go: 1}"), "4: build: runtime-versions is ignored", id="runtimes"),
        pytest.param(with_env("  git-credential-helper: yes\n"), "3: git-credential-helper is ignored", id="git"),
        pytest.param(f"{GOOD}cache:\n  paths: [a]\n", "6: cache is ignored in a local build", id="cache"),
        pytest.param(f"{GOOD}reports:\n  a: {{}}\n", "6: reports is ignored in a local build", id="reports"),
        pytest.param(f"{GOOD}proxy:\n  logs: no\n", "6: proxy is ignored in a local build", id="proxy"),
        pytest.param(f"{GOOD}batch:\n  fast-fail: no\n", "6: batch is ignored in a local build", id="batch"),
        pytest.param(
            with_artifacts("  files: [a]\n  name: x\n"), "8: artifacts: name is ignored in a local build", id="name"
        ),
        pytest.param(with_artifacts("  files: [a]\n  s3-prefix: x\n"), "8: artifacts: s3-prefix is", id="s3-prefix"),
        pytest.param(
            with_artifacts("  files: [a]\n  enable-symlinks: yes\n"), "8: artifacts: enable-symlinks is", id="symlinks"
        ),
    ],
)
def test_what_has_no_effect_here_is_said(text: str, expected: str) -> None:
    (said,) = notes(text)
    assert said.startswith(f"buildspec.yml:{expected}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{GOOD}stages: 1\n", "6: stages is not a key of the buildspec; it is ignored"),
        (in_build("comands: [make]"), "4: comands is not a key of phase build; it is ignored"),
        (with_env("  variable: {}\n"), "3: variable is not a key of env; it is ignored"),
        (with_artifacts("  file: a\n  files: [a]\n"), "7: file is not a key of artifacts; it is ignored"),
        (
            f"{GOOD}'\\e[31m\\nx': 1\n".replace("'", '"'),
            "6: \\x1b[31m\\nx is not a key of the buildspec; it is ignored",
        ),
    ],
)
def test_an_unknown_key_is_warned_of(text: str, expected: str) -> None:
    assert notes(text) == [f"buildspec.yml:{expected}"]


def test_a_key_that_comes_twice() -> None:
    assert notes(f"{GOOD}env: {{}}\nenv: {{shell: bash}}\n") == [
        "buildspec.yml:7: the buildspec: env is defined twice; the last one counts"
    ]


def test_anchors_and_merges() -> None:
    text = "version: 0.2\nphases:\n  build: &x\n    on-failure: ABORT\n    commands: [a]\n  post_build:\n"
    spec = read_buildspec(f"{text}    <<: *x\n    commands: [b]\n")
    assert [(phase.on_failure, phase.commands[0].text) for phase in spec.phases] == [("ABORT", "a"), ("ABORT", "b")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  discard-paths: yes\n", "artifacts has no files"),
        ("  files: a\n", "7: files is not a list"),
        ("  files: [a]\n  discard-paths: maybe\n", "8: discard-paths is not yes or no"),
        ("  files: [a]\n  secondary-artifacts:\n    ../x:\n      files: [a]\n", "9: '../x' is not an artifact"),
        ("  files: [a]\n  secondary-artifacts:\n    x: {}\n", "artifact x has no files"),
    ],
)
def test_artifacts_that_are_none(text: str, expected: str) -> None:
    assert expected in error(with_artifacts(text))


def notes(text: str) -> list[str]:
    return list(spec(text).notes)


def spec(text: str) -> Buildspec:
    return read_buildspec(text)

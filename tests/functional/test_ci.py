"""`tfgen ci`: the recipes are written once, pass their linters, and hold nothing that a pull request could steer."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import TOML, Command, Repo, write_tree
from tests.e2e.tools import require_tool
from tests.pinned import ADDRESS
from tfgen.hosts.recipe import RECIPES

SCHEMAS = {"github": "vendor.github-workflows", "bitbucket": "vendor.bitbucket-pipelines"}
HOSTS = sorted(RECIPES)
TOOLS = ["terraform", "tofu"]


@pytest.fixture(autouse=True)
def _pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFGEN_CI_INSTALL", ADDRESS)


def document(cli: Command, host: str, *options: str) -> dict[Any, Any]:
    found = yaml.safe_load(cli("ci", host, *options, "--output", "-").expect(0).out)
    assert isinstance(found, dict)
    return found


def scripts(value: object) -> list[str]:
    """All shell of a recipe."""
    if isinstance(value, list):
        return [script for item in value for script in scripts(item)]
    if not isinstance(value, dict):
        return []
    found = []
    for key, inner in value.items():
        if key in ("run", "script", "commands"):
            found += [inner] if isinstance(inner, str) else ["\n".join(map(str, inner))]
        else:
            found += scripts(inner)
    return found


@pytest.mark.parametrize("host", HOSTS)
def test_it_is_written_where_ci_looks_for_it(host: str, repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": TOML})
    path = RECIPES[host][1]
    assert cli("ci", host).expect(0).err == f"wrote {path}\n"
    text = (root / path).read_text()
    assert not re.search("@[A-Z]+@", text)  # no placeholder is left
    assert cli("ci", host, "--output", "-").expect(0).out == text
    assert cli("ci", host).expect(0).err == f"unchanged: {path}\n"


@pytest.mark.parametrize("host", HOSTS)
def test_a_file_that_is_there_is_left_as_it_is(host: str, repo: Repo, cli: Command) -> None:
    path = RECIPES[host][1]
    root = repo({"tfgen.toml": TOML, path: "mine\n"})
    done = cli("ci", host).expect(3)
    assert done.err.startswith(f"error: {path}: already exists with other content")
    assert f"tfgen ci {host} --install '{ADDRESS}' --output -" in done.err
    assert (root / path).read_text() == "mine\n"


def test_a_dangling_link_is_not_written_through(repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": TOML})
    (root / "buildspec-plan.yml").symlink_to(root.parent / "elsewhere")
    cli("ci", "codecommit").expect(3)
    assert not (root.parent / "elsewhere").exists()


def test_another_file(repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": TOML})
    cli("ci", "github", "--output", "ci/plan.yml").expect(0)
    assert (root / "ci/plan.yml").is_file()
    assert not (root / ".github").exists()
    repo({"in-the-way": ""})
    assert "cannot be written" in cli("ci", "github", "--output", "in-the-way/x.yml").expect(1).err


def test_a_folder_within_a_git_repository_is_not_where_ci_looks(repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": TOML})
    assert "root of the git repository" not in cli("ci", "github").expect(0).err
    (root.parent / ".git").mkdir()
    assert "tfgen.toml is not at the root of the git repository" in cli("ci", "github").expect(0).err
    (root / ".git").mkdir()
    assert "root of the git repository" not in cli("ci", "github").expect(0).err


def test_an_unknown_host(repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": TOML})
    cli("ci", "gitlab").expect(64)
    cli("ci").expect(64)


@pytest.mark.parametrize("branch", ["trunk", "release/1.0", "a\"b'c", "a#b", "yes", "@BASE@", "caf\u00e9"])
def test_the_branch_comes_from_the_settings(branch: str, repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": f"{TOML}branch = {json.dumps(branch)}\n"})
    workflow = document(cli, "github")
    assert workflow[True]["push"]["branches"] == [branch]  # YAML 1.1 reads the key `on` as true
    assert workflow["env"]["BRANCH"] == branch
    assert list(document(cli, "bitbucket")["pipelines"]["branches"]) == [branch]


@pytest.mark.parametrize("branch", ["trunk", "release/1.0", "a'b", "$(touch${IFS}x)", "caf\u00e9"])
def test_pull_requests_are_planned_as_a_stranger_s_against_that_branch(branch: str, repo: Repo, cli: Command) -> None:
    """Its full name of the remote: no tag, no branch of the pull request and no word of the host is taken for it."""
    repo({"tfgen.toml": f"{TOML}branch = {json.dumps(branch)}\n"})
    for host in HOSTS:
        found = document(cli, host)
        if host == "github":
            found = found["jobs"]["plan"]
        elif host == "bitbucket":
            found = found["pipelines"]["pull-requests"]
        lines = [line.strip() for script in scripts(found) for line in script.splitlines()]
        (plan,) = [line for line in lines if " plan --untrusted" in line]
        words = shlex.split(plan.replace("$BRANCH", branch) if host == "github" else plan)
        assert words[words.index("--base") + 1] == f"refs/remotes/origin/{branch}"
        assert words[-3:] == ["--out", "images.tfplan", "--gate"]


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("host", sorted(SCHEMAS))
def test_the_host_s_schema_holds(tool: str, host: str, repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": TOML})
    cli("ci", host, "--tool", tool).expect(0)
    program = str(Path(sys.executable).with_name("check-jsonschema"))

    def check() -> int:
        argv = [program, "--builtin-schema", SCHEMAS[host], RECIPES[host][1]]
        return subprocess.run(argv, capture_output=True, check=False).returncode

    assert check() == 0
    file = root / RECIPES[host][1]
    file.write_text(file.read_text().replace("runs-on:", "run-on:").replace("- step:", "- stp:"))
    assert check() != 0, "the linter accepts anything"


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("host", HOSTS)
def test_yamllint_has_nothing_to_say(tool: str, host: str, repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": TOML})
    cli("ci", host, "--tool", tool).expect(0)
    rules = "line-length: {max: 120}, document-start: disable, comments: {min-spaces-from-content: 1}"
    config = f"{{extends: default, rules: {{{rules}, truthy: {{check-keys: false}}}}}}"
    argv = [sys.executable, "-m", "yamllint", "--strict", "-d", config, str(root / RECIPES[host][1])]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("host", HOSTS)
def test_shellcheck_has_nothing_to_say(tool: str, host: str, repo: Repo, cli: Command, tmp_path: Path) -> None:
    repo({"tfgen.toml": TOML})
    found = scripts(document(cli, host, "--tool", tool))
    assert len(found) >= 3
    for number, script in enumerate(found):
        file = tmp_path / f"{number}.sh"
        file.write_text(f"#!/bin/bash\nset -e\n{script}\n")
        done = subprocess.run([require_tool("shellcheck"), str(file)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("host", HOSTS)
def test_bash_can_read_every_script(tool: str, host: str, repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": TOML})
    for script in scripts(document(cli, host, "--tool", tool)):
        done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), script


#: Each linter of GitHub's workflows, and what it must not pass: a mistake in it, and what is only unsafe.
LINTERS = {
    "actionlint": (["jactionlint", "--strict-exit", "--no-color"], ("needs: plan", "needs: plam")),
    "zizmor": (
        ["zizmor", "--offline", "--persona=auditor", "--no-progress", "--color=never"],
        ("persist-credentials: false", "persist-credentials: true"),
    ),
}


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("linter", sorted(LINTERS))
def test_the_linters_of_workflows_find_nothing(linter: str, tool: str, repo: Repo, cli: Command) -> None:
    file = repo({"tfgen.toml": TOML}) / RECIPES["github"][1]
    cli("ci", "github", "--tool", tool).expect(0)
    (program, *options), (right, wrong) = LINTERS[linter]

    def check() -> subprocess.CompletedProcess[str]:
        argv = [str(Path(sys.executable).with_name(program)), *options, str(file)]
        return subprocess.run(argv, capture_output=True, text=True, check=False)

    done = check()
    assert done.returncode == 0, done.stdout + done.stderr
    text = file.read_text()
    assert right in text
    file.write_text(text.replace(right, wrong))
    assert check().returncode != 0, "the linter accepts anything"


# What GitHub's workflow must hold to be safe


def test_no_expression_of_github_s_stands_in_shell(repo: Repo, cli: Command) -> None:
    """What a pull request says would be run as a command: it comes by the environment alone."""
    repo({"tfgen.toml": TOML})
    assert not [script for script in scripts(document(cli, "github")) if "${{" in script]


@pytest.mark.parametrize("host", HOSTS)
def test_python_imports_nothing_of_the_checkout(host: str, repo: Repo, cli: Command) -> None:
    """`python -m pip` would import a pull request's own pip.py."""
    repo({"tfgen.toml": TOML})
    calls = re.findall(r"\bpython.* -m .*", cli("ci", host, "--output", "-").expect(0).out)
    assert calls
    assert all(re.match(r'python"? -I -m (pip install|venv) ', call) for call in calls)


#: The commits of the actions' tags; each one's action.yml says `using: node24`.
ACTIONS = {
    "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
    "actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0",
    "actions/upload-artifact@b7c566a772e6b6bfb58ed0dc250532a479d7789f # v6.0.0",
    "aws-actions/configure-aws-credentials@e6de054238d6b7531b4efff3b6587d9aade6a06c # v6.2.3",
}


def test_every_action_is_pinned_to_the_commit_of_its_version(repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": TOML})
    uses = re.findall(r"uses: (.*)", cli("ci", "github", "--output", "-").out)
    assert len(uses) == 7
    assert set(uses) == ACTIONS


def test_each_job_may_do_what_it_needs(repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": TOML})
    workflow = document(cli, "github")
    assert workflow["permissions"] == {}
    assert workflow["jobs"]["plan"]["permissions"] == {
        "contents": "read",
        "id-token": "write",
        "pull-requests": "write",
    }
    assert workflow["jobs"]["apply"]["permissions"] == {
        "actions": "read",
        "contents": "read",
        "id-token": "write",
        "pull-requests": "read",
    }
    assert workflow["jobs"]["apply"]["environment"] == "production"
    assert "environment" not in workflow["jobs"]["plan"]
    assert "pull_request_target" not in workflow[True]
    for name, job in workflow["jobs"].items():
        (checkout,) = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
        ref = {"ref": "${{ github.sha }}"} if name == "apply" else {}
        assert checkout["with"] == {**ref, "fetch-depth": 0, "persist-credentials": False}
        assert job["concurrency"]["cancel-in-progress"] is False


def test_the_apply_role_is_never_in_the_plan(repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": TOML})
    for host in ("github", "bitbucket"):
        found = document(cli, host)
        plan = found["jobs"]["plan"] if host == "github" else found["pipelines"]["pull-requests"]
        assert "TFGEN_PLAN_ROLE" in json.dumps(plan)
        assert "TFGEN_APPLY_ROLE" not in json.dumps(plan)


# What CI installs (tests/unit/test_requirement.py has every form)


@pytest.mark.parametrize("host", HOSTS)
def test_what_is_not_certain_is_not_written(
    host: str, repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """These tests run in a clone: nobody else gets the same from it."""
    root = repo({"tfgen.toml": TOML})
    monkeypatch.delenv("TFGEN_CI_INSTALL")
    done = cli("ci", host).expect(64)
    assert done.err.startswith("error: what CI is to install is not certain: this tfgen comes from the folder /")
    assert "--install" in done.err
    assert "#sha256=" in done.err
    assert "git+https://" in done.err
    assert [path.name for path in root.iterdir()] == ["tfgen.toml"]


@pytest.mark.parametrize(
    ("install", "said"),
    [
        ("", "it is empty"),
        ("tfgen-ami", "is only a name"),
        (f"{ADDRESS}\n--index-url=https://example.com", r"it contains '\n'"),
        (f"{ADDRESS} --no-deps", "it contains ' '"),
        ("https://example.com/${{ github.token }}.whl", "it contains '$'"),
        ("https://example.com/'; id; '", 'it contains "\'"'),
        ("dist/tfgen_ami-0.2.0-py3-none-any.whl", "it is a path, with which pip takes no hash; write file:///..."),
        ("https://ann:secret@example.com/tfgen_ami-0.2.0-py3-none-any.whl", "contains a user or a password"),
    ],
)
def test_what_could_mean_something_else_is_refused(install: str, said: str, repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": TOML})
    for host in HOSTS:
        done = cli("ci", host, "--install", install).expect(64)
        assert done.err.startswith("error: --install REQUIREMENT: ")
        assert said in done.err
        assert "secret" not in done.err
    assert [path.name for path in root.iterdir()] == ["tfgen.toml"]


def test_a_file_on_this_machine_is_said(repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": TOML})
    path = ADDRESS.removeprefix("https:/")
    done = cli("ci", "github", "--output", "-", "--install", path).expect(0)
    assert done.err == f"CI's machines must have file://{path}\n"
    assert f"\n    tfgen-ami[embedded] @\n    file://{path}\n" in done.out


# What runs there

TAR = """\
#!/bin/bash
# `tar -xzf FILE tofu`, of a release without a network.
printf '#!/bin/sh\\n' >tofu
chmod +x tofu
"""
CURL = """\
#!/bin/bash
echo "${@: -1}" >>"$ASKED"
printf 'the release' >"$(basename "${@: -1}")"
"""


@pytest.mark.parametrize("host", HOSTS)
def test_terraform_is_what_runs_unless_asked(host: str, repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": TOML})
    text = cli("ci", host, "--output", "-").expect(0).out
    assert cli("ci", host, "--tool", "terraform", "--output", "-").expect(0).out == text
    assert "tofu" not in text.lower()
    assert "tfgen-ami[embedded]" in text
    with_tofu = cli("ci", host, "--tool", "tofu", "--output", "-").expect(0).out
    assert "embedded" not in with_tofu
    assert not re.search("@[A-Z]+@|# @", with_tofu)
    assert cli("ci", host, "--output", "-").expect(0).out == text
    cli("ci", host, "--tool", "packer").expect(64)


@pytest.mark.parametrize("host", HOSTS)
def test_a_recipe_of_the_other_tool_is_left_as_it_is(host: str, repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": TOML})
    cli("ci", host, "--tool", "tofu").expect(0)
    again = f"--install '{ADDRESS}' --output -"
    assert f"compare it with: tfgen ci {host} {again}" in cli("ci", host).expect(3).err
    (Path(RECIPES[host][1])).write_text("mine")
    assert f"compare it with: tfgen ci {host} --tool tofu {again}" in cli("ci", host, "--tool", "tofu").expect(3).err


@pytest.mark.parametrize(
    ("digest", "code", "machine"),
    [("of it", 0, "x86_64"), ("of it", 0, "aarch64"), ("0" * 64, 1, "x86_64"), ("", 1, "x86_64")],
)
@pytest.mark.parametrize("host", HOSTS)
def test_opentofu_is_installed_by_its_digest(
    host: str, repo: Repo, cli: Command, tmp_path: Path, digest: str, code: int, machine: str
) -> None:
    """The recipe's own shell, with a download that is always the same; every job that runs tfgen has it."""
    repo({"tfgen.toml": TOML})
    whole = document(cli, host, "--tool", "tofu")
    part = {"github": whole, "bitbucket": whole.get("definitions"), "codecommit": whole.get("phases")}[host]
    found = [script for script in scripts(part) if "TOFU_SHA256" in script]
    assert len(found) == (2 if host == "github" else 1)
    end = "\n# Away from the checkout"
    script = found[0] if host == "github" else found[0][found[0].index("TFGEN_TERRAFORM=") :].partition(end)[0]
    tools, room = tmp_path / "tools", tmp_path / "room"
    built_for = "arm64" if machine == "aarch64" else "amd64"
    for name, text in (("curl", CURL), ("tar", TAR), ("uname", f"#!/bin/sh\necho {machine}\n")):
        write_tree(tools, {name: text})
        (tools / name).chmod(0o755)
    room.mkdir()
    env = {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "ASKED": str(tmp_path / "asked"),
        "ROOM": str(room),
        "RUNNER_TEMP": str(room),
        "TMPDIR": str(room),
        "GITHUB_ENV": str(tmp_path / "env"),
        "TOFU_VERSION": "1.12.6",
        "TOFU_SHA256": hashlib.sha256(b"the release").hexdigest() if digest == "of it" else digest,
    }
    told = script if host == "github" else f"{script}\necho TFGEN_TERRAFORM=$TFGEN_TERRAFORM >>$GITHUB_ENV"
    done = subprocess.run(
        ["bash", "-e", "-c", told], env=env, capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == code, done.stderr
    (asked,) = (tmp_path / "asked").read_text().splitlines()
    release = "https://github.com/opentofu/opentofu/releases/download/v1.12.6/"
    assert asked == f"{release}tofu_1.12.6_linux_{built_for}.tar.gz"
    if code == 0:
        path = Path((tmp_path / "env").read_text().strip().removeprefix("TFGEN_TERRAFORM="))
        assert os.access(path, os.X_OK)
        assert path.is_relative_to(room)

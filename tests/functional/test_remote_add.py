"""`tfgen remote add`: the address, where its parts come from, and what is never changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import TOML, Command, Repo
from tests.functional.git_repo import git
from tests.functional.remotes import URL, clone, program, setting
from tfgen_generators.settings.lines import in_toml

KEY = "remote.codecommit.url"


@pytest.fixture(autouse=True)
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A helper on PATH, which `remote add` looks for and never starts."""
    path = program(tmp_path / "bin", "git-remote-codecommit", "exit 99")
    monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")
    return path


def config(text: str) -> None:
    Path(os.environ["AWS_CONFIG_FILE"]).write_text(text, encoding="utf-8")


def test_it_adds_what_git_itself_would_and_changes_nothing_the_second_time(repo: Repo, cli: Command) -> None:
    root = clone(repo)
    origin = setting(root, "remote.origin.url")
    done = cli("remote", "add", "--region", "eu-west-1").expect(0)
    assert done.out == f"added remote codecommit: {URL}\n"
    assert setting(root, "remote.codecommit.fetch") == ["+refs/heads/*:refs/remotes/codecommit/*"]
    assert setting(root, "remote.origin.url") == origin
    before = (root / ".git/config").read_bytes()
    assert cli("remote", "add", "--region", "eu-west-1").expect(0).out == f"unchanged: remote codecommit is {URL}\n"
    assert (root / ".git/config").read_bytes() == before


def test_region_and_profile_come_from_the_flag_tfgen_toml_the_environment_and_the_profile(
    repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    config("[default]\nregion = eu-south-1\n[profile images]\nregion = eu-south-2\n[profile 'my images']\n")
    root = clone(repo)

    def added(*arguments: str) -> str:
        cli("remote", "add", "--force", *arguments).expect(0)
        return setting(root, KEY)[0].removeprefix("codecommit::")

    assert added() == "eu-south-1://ami-builder"
    assert added("--profile", "images") == "eu-south-2://images@ami-builder"
    monkeypatch.setenv("AWS_PROFILE", "images")  # read at each push, so it is not written down
    assert added() == "eu-south-2://ami-builder"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert added() == "us-east-1://ami-builder"
    monkeypatch.setenv("AWS_REGION", "us-east-2")
    assert added() == "us-east-2://ami-builder"
    assert added("--profile", "images") == "us-east-2://images@ami-builder"
    (root / "tfgen.toml").write_text(f'{TOML}[remote]\nregion = "us-west-1"\nprofile = "my images"\n')
    assert added() == "us-west-1://my images@ami-builder"
    assert added("--profile", "") == "us-west-1://ami-builder"
    assert added("--region", "us-west-2", "--profile", "images") == "us-west-2://images@ami-builder"
    monkeypatch.setenv("TFGEN_REMOTE_REGION", "us-gov-west-1")
    assert added() == "us-gov-west-1://my images@ami-builder"


def test_the_name_is_tfgen_tomls_or_the_flags(repo: Repo, cli: Command) -> None:
    root = clone(repo, f'{TOML}[remote]\nname = "aws"\nregion = "eu-west-1"\n')
    cli("remote", "add").expect(0)
    cli("remote", "add", "--name", "mirror.2").expect(0)
    assert setting(root, "remote.aws.url") == setting(root, "remote.mirror.2.url") == [URL]


@pytest.mark.parametrize("key", ["url", "pushurl"])
def test_a_remote_that_goes_elsewhere_is_changed_by_force_alone(repo: Repo, cli: Command, key: str) -> None:
    root = clone(repo)
    git(root, "remote", "add", "codecommit", URL if key == "pushurl" else "https://ghp_token@example.com/one.git")
    git(root, "config", "--add", f"remote.codecommit.{key}", "https://me:hun@hunter2@example.com/x.git")
    before = (root / ".git/config").read_bytes()
    done = cli("remote", "add", "--region", "eu-west-1").expect(3)
    assert "example.com/x.git" in done.err
    assert "--force" in done.err
    assert "hunter2" not in done.err
    assert "ghp_token" not in done.err
    assert (root / ".git/config").read_bytes() == before
    changed = cli("remote", "add", "--region", "eu-west-1", "--force").expect(0)
    assert changed.out.startswith("changed remote codecommit: ")
    assert changed.out.endswith(f" -> {URL}\n")
    assert "hunter2" not in changed.out
    assert (setting(root, KEY), setting(root, "remote.codecommit.pushurl")) == ([URL], [])


def test_settings_outside_the_repository_that_would_push_elsewhere_too_are_an_error(
    repo: Repo, cli: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone(repo)
    (tmp_path / "gitconfig").write_text('[remote "codecommit"]\n\tpushurl = https://example.com/x.git\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    assert "example.com" in cli("remote", "add", "--region", "eu-west-1").expect(3).err
    cli("remote", "add", "--region", "eu-west-1", "--force").expect(1)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("region", "eu_west_1"),
        ("region", "--upload-pack=x"),
        ("region", "eu-west-1://evil@x?"),
        ("region", "EU-WEST-1"),
        ("profile", "a/b"),
        ("profile", "a@b"),
        ("profile", "a\nb"),
        ("profile", "zürich"),
        ("profile", "a "),
        ("name", "-x"),
        ("name", "a b"),
        ("name", "a..b"),
        ("name", "x.lock"),
        ("name", ""),
        ("name", "a/b"),
    ],
)
def test_what_cannot_be_a_part_is_refused_before_git_sees_it(repo: Repo, cli: Command, part: str, value: str) -> None:
    root = clone(repo)
    before = (root / ".git/config").read_bytes()
    wanted = {"region": "eu-west-1", part: value}
    done = cli("remote", "add", *(f"--{key}={given}" for key, given in wanted.items())).expect(64)
    assert len(done.err.splitlines()) == 1
    quoted = value.replace("\n", "\\n")
    (root / "tfgen.toml").write_text(f'{TOML}[remote]\n{part} = "{quoted}"\n', encoding="utf-8")
    assert f"tfgen.toml:3: remote.{part} = {in_toml(value)} is not valid" in cli("remote", "add").expect(1).err
    assert (root / ".git/config").read_bytes() == before


def test_a_region_without_codecommit_is_a_warning(repo: Repo, cli: Command) -> None:
    clone(repo)
    done = cli("remote", "add", "--region", "eu-wst-1").expect(0)
    assert done.err.startswith("warning: ")
    assert "warning" not in cli("remote", "add", "--region", "eu-west-1", "--force").expect(0).err


def test_no_region_no_such_profile_and_no_helper_each_change_nothing(repo: Repo, cli: Command, helper: Path) -> None:
    root = clone(repo)
    before = (root / ".git/config").read_bytes()
    assert "AWS region not set" in cli("remote", "add").expect(64).err
    config("[profile images]\nregion = eu-west-1\n")
    missing = cli("remote", "add", "--profile", "nope", "--region", "eu-west-1").expect(1)
    assert "AWS profile 'nope' not found; profiles: images" in missing.err
    config("[images\n")
    assert "Unable to parse config file" in cli("remote", "add").expect(1).err
    assert "Unable to parse config file" in cli("remote", "add", "--region", "eu-west-1").expect(1).err
    config("")
    helper.unlink()
    done = cli("remote", "add", "--region", "eu-west-1").expect(1)
    assert "pip install git-remote-codecommit" in done.err
    assert (root / ".git/config").read_bytes() == before


def test_a_helper_among_gits_own_programs_counts(
    repo: Repo, cli: Command, helper: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git looks there before it looks at PATH."""
    clone(repo)
    argv = ["git", "--exec-path"]
    own = Path(subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip())
    exec_path = tmp_path / "exec"
    exec_path.mkdir()
    for found in own.iterdir():
        (exec_path / found.name).symlink_to(found)
    shutil.move(helper, exec_path / helper.name)
    monkeypatch.setenv("GIT_EXEC_PATH", str(exec_path))
    cli("remote", "add", "--region", "eu-west-1").expect(0)


def test_outside_of_a_git_repository_and_without_git(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repo({"tfgen.toml": TOML})
    assert "is not in a git repository" in cli("remote", "add", "--region", "eu-west-1").expect(1).err
    assert "is not in a git repository" in cli("remote", "push").expect(1).err
    git(root, "init", "--quiet")
    monkeypatch.setenv("PATH", "/nowhere")
    assert "git is not installed" in cli("remote", "add", "--region", "eu-west-1").expect(1).err
    assert "git is not installed" in cli("remote", "push").expect(1).err


def test_git_that_cannot_write_is_one_line(repo: Repo, cli: Command) -> None:
    root = clone(repo)
    (root / ".git/config.lock").touch()
    done = cli("remote", "add", "--region", "eu-west-1").expect(1)
    assert "could not lock config file" in done.err
    assert setting(root, KEY) == []


def test_two_at_once_add_one(repo: Repo) -> None:
    root = clone(repo)
    argv = [sys.executable, "-m", "tfgen", "remote", "add", "--region", "eu-west-1"]
    started = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = sorted(process.communicate()[0].split()[0] for process in started)
    assert [process.returncode for process in started] == [0, 0, 0]
    assert said == ["added", "unchanged:", "unchanged:"]
    assert setting(root, KEY) == [URL]

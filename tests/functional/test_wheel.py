"""The wheel of the commit that is checked out: the same bytes twice, and what is in it is ours and starts."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

import pytest

from tests.conftest import JSON, TOML, Repo
from tests.documented import ROOT
from tests.functional.test_requirements import KNOWN, is_allowed, normal
from tfgen.distribution.installed import version
from tfgen.init.shipped import text_of
from tools.build_wheel import build


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def digest(wheel: Path) -> str:
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def installed(wheel: Path, digest: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed it by its digest, and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    assert pip(f"tfgen-ami[embedded] @ {wheel.as_uri()}#sha256={digest}", folder).returncode == 0
    return folder


def pip(requirement: str, folder: Path) -> subprocess.CompletedProcess[str]:
    options = ("--isolated", "install", "--quiet", "--no-index", "--no-deps", "--no-compile", "--target", str(folder))
    argv = [sys.executable, "-I", "-m", "pip", *options, "--disable-pip-version-check", requirement]
    return subprocess.run(argv, capture_output=True, text=True)


@pytest.fixture
def other_habits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A machine with another umask, time zone and locale, and a build time of its own; gives a folder in it."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = os.umask(0o077)
    yield tmp_path / "a longer name" / "dist"
    os.umask(before)


def test_the_same_commit_gives_the_same_bytes(wheel: Path, digest: str, other_habits: Path) -> None:
    again = build(ROOT, other_habits)
    assert again.name == wheel.name == f"tfgen_ami-{version()}-py3-none-any.whl"
    assert hashlib.sha256(again.read_bytes()).hexdigest() == digest


def test_only_what_is_committed_is_in_it(wheel: Path) -> None:
    committed = subprocess.run(
        ["git", "ls-tree", "-r", "--name-only", "HEAD"], cwd=ROOT, capture_output=True, text=True
    )
    paths = {re.sub("^(cli|generators)/", "", path) for path in committed.stdout.splitlines()}
    names = zipfile.ZipFile(wheel).namelist()
    code = {name for name in names if name.startswith(("tfgen/", "tfgen_generators/")) and name.endswith(".py")}
    assert code == {path for path in paths if path.startswith(("tfgen/", "tfgen_generators/")) and path.endswith(".py")}


def test_its_metadata_names_us_and_known_dependencies(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        said = Parser().parsestr(archive.read(name).decode())
    assert (said["Name"], said["Version"]) == ("tfgen-ami", version())
    required = [normal(re.split(r"[ \[=<>!~;]", each)[0]) for each in said.get_all("Requires-Dist", [])]
    assert set(required) - {"tfgen-ami"} <= KNOWN
    assert is_allowed(f"tfgen-ami @ https://example.com/{wheel.name}#sha256={'0a' * 32}")


def test_it_starts_where_there_is_no_clone(installed: Path, repo: Repo, wheel: Path, digest: str) -> None:
    """And the recipe that it writes installs just these bytes: it knows where it comes from."""
    root = repo({"tfgen.toml": TOML})
    start = "import sys; sys.path.insert(0, sys.argv.pop(1)); from tfgen.start import main; main()"

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-I", "-c", start, str(installed), *arguments]
        return subprocess.run(argv, cwd=root, capture_output=True, text=True)

    assert run("--version").stdout.splitlines()[0] == f"tfgen {version()}"
    assert run("docs", "plan-and-apply").stdout == (ROOT / "docs/plan-and-apply.md").read_text()
    assert run("lint", "--explain", "no-manifest").stdout == (ROOT / "docs/rules/no-manifest.md").read_text()
    done = run("ci", "github", "--output", "-")
    address = f"{wheel.as_uri()}#sha256={digest}"
    assert (done.returncode, done.stderr) == (0, f"CI's machines must have {address}\n")
    assert f"\n  TFGEN: >-\n    tfgen-ami[embedded] @\n    {address}\n" in done.stdout
    root = repo({"packer/web.json": JSON}, name="another")
    made = run("init", "--ci", "github")
    assert (made.returncode, (root / "buildspec.yml").exists()) == (0, True), made.stderr
    assert (root / "terraform/modules/codepipeline/main.tf").read_text() == text_of(
        "terraform/modules/codepipeline/main.tf"
    )
    assert run("new", "shop").returncode == 0
    assert (root / "packer/scripts/seal-image.sh").read_text() == text_of("packer/scripts/seal-image.sh")
    checked = run("init", "--update", "--check")
    assert (checked.returncode, checked.stdout) == (0, "")


def test_pip_refuses_other_bytes(wheel: Path, digest: str, tmp_path: Path) -> None:
    other = digest[::-1]
    done = pip(f"tfgen-ami @ {wheel.as_uri()}#sha256={other}", tmp_path)
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr
    assert not list(tmp_path.iterdir())

"""Terraform's plugin cache: set for the user, unless the user has set one, and one init at a time in it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Command, Repo, write_tree
from tests.terraform.faults import synced
from tests.terraform.test_faults_aws import MUTE, REQUIRED
from tests.terraform.toy import start


@pytest.fixture(autouse=True)
def _mirror(cli_config: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The mirror, and a way to download what is not in it: nothing."""
    direct = 'direct {\n    exclude = ["*/*"]\n  }\n  '
    text = cli_config.read_text().replace("filesystem_mirror {", f"{direct}filesystem_mirror {{")
    (tmp_path / "terraform.rc").write_text(text)
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(tmp_path / "terraform.rc"))


def aws(repo: Repo, tfgen: Command) -> Path:
    root = synced(repo, tfgen)
    return write_tree(root, {"terraform/pipelines/versions.tf": REQUIRED, "terraform/pipelines/aws.tf": MUTE})


def test_providers_are_kept_for_all_folders(repo: Repo, tfgen: Command, tmp_path: Path) -> None:
    root = aws(repo, tfgen)
    tfgen("plan", XDG_CACHE_HOME=str(tmp_path / "cache")).expect(0)
    kept = packages(tmp_path / "cache/tfgen/plugins")
    (used,) = packages(root / "terraform/pipelines/.terraform/providers")
    assert [str(path) for path in kept] == [str(used.readlink())]


@pytest.mark.parametrize("how", ["variable", "configuration"])
def test_a_cache_of_the_users_own_is_used(repo: Repo, tfgen: Command, tmp_path: Path, how: str) -> None:
    aws(repo, tfgen)
    own, ours = tmp_path / "own", tmp_path / "cache"
    own.mkdir()
    settings = {"XDG_CACHE_HOME": str(ours)}
    if how == "variable":
        settings["TF_PLUGIN_CACHE_DIR"] = str(own)
    else:
        text = Path(os.environ["TF_CLI_CONFIG_FILE"]).read_text()
        (tmp_path / "rc").write_text(f'plugin_cache_dir = "{own}"\n{text}')
        settings["TF_CLI_CONFIG_FILE"] = str(tmp_path / "rc")
    tfgen("plan", **settings).expect(0)
    assert len(packages(own)) == 1
    assert not ours.exists()


def test_a_cache_that_cannot_be_made_costs_nothing_but_time(repo: Repo, tfgen: Command, tmp_path: Path) -> None:
    root = aws(repo, tfgen)
    (tmp_path / "file").touch()
    tfgen("plan", XDG_CACHE_HOME=str(tmp_path / "file")).expect(0)
    assert len(packages(root / "terraform/pipelines/.terraform/providers")) == 1


def test_two_inits_at_once_share_the_cache_in_turn(
    repo: Repo, tfgen: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = aws(repo, tfgen)
    cache = tmp_path / "cache"
    until = f"for i in $(seq 600); do test -e {tmp_path}/go && break; sleep 0.1; done"
    holder = subprocess.Popen(
        ["flock", str(made(cache / "tfgen/plugins") / ".tfgen.lock"), "sh", "-c", until], stdin=subprocess.DEVNULL
    )
    while subprocess.run(["flock", "-n", str(cache / "tfgen/plugins/.tfgen.lock"), "true"]).returncode == 0:
        assert holder.poll() is None
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    process = start("plan")
    assert process.stderr is not None
    while "waiting for another terraform init" not in process.stderr.readline():
        assert process.poll() is None
    (tmp_path / "go").touch()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert holder.wait() == 0
    assert root.exists()


def packages(folder: Path) -> list[Path]:
    """The providers in it, each the folder of one version for one platform, or a link to that."""
    return list(folder.glob("*/hashicorp/aws/*/*"))


def made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def test_a_mirror_alone_needs_no_cache(repo: Repo, tfgen: Command, cli_config: Path, tmp_path: Path) -> None:
    """Nothing is downloaded, and linking twice takes longer than once."""
    root = aws(repo, tfgen)
    tfgen("plan", XDG_CACHE_HOME=str(tmp_path / "cache"), TF_CLI_CONFIG_FILE=str(cli_config)).expect(0)
    assert len(packages(root / "terraform/pipelines/.terraform/providers")) == 1
    assert not (tmp_path / "cache").exists()

"""The examples of README.md and docs/affected.md are run, and their output is compared."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Command
from tests.documented import ROOT, console_blocks


def test_the_tour_is_true(tmp_path: Path, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = console_blocks("README.md")
    for part in ("packer", "ansible", "terraform"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
    shutil.copyfile(ROOT / "tfgen.toml", tmp_path / "tfgen.toml")
    monkeypatch.chdir(tmp_path)
    assert cli("list").expect(0).out == shown["tfgen list"]
    command = "tfgen new blog --like wordpress"
    result = cli(*command.split()[1:]).expect(0)
    assert result.out + result.err == shown[command]
    generated = Path("terraform/pipelines/pipeline_blog.gen.tf")
    assert generated.read_text() == shown[f"cat {generated}"]


@pytest.mark.parametrize(("page", "count"), [("README.md", 2), ("docs/affected.md", 3)])
def test_a_change_is_shown_as_it_is(
    tmp_path: Path, cli: Command, monkeypatch: pytest.MonkeyPatch, page: str, count: int
) -> None:
    shown = console_blocks(page)
    kept = ("packer", "terraform", "ansible")
    for part in kept:
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
    for file in ("tfgen.toml", "buildspec.yml"):
        shutil.copyfile(ROOT / file, tmp_path / file)
    monkeypatch.chdir(tmp_path)
    user = ("-c", "user.name=t", "-c", "user.email=t@t")
    for words in (("init", "-q"), ("add", *kept, "tfgen.toml", "buildspec.yml"), (*user, "commit", "-qm", "all")):
        subprocess.run(["git", *words], check=True)
    steps = [words for words in shown if words.startswith(("echo ", "tfgen affected", "sed ", "tfgen lint"))]
    assert len(steps) == count
    for step in steps:
        if step.startswith("tfgen "):
            result = cli(*step.split()[1:])
            assert result.out + result.err == shown[step]
        else:
            subprocess.run(step, shell=True, check=True)

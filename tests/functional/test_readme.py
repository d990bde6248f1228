"""The README's tour shows what really happens."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Command

ROOT = Path(__file__).parents[2]


def console_blocks() -> dict[str, str]:
    """Command -> its output, of every console block in the README."""
    found: dict[str, str] = {}
    for block in (ROOT / "README.md").read_text().split("```console\n")[1:]:
        command = ""
        for line in block.split("```")[0].splitlines():
            if line.startswith("$ "):
                command = line[2:]
                found[command] = ""
            else:
                found[command] += f"{line}\n"
    return found


def test_the_tour_is_true(tmp_path: Path, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = console_blocks()
    for part in ("packer", "terraform"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
    shutil.copyfile(ROOT / "tfgen.toml", tmp_path / "tfgen.toml")
    monkeypatch.chdir(tmp_path)
    assert cli("list").expect(0).out == shown["tfgen list"]
    shutil.copyfile("packer/wordpress.json", "packer/blog.json")
    result = cli("sync").expect(0)
    assert result.out + result.err == shown["tfgen sync"]
    generated = Path("terraform/pipelines/pipeline_blog.gen.tf")
    assert generated.read_text() == shown[f"cat {generated}"]


def test_what_it_says_of_a_change_is_true(tmp_path: Path, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = console_blocks()
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
    assert len(steps) == 5
    for step in steps:
        if step.startswith("tfgen "):
            result = cli(*step.split()[1:])
            assert result.out + result.err == shown[step]
        else:
            subprocess.run(step, shell=True, check=True)

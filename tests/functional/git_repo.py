"""Real git repositories with templates that can be told apart."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.conftest import TOML, Repo

WEB = "terraform/pipelines/pipeline_web.gen.tf"
DB = "terraform/pipelines/pipeline_db.gen.tf"


def template(name: str, lines: int = 40) -> str:
    """A template that is like no other."""
    digests = (hashlib.sha256(f"{name} {number}".encode()).hexdigest() for number in range(lines))
    variables = ",\n".join(f'    "v{number}": "{digest}"' for number, digest in enumerate(digests))
    return f'{{\n  "variables": {{\n{variables}\n  }},\n  "builders": [{{"type": "null"}}]\n}}\n'


def hcl(name: str) -> str:
    """The same in HCL2."""
    comments = "".join(f"# {hashlib.sha256(f'{name} {n}'.encode()).hexdigest()}\n" for n in range(20))
    return f'{comments}source "null" "x" {{\n}}\nbuild {{\n  sources = ["source.null.x"]\n}}\n'


def edited(text: str) -> str:
    return text.replace('"v7": "', '"v7": "edited').replace('"null" "x"', '"null" "y"').replace("null.x", "null.y")


#: As whom the tests commit; no commit starts a second process that looks for something to tidy up.
SETTINGS = (
    *("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"),
    *("-c", "maintenance.auto=false", "-c", "gc.auto=0"),
)


def git(root: Path, *arguments: str) -> str:
    argv = ["git", *SETTINGS, *arguments]
    done = subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def configure(file: Path, settings: Mapping[str, str]) -> None:
    """Adds settings to one of git's files, as `git config` for each."""
    with file.open("a", encoding="utf-8") as opened:
        for name, value in settings.items():
            section, *inner = name.split(".")
            *subsection, key = inner
            title = f'{section} "{".".join(subsection)}"' if subsection else section
            opened.write(f"[{title}]\n\t{key} = {json.dumps(value, ensure_ascii=False)}\n")


def commit(root: Path, message: str = "x") -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", message)


def git_files(root: Path) -> dict[str, bytes]:
    """All that git keeps for itself."""
    return {str(path): path.read_bytes() for path in sorted((root / ".git").rglob("*")) if path.is_file()}


def make(repo: Repo, files: dict[str, str] | None = None) -> Path:
    """A repository with two templates, not synced and not committed."""
    return repo(
        {
            "tfgen.toml": TOML,
            ".gitignore": ".tfgen/\n",
            "packer/web.json": template("web"),
            "packer/db.json": template("db"),
            **(files or {}),
        }
    )

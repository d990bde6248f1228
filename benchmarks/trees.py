"""Repositories to measure on: N Packer templates, half legacy JSON, half HCL2 of 30 to 150 lines; seeded.

Every template is valid, has bytes of its own and stands in nested folders; every eighth HCL2 template is a folder of
two files. Beside them stand files that only look like templates, scripts, playbooks and the shipped module.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from pathlib import Path

import snippets

ROOT = Path(__file__).resolve().parents[1]
SOURCE = "../modules/codepipeline"
REPOSITORY = "ami-builder"
ENVIRONMENT = {"VPC_ID": "vpc-04f99e5833c3a909b", "SUBNET_ID": "subnet-0e3c6194859275f16"}

#: Seconds: files of a check-out are older than any cache of them.
_AGE = 3600
_PER_FOLDER = 12
_SYSTEMS = ("debian", "ubuntu", "rocky", "amazon-linux")


def plant(root: Path, count: int, *, json_only: bool = False) -> list[str]:
    """Makes a git repository with `count` templates in the new folder `root`; gives their paths there."""
    chance = random.Random(count)
    paths = [_template(root, number, chance, json_only=json_only) for number in range(count)]
    for folder in sorted({path.rpartition("/")[0] for path in paths}):
        _write(root, f"{folder}/common.pkrvars.hcl", 'region = "eu-west-1"\n')
        _write(root, f"{folder}/variables.json", '{"region": "eu-west-1"}\n')
    for script in snippets.SCRIPTS:
        _write(root, script, "#!/bin/sh\nset -eu\n")
    for role in snippets.ROLES:
        _write(root, f"ansible/{role}.yml", f"- hosts: all\n  roles: [{role}]\n")
        _write(root, f"ansible/roles/{role}/tasks/main.yml", "[]\n")
    settings = "\n".join(f'{name} = "{value}"' for name, value in ENVIRONMENT.items())
    _write(root, "tfgen.toml", f'source_repository = "{REPOSITORY}"\n\n[environment]\n{settings}\n')
    _write(root, ".gitignore", ".tfgen/\n.terraform/\n")
    _terraform(root)
    return sorted(paths)


def settle(root: Path) -> None:
    """Commits all that is there and makes it old, as a check-out is."""
    for path in root.rglob("*"):
        if path.is_file():
            at = path.stat().st_mtime - _AGE
            os.utime(path, (at, at))
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.invalid", "-c", "gc.auto=0"]
    for arguments in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "all"]):
        subprocess.run([*git, *arguments], cwd=root, check=True)


def dump(paths: list[str]) -> str:
    """The module blocks that tfgen writes for these templates, as JSON for the peers."""
    from tfgen_generators.packer.names import name_of

    names = ((name_of(path, "packer"), path) for path in paths)
    blocks = [
        {
            "name": name,
            "source": SOURCE,
            "variables": {
                "project_name": f"{name}-ami-pipeline",
                "project_description": f"Builds the {name} AMI from {path}",
                "artefact_bucket_name": f"{name}-ami-builder-artefacts-${{local.account_id}}",
                "source_repository": REPOSITORY,
                "environment_vars": {"PACKER_SCRIPT": path, **ENVIRONMENT},
            },
        }
        for name, path in names
    ]
    return json.dumps(blocks)


def _template(root: Path, number: int, chance: random.Random, *, json_only: bool) -> str:
    system = _SYSTEMS[number // 2 % len(_SYSTEMS)]
    block = number // _PER_FOLDER
    name = f"{chance.choice(snippets.ROLES)}-{number:05d}"
    path = f"packer/team-{block // 10:03d}/{system}/{block % 10}/{name}"
    if json_only or number % 2 == 0:
        _write(root, f"{path}.json", json.dumps(snippets.legacy(name, system, chance), indent=2) + "\n")
        return f"{path}.json"
    variables, rest = snippets.hcl(name, system, chance)
    if number % 16 == 1:
        _write(root, f"{path}/variables.pkr.hcl", variables)
        _write(root, f"{path}/build.pkr.hcl", rest)
        return path
    _write(root, f"{path}.pkr.hcl", f"{variables}\n{rest}")
    return f"{path}.pkr.hcl"


def _terraform(root: Path) -> None:
    """The module that the pipelines call, for the provider that is there, and the root module's hand-written files."""
    module, pipelines = "terraform/modules/codepipeline", "terraform/pipelines"
    for folder, source in ((module, f"{module}_v1"), (pipelines, pipelines)):
        (root / folder).mkdir(parents=True, exist_ok=True)
        for file in sorted((ROOT / source).glob("*.tf")):
            if not file.name.endswith(".gen.tf") and "override" not in file.name:
                shutil.copyfile(file, root / folder / file.name)


def _write(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)

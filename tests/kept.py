"""What the command makes anew at each start, though it is always the same: here it is kept.

A usual command lives too short to make anything twice. These tests run thousands of them in one process, or fork them
from one (fork_server.py).
"""

from __future__ import annotations

import contextlib
import functools
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfgen.terraform.binary import Binary


def keep_commands() -> None:
    """From now on each command and its options are built once."""
    import typer.main

    from tfgen import command_group

    command_group._build = functools.cache(command_group._build)
    typer.main.get_command = functools.cache(typer.main.get_command)


def keep_versions() -> None:
    """From now on, a Terraform is asked for its version once; a script, which may answer otherwise, each time."""
    from tfgen.terraform import version

    real, known = version.ask, dict[tuple[str | int, ...], Any]()

    def ask(binary: Binary, **how: Any) -> Any:
        identity = version._identity(binary)
        if identity is None:
            return real(binary, **how)
        key = tuple(identity)
        if key not in known:
            known[key] = real(binary, **how)
        return known[key]

    version.ask = ask


def know_version() -> None:
    """Asks the Terraform that commands find, if there is one."""
    from tfgen.terraform import binary, version
    from tfgen_generators.errors import TfgenError

    with contextlib.suppress(TfgenError):
        version.ask(binary.find_terraform())


def keep_reader_versions() -> None:
    """From now on, the files of the readers are looked at once."""
    from tfgen_generators.ancestry import parents
    from tfgen_generators.lint import kept
    from tfgen_generators.packer.discovery import facts_cache
    from tfgen_generators.trees import stamps, store

    look = functools.cache(stamps.readers_version)
    modules: tuple[Any, ...] = (stamps, store, facts_cache, parents, kept)
    for module in modules:
        module.readers_version = lambda packages: look(tuple(packages))


def build_commands() -> None:
    """Builds all of them."""
    import typer.main

    from tfgen import command_group
    from tfgen.main import app

    typer.main.get_command(app)
    for name, module in command_group._MODULES.items():
        command_group._build(name, module)


def use_commands() -> None:
    """Runs the most used ones on a small estate: patterns, types and grammars that Python prepares at the first use."""
    from tfgen.main import run

    module = Path(__file__).parents[1] / "terraform/modules/codepipeline/variables.tf"
    files = {
        "tfgen.toml": 'source_repository = "ami-builder"\n',
        ".gitignore": "*.tmp\n",
        "packer/a.json": '{"builders": [{"type": "amazon-ebs", "ami_name": "a"}], "provisioners": ['
        '{"type": "shell", "script": "a.sh"}, {"type": "ansible", "playbook_file": "ansible/site.yml"}]}\n',
        "a.sh": "set -e\n",
        "ansible/site.yml": "- hosts: all\n  roles: [r]\n  tasks:\n  - copy: {src: '{{ x }}', dest: /y}\n",
        "ansible/roles/r/tasks/main.yml": "- template: {src: t.j2, dest: /y}\n",
        "ansible/roles/r/templates/t.j2": "{{ a }}\n",
        "ansible/roles/r/vars/main.yml": "a: b\n",
        "ansible/requirements.yml": "roles: []\n",
        "buildspec.yml": "version: 0.2\nphases: {build: {commands: [packer build $PACKER_SCRIPT]}}\n",
        "packer/b.pkr.hcl": 'source "null" "x" {}\nbuild {\n  sources = ["source.null.x"]\n}\n',
        "terraform/modules/codepipeline/main.tf": module.read_text(encoding="utf-8"),
        "terraform/pipelines/locals.tf": 'locals {\n  account_id = "123456789012"\n}\n',
    }
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w") as nowhere:
        for name, text in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        os.chdir(folder)
        try:
            with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
                for command in (["list"], ["sync"], ["sync", "--check"], ["lint"], ["graph", "--format", "json"]):
                    run(command)
        finally:
            os.chdir(before)

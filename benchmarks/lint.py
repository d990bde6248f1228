"""`tfgen lint` of many shell-heavy JSON templates, cold, warm and after one edit, beside reading the same texts.

python benchmarks/lint.py                       2,000 templates
python benchmarks/lint.py --templates 400
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

import trees
from measure import Contender, Row, compare, say

#: Issue 18's limits, in seconds of CPU.
COLD, WARM = 3.0, 1.0
#: And in MB, at 5,000 templates.
PEAK = 120
_SCRIPTS, _LINES = 30, 80
#: What every template runs, as in estates of boxes that were copied from each other.
_SETUP = (
    "set -e",
    "sudo apt-get update",
    "sudo apt-get install -y curl wget",
    "curl -fsSL https://example.com/key.gpg | sudo apt-key add -",
    "echo 'deb https://example.com stable main' | sudo tee /etc/apt/sources.list.d/x.list",
    "sudo systemctl enable x && sudo systemctl start x",
    "for i in 1 2 3; do echo $i; done",
    "if [ -e /x ]; then rm -rf /x; fi",
)
_PARSE = """\
import json, pathlib, tree_sitter, tree_sitter_bash
parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))
for path in pathlib.Path("packer").glob("*.json"):
    for step in json.loads(path.read_bytes())["provisioners"]:
        parser.parse("\\n".join(step.get("inline", ())).encode())
"""


def bench_lint(templates: int = 2000, rounds: int = 5) -> list[Row]:
    """Seconds of issue 18's `Speed`, and ratios."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory(prefix="tfgen-bench-") as name:
        root = Path(name) / "boxes"
        plant(root, templates)
        times = compare(_contenders(root), rounds=rounds, env=env)
    for title, timing in times.items():
        say(f"{title}: {timing.peak:.0f} MB, CPU", timing.cpu)
    parsed, size = times["parse"].cpu, f"{templates} templates"
    return [
        Row(name=f"lint, cold, seconds of CPU ({size})", measured=times["cold"].cpu, limit=COLD),
        Row(name=f"lint, warm, seconds of CPU ({size})", measured=times["warm"].cpu, limit=WARM),
        Row(name=f"lint, cold, peak MB ({size})", measured=times["cold"].peak, limit=PEAK),
        *(
            Row(name=f"lint, {title} / JSON and tree-sitter alone (CPU)", measured=times[title].cpu / parsed)
            for title in ("cold", "warm", "template")
        ),
    ]


def plant(root: Path, templates: int) -> None:
    """Makes a repository of `templates` JSON templates with five provisioners each."""
    for number in range(templates):
        _write(root / f"packer/box{number:04d}.json", json.dumps(_box(number), indent=1) + "\n")
    for number in range(_SCRIPTS):
        lines = (f"apt-get install -y pkg{number}-{line} || exit 1" for line in range(_LINES))
        _write(root / f"scripts/s{number}.sh", "\n".join(("#!/bin/bash", "set -e", *lines)) + "\n")
    _write(root / "tfgen.toml", 'source_repository = "boxes"\n')
    commands = "[packer build $PACKER_SCRIPT]"
    _write(root / "buildspec.yml", f"version: 0.2\nphases: {{build: {{commands: {commands}}}}}\n")
    _write(root / ".gitignore", ".tfgen/\n")
    trees.settle(root)


def _box(number: int) -> dict[str, object]:
    name = f"box{number}"
    builder = {"type": "amazon-ebs", "ami_name": f"{name}-{{{{timestamp}}}}", "region": "eu-west-1"}
    builder |= {"source_ami": "ami-0123456789abcdef0", "instance_type": "t3.micro", "ssh_username": "x"}
    execute = "echo x | {{.Vars}} sudo -S -E bash '{{.Path}}'"
    scripts = [f"scripts/s{(number + one) % _SCRIPTS}.sh" for one in range(8)]
    return {
        "variables": {"v": "{{env `V`}}", "iso": f"http://example.com/{number}.iso"},
        "builders": [builder],
        "provisioners": [
            {"type": "shell", "inline": [*_SETUP, f"echo {name}"], "execute_command": execute},
            {"type": "shell", "scripts": scripts},
            {"type": "shell", "inline": list(_SETUP)},
            {"type": "shell", "inline": [f"mkdir -p /opt/{number}", "cd /opt", "tar xzf a.tgz"]},
            {
                "type": "shell-local",
                "inline": ["echo start", "test -d build || mkdir build", f"cp {scripts[0]} build/"],
            },
        ],
        "post-processors": [{"type": "manifest", "output": "packer-manifest.json"}],
    }


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def _contenders(root: Path) -> list[Contender]:
    tfgen = [str(Path(sys.executable).with_name("tfgen")), "lint"]
    edited = min((root / "packer").glob("*.json"))

    def forget() -> None:
        for cache in (root / ".tfgen/cache").glob("*"):
            cache.unlink()

    def edit() -> None:
        edited.write_text(edited.read_text() + "\n")

    codes = (0, 1)  # there are findings
    return [
        Contender(name="parse", argv=[sys.executable, "-c", _PARSE], cwd=root),
        Contender(name="cold", argv=tfgen, cwd=root, prepare=forget, codes=codes),
        Contender(name="warm", argv=tfgen, cwd=root, codes=codes),
        Contender(name="template", argv=tfgen, cwd=root, prepare=edit, codes=codes),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="tfgen lint, beside reading the same texts")
    parser.add_argument("--templates", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    for row in bench_lint(**vars(parser.parse_args())):
        print(row)


if __name__ == "__main__":
    main()

"""Which files Packer opens for a template: those that its settings come to.

That rule is held against a real `packer build` of the template's twin under strace, for every template that writes a
path in a way that was not seen before.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

import msgspec

from tests.e2e.tools import bare_environment, require_tool
from tests.property.repository import Image
from tests.property.templates import OUT
from tests.property.traced import opened_below

_SETTING = re.compile(r"^TWIN_(\d+)_(\w+?)__(\d*)=(.*)$", re.MULTILINE)


class PackerFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Paths are relative to the repository's root. `steps` are each provisioner's settings as Packer evaluates them."""

    opened: frozenset[str]
    listed: frozenset[str]
    steps: tuple[dict[str, list[str]], ...]


def with_every_way(images: Iterable[tuple[int, Image]]) -> list[tuple[int, Image]]:
    """Few of these images (each with its seed) which together write paths in every way that any of them does."""
    left, chosen = list(images), []
    missing = frozenset[str]().union(*(image.traits for _, image in left))
    while missing:
        best = max(left, key=lambda one: len(one[1].traits & missing))
        chosen.append(best)
        missing -= best[1].traits
    return chosen


class Packer:
    """Knows what Packer opens, and proves it where it is new."""

    def __init__(self, limit: int = 10**9) -> None:
        self.strace, self.packer = require_tool("strace"), require_tool("packer")
        self.proven: set[str] = set()
        self.limit, self.runs = limit, 0

    def files(self, root: Path, image: Image) -> PackerFiles:
        """What is opened for an image in the tree at `root`."""
        return _files(root, image)

    def prove(self, root: Path, image: Image) -> None:
        """Holds the rule against a real run, if there is something new in it. Raises AssertionError."""
        if image.traits <= self.proven or self.runs >= self.limit:
            return
        self.proven |= image.traits
        self.runs += 1
        files, real = _files(root, image), self._run(root, image)
        assert real.opened == files.opened, (image.template, sorted(real.opened ^ files.opened))
        for settings in real.steps:
            expected = [{key: many for key, many in step.items() if many} for step in files.steps]
            assert settings in expected, (image.template, settings, expected)

    def _run(self, root: Path, image: Image) -> PackerFiles:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name).resolve()
            copy, home = folder / "copy", folder / "home"
            home.mkdir()
            shutil.copytree(root, copy, symlinks=True, ignore=shutil.ignore_patterns(".git", ".tfgen"))
            for path, text in image.twin.items():
                (copy / path).write_bytes(text)
            argv = [
                self.strace,
                "-f",
                "-y",
                "-qq",
                "--seccomp-bpf",
                "-e",
                "trace=open,openat",
                "-o",
                str(folder / "trace"),
            ]
            done = subprocess.run(
                [*argv, self.packer, "build", "-color=false", image.template],
                cwd=copy,
                env=bare_environment(home, {OUT: str(folder / "settings"), "GODEBUG": "asyncpreemptoff=1"}),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=120,
            )
            assert done.returncode == 0, (image.template, done.stdout + done.stderr)
            trace = (folder / "trace").read_text(errors="surrogateescape")
            printed = folder / "settings"
            settings = printed.read_text().replace(f"{copy}/", "") if printed.exists() else ""
            opened = frozenset(os.path.relpath(path, copy) for path in opened_below(copy, trace))
        return PackerFiles(opened=opened, listed=frozenset(), steps=_steps(settings))


def _files(root: Path, image: Image) -> PackerFiles:
    opened, listed = set(image.members), set()
    if image.template not in image.members:
        listed.add(image.template)
    for settings in image.steps:
        opened.update(path for path in settings.get("scripts", []))
        for path in settings.get("source", []):
            opened.add(path)
            for folder, _, names in os.walk(root / path):
                listed.add(os.path.relpath(folder, root))
                opened.update(os.path.relpath(f"{folder}/{name}", root) for name in names)
    found = frozenset(path for path in opened if (root / path).is_file())
    return PackerFiles(opened=found, listed=frozenset(listed | (opened - found)), steps=image.steps)


def _steps(settings: str) -> tuple[dict[str, list[str]], ...]:
    steps: dict[str, dict[str, list[str]]] = {}
    for number, key, _, value in sorted(_SETTING.findall(settings)):
        path = os.path.normpath(value) if key != "ansible_env_vars" else value
        steps.setdefault(number, {}).setdefault(key, []).append(path)
    return tuple(steps[number] for number in sorted(steps))

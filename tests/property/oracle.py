"""What an image is really made of: the files of the repository that Packer and Ansible open when they run.

Shares no code with tfgen. `Evidence` also says what was looked at in vain or listed, so that a second run is only made
where it could come to something else.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TypedDict

import msgspec

from tests.property.packer_trace import Packer
from tests.property.repository import Image

#: CodeBuild reads it for every image.
_FOR_ALL = ("buildspec.yml",)


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """`opened` maps paths to digests. `seen` are all paths that mattered, there or not; `listed` are folders."""

    opened: dict[str, str]
    seen: frozenset[str]
    listed: frozenset[str]
    failed: str = ""


class Answer(TypedDict):
    """What ansible_server.py says of a run."""

    code: int
    said: str
    trace: list[tuple[str, str]]


class _Stage(msgspec.Struct, kw_only=True):
    """Where Ansible runs: `origin` maps what lies there to what it was uploaded from, the last one counting."""

    root: Path
    folders: list[tuple[str, str]]
    files: dict[str, str]

    def back(self, path: str) -> list[str]:
        """Every path of the repository that decides what stands at `path`."""
        relative = os.path.relpath(path, self.root)
        found = [self.files[relative]] if relative in self.files else []
        for there, here in self.folders:
            if there == ".":
                found.append(os.path.normpath(f"{here}/{relative}"))
            elif relative == there or relative.startswith(there + "/"):
                found.append(os.path.normpath(here + relative[len(there) :]))
        return found


class Ansible:
    """The program that runs real playbooks (ansible_server.py), in this environment or its own; a context manager."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self.environment = environment

    def __enter__(self) -> Ansible:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.property.ansible_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=Path(__file__).parents[2],
            env=self.environment,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.communicate(timeout=60)

    def run(self, argv: list[str], *, cwd: Path, environment: dict[str, str]) -> Answer:
        job = {"argv": argv, "cwd": str(cwd), "below": str(cwd), "env": environment}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        answer: Answer = json.loads(self.process.stdout.readline())
        assert answer["code"] != 70, answer["said"]
        return answer


class Oracle:
    """Runs the programs for images of the tree at `root`."""

    def __init__(self, ansible: Ansible, packer: Packer) -> None:
        self.ansible, self.packer = ansible, packer
        self.plays = 0

    def evidence(self, root: Path, image: Image) -> Evidence:
        """What this image is made of in the tree as it stands now."""
        run = self.packer.files(root, image)
        opened, listed, failed = {*run.opened, *_FOR_ALL}, set(run.listed), ""
        seen = {path for path in opened | listed for path in (path, *_above(path))}
        for settings in run.steps:
            if "playbook_file" in settings:
                failed += self._play(root, image, settings, (opened, seen, listed))
        return Evidence(
            opened={path: _digest(root / path) for path in sorted(opened) if (root / path).is_file()},
            seen=frozenset(seen),
            listed=frozenset(listed),
            failed=failed,
        )

    def _play(
        self, root: Path, image: Image, settings: dict[str, list[str]], found: tuple[set[str], set[str], set[str]]
    ) -> str:
        self.plays += 1
        with tempfile.TemporaryDirectory(dir=root.parent) as name:
            stage, argv, environment = scene(root, image, settings, Path(name).resolve())
            answer = self.ansible.run(argv, cwd=stage.root, environment=environment)
        for how, path in answer["trace"]:
            back = stage.back(path)
            found[1].update(back)
            if how == "open":
                found[0].update(back[:1] if os.path.relpath(path, stage.root) in stage.files else back)
            elif how == "list":
                found[2].update(back)
        return "" if answer["code"] == 0 else answer["said"]


def scene(
    root: Path, image: Image, settings: dict[str, list[str]], folder: Path
) -> tuple[_Stage, list[str], dict[str, str]]:
    """Where, with which arguments and environment Packer runs ansible-playbook; `folder` is for its own files."""
    if "role_paths" in settings:
        stage = _staged(folder / "stage", root, settings)
        inventory = stage.root / "packer-provisioner-ansible-local1"
        inventory.write_text(_inventory("127.0.0.1", settings.get("inventory_groups", [])))
        play = Path(settings["playbook_file"][0]).name
    else:
        stage = _Stage(root=root, folders=[(".", ".")], files={})
        inventory = folder / "packer-provisioner-ansible1"
        inventory.write_text(_inventory("default", settings.get("groups", [])))
        play = str(root / settings["playbook_file"][0])
    facts = json.dumps({**image.facts, "out": str(folder)})
    argv = ["-i", str(inventory), "-c", "local", "--extra-vars", facts, play]
    return stage, argv, dict(one.split("=", 1) for one in settings.get("ansible_env_vars", []))


def _inventory(host: str, groups: Iterable[str]) -> str:
    return "".join(f"[{group}]\n{host}\n" for group in groups) or host + "\n"


def _staged(stage: Path, root: Path, settings: dict[str, list[str]]) -> _Stage:
    """Files as the `ansible-local` provisioner uploads them (Packer's provisioner/ansible-local/provisioner.go)."""
    made = _Stage(root=stage, folders=[], files={})
    stage.mkdir()
    for key, there in (("playbook_dir", "."), ("group_vars", "group_vars"), ("host_vars", "host_vars")):
        for path in settings.get(key, []):
            _upload(made, root, path, there)
    for path in settings.get("role_paths", []):
        _upload(made, root, path, f"roles/{Path(path).name}")
    play = settings["playbook_file"][0]
    made.files[Path(play).name] = os.path.normpath(play)
    if (root / play).is_file():
        _place(root / play, stage / Path(play).name)
    return made


def _upload(made: _Stage, root: Path, path: str, there: str) -> None:
    made.folders.append((there, os.path.normpath(path)))
    for folder, _, names in os.walk(root / path, followlinks=True):
        relative = os.path.normpath(f"{there}/{os.path.relpath(folder, root / path)}")
        try:
            (made.root / relative).mkdir(parents=True, exist_ok=True)
        except OSError:  # a file of another upload is in the way: the build fails
            continue
        for name in names:
            if (Path(folder) / name).is_file() and not (made.root / relative / name).is_dir():
                _place(Path(folder) / name, made.root / relative / name)
                made.files[os.path.normpath(f"{relative}/{name}")] = os.path.relpath(Path(folder) / name, root)


def _place(file: Path, there: Path) -> None:
    """The same file at another place, in front of what is there already."""
    there.unlink(missing_ok=True)
    if file.is_symlink():
        shutil.copyfile(file, there)
    else:
        os.link(file, there)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def may_differ(evidence: Evidence, before: Collection[str], after: Collection[str], changed: Iterable[str]) -> bool:
    """Whether a run could come to something else after `changed`; `before` and `after` are all paths of both trees."""
    folders = [{parent for path in paths for parent in _above(path)} for paths in (before, after)]
    came_or_went = folders[0] ^ folders[1]
    for path in changed:
        if path in evidence.seen or any(above in evidence.listed for above in _above(path)):
            return True
        if any(above in came_or_went and above in evidence.seen for above in _above(path)):
            return True
    return False


def _above(path: str) -> Iterable[str]:
    parts = path.split("/")
    return ["/".join(parts[:length]) for length in range(1, len(parts))]

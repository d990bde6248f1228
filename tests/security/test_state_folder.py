"""`.tfgen/` of a hostile tree: nothing is written or read through what stands there, and it stops no command."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import depth
from tests.conftest import JSON, Command, Repo, write_tree
from tests.functional.branches import ESTATE
from tests.functional.git_repo import commit, git
from tests.prepared import prepared

Attack = Callable[[Path, Path], object]
COMMANDS = (
    ("sync",),
    ("sync", "--check"),
    ("list",),
    ("lint",),
    ("graph", "--format", "json"),
    ("affected", "--base", "main"),
)
#: Attacks on what only a plan uses: it is made, too.
_PLAN = ("the ", "log", "plan", "init", "terraform-version", ".gitignore is a link", "cache is")
#: Attacks on the caches of many templates; the others need few, whose plan takes a third of the time, and a plan
#: in a usual run has those of the folder itself among few.
_MANY = ("the folder", "cache") if depth.is_on() else ("cache",)


@pytest.fixture
def root(repo: Repo, cli: Command) -> Path:
    """An estate with as many templates as are worth a cache."""
    return committed(repo, cli, 60)


def committed(repo: Repo, cli: Command, templates: int) -> Path:
    """An estate with two templates and `templates` more, without a `.tfgen/`."""

    def make() -> Path:
        root = repo({**ESTATE, **{f"packer/many/{number}.json": JSON for number in range(templates)}})
        cli("sync").expect(0)
        git(root, "init", "--quiet")
        commit(root)
        shutil.rmtree(root / ".tfgen")
        return root

    return prepared(repo, make, "state folder", templates)


def link(path: str, target: str = "") -> Attack:
    """A link out, to a folder, or to the file `target` in it, which may be there or not."""

    def attack(root: Path, outside: Path) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).symlink_to(outside / target)

    return attack


def data(path: str, content: bytes) -> Attack:
    return lambda root, _: write_tree(root, {path: content})


def folder(path: str) -> Attack:
    return lambda root, _: write_tree(root, {f"{path}/x/y": b"x"})


def pipe(path: str) -> Attack:
    def attack(root: Path, _: Path) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(root / path)

    return attack


DEEP = b"\x91" * 200_000 + b"\xc0"
CACHES = ("facts", "graph", "module", "unchanged", "init", "terraform-version.json")
ATTACKS: dict[str, Attack] = {
    "the folder is a link": link(".tfgen"),
    "the folder is a link to nothing": link(".tfgen", "nothing"),
    "the folder is a file": data(".tfgen", b"x"),
    "the folder is a pipe": pipe(".tfgen"),
    **{f"{name} is a link": link(f".tfgen/{name}") for name in ("cache", "log", "backup", "build")},
    **{f"{name} is a link to nothing": link(f".tfgen/{name}", "nothing") for name in ("cache", "log")},
    "cache is a file": data(".tfgen/cache", b"x"),
    "log is a pipe": pipe(".tfgen/log"),
    ".gitignore is a link to nothing": link(".tfgen/.gitignore", "nothing"),
    ".gitignore is a folder": folder(".tfgen/.gitignore"),
    **{
        f"{name}.lock is a link to nothing": link(f".tfgen/{name}.lock", "nothing") for name in ("sync", "plan", "init")
    },
    "sync.lock is a link": link(".tfgen/sync.lock", "secret"),
    "sync.lock is a pipe": pipe(".tfgen/sync.lock"),
    "sync.lock is a folder": folder(".tfgen/sync.lock"),
    "the plan is a link": link(".tfgen/tfplan", "secret"),
    "the plan is a folder": folder(".tfgen/tfplan"),
    "the plan is none": data(".tfgen/tfplan", b"not a plan"),
    "the manifest is none": data(".tfgen/tfplan.json", b"[" * 5000),
    "the manifest is a pipe": pipe(".tfgen/tfplan.json"),
    **{f"{name} is a link": link(f".tfgen/cache/{name}", "secret") for name in CACHES},
    **{f"{name} is a link to nothing": link(f".tfgen/cache/{name}", "nothing") for name in CACHES},
    **{f"{name} is a folder": folder(f".tfgen/cache/{name}") for name in CACHES},
    **{f"{name} is a pipe": pipe(f".tfgen/cache/{name}") for name in CACHES},
    **{f"{name} has wrong bytes": data(f".tfgen/cache/{name}", b"\xff\xfe\x00wrong") for name in CACHES},
    **{f"{name} is deep": data(f".tfgen/cache/{name}", DEEP) for name in CACHES},
    **{f"{name} is deep JSON": data(f".tfgen/cache/{name}", b"[" * 200_000) for name in CACHES},
}


def cases() -> list[tuple[str, tuple[str, ...]]]:
    """Each attack with each command; in a usual run with one of those that read, and with plan."""
    read = [(name, command) for name in ATTACKS for command in COMMANDS]
    planned: list[tuple[str, tuple[str, ...]]] = [(name, ("plan",)) for name in ATTACKS if name.startswith(_PLAN)]
    return read + planned if depth.is_on() else read[:: len(COMMANDS) + 1] + planned


def together(name: str) -> list[str]:
    """Names of attacks that one plan meets: in a usual run, those on different places in the folder."""
    if depth.is_on() or name.startswith(("the folder", "cache")):
        return [name]
    by_place: dict[str, list[str]] = {}
    for one in ATTACKS:
        if one.startswith(_PLAN) and not one.startswith(("the folder", "cache")):
            by_place.setdefault(re.split(" is | has ", one)[0], []).append(one)
    number = next(names.index(name) for names in by_place.values() if name in names)
    return [names[number] for names in by_place.values() if number < len(names)]


_held: set[str] = set()


@depth.deep
@pytest.mark.parametrize(("name", "command"), cases())
def test_nothing_goes_through_it_and_nothing_stops(
    repo: Repo, cli: Command, tfgen: Command, tmp_path: Path, name: str, command: tuple[str, ...]
) -> None:
    names = together(name) if command == ("plan",) else [name]
    if command == ("plan",) and name in _held:
        return
    root = committed(repo, cli, 60 if command != ("plan",) or name.startswith(_MANY) else 0)
    outside = write_tree(tmp_path / "outside", {"secret": b"secret"})
    before = _listed(outside)
    for one in names:
        ATTACKS[one](root, outside)
    result = tfgen(*command)
    # What lint finds is no error of the folder.
    assert result.code in ({0, 1} if command == ("lint",) else {0}), result.err
    assert "Traceback" not in result.err
    assert _listed(outside) == before
    assert not (root / ".tfgen").is_symlink()
    links = [path for path in (root / ".tfgen").rglob("*") if path.is_symlink() and "part-" not in str(path)]
    assert links == []
    if command == ("plan",):
        _held.update(names)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("the folder is a link", ".tfgen is a symlink: removed"),
        ("cache is a file", ".tfgen/cache is a file: removed"),
        ("facts is a pipe", ".tfgen/cache/facts is a special file: removed"),
        ("sync.lock is a folder", ".tfgen/sync.lock is a folder: removed"),
        ("graph has wrong bytes", ".tfgen/cache/graph is damaged, or of another version: removed"),
        ("facts has wrong bytes", ".tfgen/cache/facts is damaged, or of another version: removed"),
    ],
)
def test_it_is_said(root: Path, cli: Command, tmp_path: Path, name: str, said: str) -> None:
    ATTACKS[name](root, write_tree(tmp_path / "outside", {"secret": b"secret"}))
    assert f"warning: {said}\n" in cli("lint").err
    assert said not in cli("lint").err


@pytest.mark.parametrize("name", ["facts", "graph", "module"])
def test_one_wrong_byte_is_no_cache(root: Path, cli: Command, name: str) -> None:
    """Of those that decode all the same, too: what they say would be wrong."""
    first = cli("graph", "--format", "json").expect(0).out
    cli("sync", "--check").expect(0)
    file = root / ".tfgen/cache" / name
    good = file.read_bytes()
    for place in range(0, len(good), max(1, len(good) // 12)):
        with file.open("r+b") as opened:  # the inode stays
            opened.write(good[:place] + bytes([good[place] ^ 0x01]) + good[place + 1 :])
        assert cli("graph", "--format", "json").expect(0).out == first
        cli("sync", "--check").expect(0)


def _listed(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in sorted(folder.rglob("*"))}

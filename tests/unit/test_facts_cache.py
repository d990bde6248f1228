"""The cache gives what reading would give, whatever happens to the files and to itself."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import HCL2, JSON, write_tree
from tfgen_generators.packer.discovery import facts_cache as module
from tfgen_generators.packer.discovery import read_ahead as ahead
from tfgen_generators.packer.discovery.discover import discover
from tfgen_generators.packer.discovery.facts_cache import FactsCache
from tfgen_generators.packer.discovery.outcome import read_file
from tfgen_generators.trees.stamps import WORTHWHILE

if TYPE_CHECKING:
    from tfgen_generators.packer.model import Discovery, Format

OTHER = JSON.replace("amazon-ebs", "amazon-xyz")  # as many bytes


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The formats of the files that are read (parsed) during the test."""
    seen: list[str] = []

    def counted(data: bytes, form: Format, digest: str, *, details: bool) -> object:
        seen.append(form)
        return read_file(data, form, digest, details=details)

    monkeypatch.setattr(module, "read_file", counted)
    return seen


def tree(root: Path) -> Path:
    files = {f"packer/{number}/web.json": f'{{"_n": {number}, {JSON[1:]}' for number in range(WORTHWHILE)}
    return write_tree(root, {**files, "packer/base.pkr.hcl": HCL2, "packer/data.json": "{}"})


def look(root: Path) -> Discovery:
    cache = FactsCache(root / ".tfgen" / "cache" / "facts")
    found = discover(root, "packer", cache=cache)
    cache.save()
    return found


def age(root: Path, seconds: int = 60) -> None:
    """Makes every file (not the cache) older: what stat says of them is trusted then."""
    for path in root.glob("packer/**/*"):
        os.utime(path, (path.stat().st_mtime - seconds,) * 2)


@pytest.mark.parametrize("kept", [True, False])
def test_one_cache_reads_a_file_once(tmp_path: Path, reads: list[str], kept: bool) -> None:
    """However often it looks; what has changed meanwhile is read again. With many files, another process reads, too."""
    root = tree(tmp_path)
    cache = FactsCache(root / ".tfgen/cache/facts" if kept else None)
    first = discover(root, ".", cache=cache)
    assert len(reads) == WORTHWHILE + 2
    assert discover(root, "packer", cache=cache) == discover(root, "packer")
    assert len(first.templates) == WORTHWHILE + 1
    assert len(reads) == 2 * (WORTHWHILE + 2)  # the second time by the look without it
    (root / "packer/0/web.json").write_text("{}")
    assert len(discover(root, "packer", cache=cache).templates) == WORTHWHILE
    assert cache._has_seen(f"{root}/packer/0/web.json", "packer/0/web.json")


def test_a_second_look_reads_nothing(tmp_path: Path, reads: list[str]) -> None:
    first = look(tree(tmp_path))
    assert len(reads) == WORTHWHILE + 2
    reads.clear()
    assert look(tmp_path) == first == discover(tmp_path, "packer")
    assert len(reads) == WORTHWHILE + 2  # by the last look, which has no cache


def test_a_changed_file_is_read_again_though_its_size_and_time_are_the_same(tmp_path: Path, reads: list[str]) -> None:
    """git's rule for racy files: one tick of the clock is too coarse to trust."""
    look(tree(tmp_path))
    path = tmp_path / "packer" / "1" / "web.json"
    before = path.stat()
    path.write_text(path.read_text().replace("amazon-ebs", "amazon-xyz"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    reads.clear()
    look(tmp_path)
    assert reads == ["json"]
    assert [t.builders for t in look(tmp_path).templates if t.path == "packer/1/web.json"] == [("amazon-xyz",)]


def test_what_was_moved_is_known_by_its_content(tmp_path: Path, reads: list[str]) -> None:
    look(tree(tmp_path))
    reads.clear()
    (tmp_path / "packer" / "1" / "web.json").rename(tmp_path / "packer" / "moved.json")
    assert "packer/moved.json" in {template.path for template in look(tmp_path).templates}
    assert reads == []


@pytest.mark.parametrize("damage", [b"", b"\x00", b"\x93\x01\x02"])
def test_a_damaged_cache_is_no_cache(tmp_path: Path, damage: bytes) -> None:
    first = look(tree(tmp_path))
    (tmp_path / ".tfgen/cache/facts").write_bytes(damage)
    assert look(tmp_path) == first


def test_another_version_of_the_readers_trusts_nothing(
    tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    look(tree(tmp_path))
    reads.clear()
    monkeypatch.setattr(module, "readers_version", lambda _packages: "another")
    look(tmp_path)
    assert len(reads) == WORTHWHILE + 2


def test_a_few_files_make_no_cache(tmp_path: Path) -> None:
    look(write_tree(tmp_path, {"packer/web.json": JSON}))
    assert not (tmp_path / ".tfgen").exists()


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    tree(tmp_path)
    (tmp_path / ".tfgen").write_text("a file")
    assert len(look(tmp_path).templates) == WORTHWHILE + 1


def test_what_is_gone_leaves_the_cache(tmp_path: Path) -> None:
    look(tree(tmp_path))
    size = (tmp_path / ".tfgen/cache/facts").stat().st_size
    for number in range(WORTHWHILE - 1):
        (tmp_path / f"packer/{number}/web.json").unlink()
    look(tmp_path)
    assert (tmp_path / ".tfgen/cache/facts").stat().st_size < size / 2


def test_details_are_read_when_they_are_wanted_and_kept(tmp_path: Path, reads: list[str]) -> None:
    look(tree(tmp_path))
    for times in (WORTHWHILE + 1, 0):
        reads.clear()
        cache = FactsCache(tmp_path / ".tfgen" / "cache" / "facts", details=True)
        assert all(all(template.details) for template in discover(tmp_path, "packer", cache=cache).templates)
        cache.save()
        assert len(reads) == times
    reads.clear()
    look(tmp_path)
    assert reads == []


def test_many_files_are_read_by_two_processes_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path)
    write_tree(tmp_path, {"packer/broken.json": '{"builders": [', "packer/odd.pkr.hcl": b"\xff"})
    alone = discover(tmp_path, "packer", cache=FactsCache(details=True))
    monkeypatch.setattr(ahead, "WORTHWHILE", 2)
    monkeypatch.setattr(ahead, "_has_two_cores", lambda: True)
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    forks: list[int] = []
    fork = os.fork

    def counted() -> int:
        forks.append(1)
        return fork()

    monkeypatch.setattr(os, "fork", counted)
    together = discover(tmp_path, "packer", cache=FactsCache(details=True))
    assert forks == [1]
    assert together == alone
    assert [template.details for template in together.templates] == [template.details for template in alone.templates]

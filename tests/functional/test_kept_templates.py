"""The templates of the last look hold as long as everything is as it was, and no longer."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tfgen.cache import template_store
from tfgen.workspace import open_workspace
from tfgen_generators.packer.model import Discovery
from tfgen_generators.trees.store import Store

_JSON = '{"builders": [{"type": "amazon-ebs", "ami_name": "x"}]}'
_NUMBER = 90


def found_now() -> Discovery:
    return template_store.find_templates(open_workspace(), Store())


@pytest.fixture
def many(tmp_path: Path) -> Path:
    root = tmp_path / "many"
    subprocess.run(["git", "init", "--quiet", root], check=True)
    (root / "tfgen.toml").write_text('source_repository = "x"\nignore = ["packer/old*"]\n')
    for number in range(_NUMBER):
        file = root / f"packer/{number % 3}/t{number}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_JSON)
    (root / "packer/folder").mkdir()
    (root / "packer/folder/a.pkr.hcl").write_text('variable "a" {}\nsource "null" "x" {}\n')
    (root / "packer/folder/b.pkr.hcl").write_text('build {\n  sources = ["null.x"]\n  name = var.a\n}\n')
    (root / "packer/folder/v.auto.pkrvars.hcl").write_text("a = 1\n")
    return root


@pytest.fixture
def looks(many: Path, monkeypatch: pytest.MonkeyPatch) -> list[Discovery]:
    """Each real look; all files count as old."""
    found: list[Discovery] = []
    look = template_store._look

    def counted(*arguments: object) -> object:
        answer = look(*arguments)  # type: ignore[arg-type]
        found.append(answer[0])
        return answer

    monkeypatch.setattr(template_store, "_look", counted)
    monkeypatch.setattr(template_store, "TICK", -(10**15))
    monkeypatch.chdir(many)
    (many / ".tfgen/cache/templates").unlink(missing_ok=True)
    return found


def _same_bytes(root: Path) -> None:
    """As large as before, and by its own time as old."""
    file = root / "packer/1/t1.json"
    status = file.stat()
    file.write_text(_JSON.replace('"x"', '"y"'))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def _linked(root: Path) -> None:
    (root / "packer/2/link.json").symlink_to("t2.json")


def _moved(root: Path) -> None:
    (root / "packer/0").rename(root / "packer/zero")


_CHANGES: dict[str, Callable[[Path], object]] = {
    "new": lambda root: (root / "packer/1/new.json").write_text(_JSON),
    "gone": lambda root: (root / "packer/1/t4.json").unlink(),
    "other bytes": _same_bytes,
    "settings": lambda root: (root / "tfgen.toml").write_text('source_repository = "x"\nignore = ["packer/2"]\n'),
    "ignore file above": lambda root: (root / ".gitignore").write_text("t7.json\n"),
    "values": lambda root: (root / "packer/folder/v.auto.pkrvars.hcl").write_text("b = 1\n"),
    "ignore file": lambda root: (root / "packer/0/.gitignore").write_text("t9.json\n"),
    "exclude": lambda root: (root / ".git/info/exclude").write_text("t10.json\n"),
    "moved": _moved,
    "link": _linked,
}


def test_what_is_kept_is_what_a_look_finds(many: Path, looks: list[Discovery]) -> None:
    """Each change of `_CHANGES` is seen, one after the other."""
    first = found_now()
    assert found_now() == first
    assert len(looks) == 1
    assert len(first.templates) == _NUMBER + 1
    for number, (name, change) in enumerate(_CHANGES.items(), start=2):
        change(many)
        found = found_now()
        assert len(looks) == number, name
        assert found != looks[-2] or name == "values", name
        if found.asked_git or found.other_files is None:
            (many / ".tfgen/cache/templates").unlink(missing_ok=True)
            if name != "link":  # the file that made git's word count has had its turn
                for file in (".gitignore", "packer/0/.gitignore", ".git/info/exclude"):
                    (many / file).unlink(missing_ok=True)
                found_now()
                looks.pop()
        else:
            assert found_now() == found
            assert len(looks) == number, name
    found_now()
    assert len(looks) == len(_CHANGES) + 2  # a link shows no change of what it leads to


@pytest.mark.usefixtures("looks")
def test_wrong_bytes_are_no_templates(many: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = found_now()
    file = many / ".tfgen/cache/templates"
    good = file.read_bytes()
    with file.open("r+b") as opened:  # the inode stays
        opened.write(good[:-100] + bytes([good[-100] ^ 1]) + good[-99:])
    assert found_now() == first
    assert "warning: .tfgen/cache/templates is damaged, or of another version: removed" in capsys.readouterr().err


def test_another_file_of_the_same_bytes_is_not_believed(many: Path, looks: list[Discovery]) -> None:
    """It may have come with a pull request."""
    found_now()
    file = many / ".tfgen/cache/templates"
    data = file.read_bytes()
    (many / ".tfgen/cache/other").write_bytes(data)
    file.unlink()
    (many / ".tfgen/cache/other").rename(file)
    found_now()
    assert len(looks) == 2


def test_what_is_young_or_small_is_not_kept(
    many: Path, tmp_path: Path, looks: list[Discovery], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(template_store, "TICK", 10**12)
    found_now()
    assert not (many / ".tfgen/cache/templates").exists()
    (tmp_path / "packer").mkdir()
    (tmp_path / "packer/a.json").write_text(_JSON)
    (tmp_path / "tfgen.toml").write_text('source_repository = "x"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(template_store, "TICK", -(10**15))
    found_now()
    assert not (tmp_path / ".tfgen/cache/templates").exists()
    assert len(looks) == 2

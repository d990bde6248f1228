"""`tfgen lint --fix`: what is safe is mended, and nothing else is touched."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import HCL2, TOML, Command, Repo, read_tree
from tfgen.lint.fix import apply_edits, edited
from tfgen_generators.lint.model import Edit, Finding

ONLY = ("--rule", "name-limits", "--rule", "unused-ignore")
COMMENT = "# tfgen:ignore name-limits nothing is wrong here"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{COMMENT}\n{HCL2}", HCL2),
        (f"\ufeff{COMMENT}\n{HCL2}", f"\ufeff{HCL2}"),
        (f"{HCL2}{COMMENT}", HCL2),
        (HCL2.replace("{\n}", f"{{\n}} \t{COMMENT}", 1), HCL2),
        (f"{COMMENT}\n{HCL2}".replace("\n", "\r\n"), HCL2.replace("\n", "\r\n")),
        (HCL2.replace("{\n}", f"{{\n}}  {COMMENT}", 1).replace("\n", "\r\n"), HCL2.replace("\n", "\r\n")),
        (f'# "ä🙂" \n{COMMENT} ü\n{COMMENT}\n{HCL2}', f'# "ä🙂" \n{HCL2}'),
    ],
    ids=["alone", "after a byte order mark", "at the end", "behind", "crlf", "behind, crlf", "two"],
)
def test_a_comment_of_no_use_goes_and_nothing_else(repo: Repo, cli: Command, before: str, after: str) -> None:
    root = repo({"tfgen.toml": TOML, "packer/web.pkr.hcl": before, "packer/db.pkr.hcl": HCL2})
    (root / "packer/web.pkr.hcl").chmod(0o640)
    untouched = (root / "packer/db.pkr.hcl").stat().st_ino
    result = cli("lint", *ONLY, "--fix").expect(0)
    assert result.out == ""
    assert "no findings in 2 templates; " in result.err
    assert (root / "packer/web.pkr.hcl").read_bytes() == after.encode()
    assert stat.S_IMODE((root / "packer/web.pkr.hcl").stat().st_mode) == 0o640
    assert (root / "packer/db.pkr.hcl").stat().st_ino == untouched
    assert {path.name for path in (root / "packer").iterdir()} == {"db.pkr.hcl", "web.pkr.hcl"}


def test_what_is_left_is_shown(repo: Repo, cli: Command) -> None:
    bad = HCL2.replace("{\n}", '{\n  ami_name = "a:b"\n}', 1)
    repo({"tfgen.toml": TOML, "packer/web.pkr.hcl": bad, "packer/db.pkr.hcl": f"{COMMENT}\n{HCL2}"})
    document = json.loads(cli("lint", *ONLY, "--fix", "--format", "json").expect(1).out)
    assert [(one["rule"], one["path"]) for one in document["findings"]] == [("name-limits", "packer/web.pkr.hcl")]
    assert document["summary"]["fixed"] == 1


def test_paths_restrict_what_is_mended(repo: Repo, cli: Command) -> None:
    text = f"{COMMENT}\n{HCL2}"
    root = repo({"tfgen.toml": TOML, "packer/web.pkr.hcl": text, "packer/db.pkr.hcl": text})
    cli("lint", *ONLY, "--fix", "packer/db.pkr.hcl").expect(0)
    assert (root / "packer/web.pkr.hcl").read_text() == text
    assert (root / "packer/db.pkr.hcl").read_text() == HCL2


def test_without_the_flag_it_only_says_so(repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": TOML, "packer/web.pkr.hcl": f"{COMMENT}\n{HCL2}"})
    before = read_tree(root)
    assert "fix: remove it (--fix does it)" in cli("lint", *ONLY).expect(0).out
    assert read_tree(root) == before


def test_a_link_is_left_alone(repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": TOML, "shared/web.hcl": f"{COMMENT}\n{HCL2}", "packer/.keep": ""})
    (root / "packer/web.pkr.hcl").symlink_to("../shared/web.hcl")
    result = cli("lint", *ONLY, "--fix").expect(0)
    assert "warning: packer/web.pkr.hcl: not fixed: a symlink, or outside the repository" in result.err
    assert "warning[unused-ignore]" in result.out
    assert (root / "shared/web.hcl").read_text() == f"{COMMENT}\n{HCL2}"


def finding(path: str, *edits: tuple[int, int, str]) -> Finding:
    made = tuple(Edit(path=path, start=start, end=end, text=text) for start, end, text in edits)
    return Finding(rule="r", path=path, line=1, message="m", edits=made)


def reader(root: Path) -> Callable[[str], bytes]:
    seen = read_tree(root)
    return lambda path: seen.get(path, b"")


def test_edits_that_overlap_wait_for_their_turn(repo: Repo) -> None:
    root = repo({"a": "0123456789"})
    findings = [finding("a", (2, 4, "x"), (6, 7, "")), finding("a", (3, 5, "y")), finding("a", (8, 9, "é"))]
    assert apply_edits(root, findings, reader(root)) == (2, [])
    assert (root / "a").read_text() == "01x457é9"


def test_all_edits_of_a_finding_or_none(repo: Repo) -> None:
    root = repo({"a": "0123456789"})
    findings = [finding("a", (0, 1, "x")), finding("a", (5, 6, "y"), (0, 2, "z"))]
    assert apply_edits(root, findings, reader(root)) == (1, [])
    assert (root / "a").read_text() == "x123456789"


def test_edits_beyond_the_file_are_none(repo: Repo) -> None:
    root = repo({"a": "0123"})
    assert apply_edits(root, [finding("a", (3, 9, "")), finding("a", (-1, 2, ""))], reader(root)) == (0, [])
    assert edited(b"0123", ()) == b"0123"


def test_a_file_that_changed_meanwhile_is_left_alone(repo: Repo) -> None:
    root = repo({"a": "0123", "b": "0123"})
    read = reader(root)
    (root / "a").write_text("0123 and more")
    fixed, left = apply_edits(root, [finding("a", (0, 1, "x")), finding("b", (0, 1, "x"))], read)
    assert (fixed, left) == (1, ["a: not fixed: the file has changed"])
    assert (root / "a").read_text() == "0123 and more"
    assert (root / "b").read_text() == "x123"


@pytest.mark.parametrize("path", ["../outside", ".git/config", "link/file", "pipe", "gone"])
def test_only_ordinary_files_of_the_repository_are_written(repo: Repo, path: str) -> None:
    root = repo({".git/config": "0123", "folder/file": "0123"})
    (root.parent / "outside").write_text("0123")
    (root / "link").symlink_to("folder")
    os.mkfifo(root / "pipe")
    fixed, left = apply_edits(root, [finding(path, (0, 1, "x"))], lambda _path: b"0123")
    assert fixed == 0
    assert left[0].startswith(f"{path}: ")
    assert (root.parent / "outside").read_text() == (root / ".git/config").read_text() == "0123"


def test_a_full_disk_leaves_the_old_file(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repo({"a": "0123"})

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert apply_edits(root, [finding("a", (0, 1, "x"))], reader(root)) == (
        0,
        ["a: not fixed: No space left on device"],
    )
    assert read_tree(root) == {"a": b"0123"}

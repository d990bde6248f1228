"""`ignore` in tfgen.toml: patterns in git's syntax, for templates that are files or folders."""

from __future__ import annotations

import pytest

from tfgen_generators.packer.discovery.ignore_patterns import IgnorePatterns


@pytest.mark.parametrize(
    ("patterns", "path", "left_out"),
    [
        (["packer/experiments/"], "packer/experiments/a/web.json", True),
        (["packer/experiments/**"], "packer/experiments/web.json", True),
        (["experiments"], "packer/experiments/web.json", True),
        (["/experiments"], "packer/experiments/web.json", False),
        (["*.draft.json"], "packer/a/web.draft.json", True),
        (["packer/*.json"], "packer/a/web.json", False),
        (["packer/**/web.json"], "packer/web.json", True),
        (["packer/a*/web.json"], "packer/ab/web.json", True),
        (["packer/a*"], "packer/ab/c/web.json", True),
        (["packer/a?c/**"], "packer/abc/web.json", True),
        (["packer/*/", "!packer/keep/"], "packer/keep/web.json", False),
        (["packer/old/", "!packer/old/web.json"], "packer/old/web.json", False),
        (["caf?.json"], "packer/café.json", True),
        (["#web.json"], "packer/#web.json", False),
        (["\\#web.json"], "packer/#web.json", True),
        (["web.json\\"], "packer/web.json", False),
        ([], "packer/web.json", False),
    ],
)
def test_a_file(patterns: list[str], path: str, left_out: bool) -> None:
    assert IgnorePatterns(patterns).leaves_out(path, folder=False) is left_out


@pytest.mark.parametrize(
    ("patterns", "left_out"),
    [
        (["packer/web"], True),
        (["packer/web/"], True),
        (["packer/web/**"], True),
        (["packer/**"], True),
        (["packer/*"], True),
        (["packer/web/*"], False),
        (["packer/web/**", "!packer/web/"], False),
        (["packer/", "!packer/web/"], False),
    ],
)
def test_a_folder(patterns: list[str], left_out: bool) -> None:
    assert IgnorePatterns(patterns).leaves_out("packer/web", folder=True) is left_out

"""The setting `branch`: what git would refuse, or take for something else, is refused in tfgen.toml."""

from __future__ import annotations

import subprocess

import pytest

from tfgen_generators.errors import SettingsError
from tfgen_generators.settings.git_names.branch_name import branch_problem
from tfgen_generators.settings.read import parse_settings

NAMES = (
    *("main", "feature/x", "a.b", "a@b", "@/x", "a{b", "release-1.0", "refs", "heads", "x/origin/y", "a,b;c"),
    *("\u00e9", "lock", "HEAD/x", "a-", "a.lockx", "a", "x/HEAD", "-b", "--", "a..b", "a b", "a~1", "a^", "a:b"),
    *("a?b", "a*", "a[b", "a\\b", "/a", "a/", "a//b", ".a", "a/.b", "a.", "a.lock", "a.lock/b", "a@{b", "a\x7fb"),
    *("a\tb", "..", "."),
)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_gits_rule(name: str) -> None:
    done = subprocess.run(["git", "check-ref-format", "--branch", name], capture_output=True, check=False)
    assert (branch_problem(name)[0] == "") == (done.returncode == 0)


@pytest.mark.parametrize("name", ["HEAD", "@"])
def test_a_name_that_git_has_another_use_for(name: str) -> None:
    assert branch_problem(name)[0]


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("refs/heads/main", 'use branch = "main"'),
        ("heads/main", 'use branch = "main"'),
        ("refs/heads/a/b", 'use branch = "a/b"'),
        ("refs/remotes/origin/main", 'use branch = "main"'),
        ("remotes/origin/main", 'use branch = "main"'),
        ("origin/main", 'use branch = "main"'),
        ("origin/a/b", 'use branch = "a/b"'),
        ("codecommit/main", 'use branch = "main"'),
        ("refs/tags/v1", "use the name of a branch alone"),
        ("refs/heads/a..b", "use the name of a branch alone"),
        ("origin/HEAD", "use the name of a branch alone"),
    ],
)
def test_what_to_write_instead(name: str, fix: str) -> None:
    with pytest.raises(SettingsError) as error:
        parse_settings(f'source_repository = "a"\n\nbranch = "{name}"\n')
    assert (error.value.where, error.value.fix) == ("tfgen.toml:3", fix)


@pytest.mark.parametrize("name", ["a..b", "-b", "x.lock", "a b", " main", "main "])
def test_a_name_that_git_refuses(name: str) -> None:
    with pytest.raises(SettingsError, match="cannot be the name of a branch") as error:
        parse_settings(f'source_repository = "a"\nbranch = "{name}"\n')
    assert error.value.where == "tfgen.toml:2"


def test_another_remote() -> None:
    with pytest.raises(SettingsError, match="that of the remote aws"):
        parse_settings('source_repository = "a"\nbranch = "aws/main"\n[remote]\nname = "aws"\n')
    assert parse_settings('source_repository = "a"\nbranch = "aws/main"\n').branch == "aws/main"

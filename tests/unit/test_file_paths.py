"""The file-path filters of pipelines: nothing is missed, AWS's limits hold, and what was widened is said."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tfgen_generators.dispatcher.file_paths import LONGEST, MOST, FileFilter, compile_filter, matches

NAMES = st.text(st.sampled_from("ab.-_{},*?[]!\\é日\U0001f600 "), min_size=1, max_size=4).filter(
    lambda name: name not in (".", "..")
)
LONG = st.builds(lambda name, times: name * times, NAMES, st.integers(1, 70))
PATHS = st.sets(st.lists(NAMES | LONG, min_size=1, max_size=6).map("/".join), min_size=1, max_size=60)


@settings(max_examples=50, deadline=None)
@given(PATHS)
@example({"a" * 300})
@example({f"{folder}/{'x' * 254}" for folder in "abcdefghijk"})
@example({f"{chr(97 + number)}{'x' * 254}" for number in range(10)})
def test_every_file_is_let_through_within_the_limits(paths: set[str]) -> None:
    found = compile_filter(paths)
    assert len(found.includes) <= MOST
    assert all(0 < len(glob) <= LONGEST for glob in found.includes)
    for path in paths if found.includes else ():
        assert any(matches(glob, path) for glob in found.includes), (path, found)
    assert "**" not in found.includes


@settings(max_examples=30, deadline=None)
@given(PATHS, PATHS)
def test_what_is_let_through_beyond_that_is_said(paths: set[str], others: set[str]) -> None:
    found = compile_filter(paths)
    plain = {path for path in others - paths if path.isascii() and path.replace("/", "").isalpha()}
    exact = {path for path in paths if path.isascii() and not set(path) & set("{},*?[]!\\")}
    for path in plain if found.includes and exact == paths else ():
        through = any(matches(glob, path) for glob in found.includes)
        assert through == any(path.startswith(f"{folder}/") for folder in found.widened)


def test_names_that_differ_in_one_part_share_a_glob() -> None:
    roles = [
        f"ansible/roles/{role}/{file}" for role in ("common", "web") for file in ("tasks/main.yml", "meta/main.yml")
    ]
    found = compile_filter([*roles, "packer/web.json", "packer/web.sh", "buildspec.yml"])
    assert found == FileFilter(
        includes=("ansible/roles/{common,web}/{meta,tasks}/main.yml", "buildspec.yml", "packer/{web.json,web.sh}")
    )
    assert found.warning("web") == ""


def test_the_deepest_folders_are_widened_first_and_no_more_than_needed() -> None:
    scattered = [f"ansible/roles/r{number}/templates/{'x' * (100 + number)}.j2" for number in range(12)]
    found = compile_filter([*scattered, "packer/web.json"])
    assert "packer/web.json" in found.includes
    assert 0 < len(found.widened) < 12
    assert all(folder.endswith("/templates") for folder in found.widened)
    assert found.warning("web").startswith("web is built after any change in ansible/roles/r")
    assert found.warning("web").endswith("more: its files need more than 8 file paths of 255 characters")


def test_what_does_not_fit_at_all_is_no_filter() -> None:
    found = compile_filter([f"{chr(97 + number)}{'x' * 200}.json" for number in range(9)])
    assert found == FileFilter(includes=())
    assert (
        found.warning("web") == "web is built after every push: its files need more than 8 file paths of 255 characters"
    )


@pytest.mark.parametrize(
    ("glob", "path", "through"),
    [
        ("*.java", "x.java", True),
        ("*.java", "a/x.java", False),
        ("a/**", "a/b/c", True),
        ("a/*", "a/b/c", False),
        ("foo.?", "foo.c", True),
        ("*.{java,class}", "x.class", True),
        ("a.b", "axb", False),
    ],
)
def test_the_syntax_as_the_guide_has_it(glob: str, path: str, through: bool) -> None:
    assert matches(glob, path) is through


def test_a_thousand_files_take_no_time() -> None:
    paths = [f"ansible/roles/r{number % 40}/tasks/{number}.yml" for number in range(5000)]
    assert compile_filter(paths).includes

"""`[retention]` in tfgen.toml: what it may say, and errors that name the line."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tfgen_generators.errors import SettingsError
from tfgen_generators.settings.lifecycle.retention import Retention
from tfgen_generators.settings.read import parse_settings

_HEAD = 'source_repository = "x"\n'


def read(text: str) -> Retention:
    found = parse_settings(f"{_HEAD}[retention]\n{text}").retention
    assert found is not None
    return found


def test_the_issues_example() -> None:
    found = read('keep_last = 5\nkeep = {dev = "1d", main = "30d", prod = "365d"}')
    assert (found.keep_last, found.keep["prod"]) == (5, "365d")
    assert found.steps == (("deregister", "0d", timedelta()),)


def test_without_the_table_there_is_none() -> None:
    assert parse_settings(_HEAD).retention is None


def test_only_the_steps_that_are_given_are_taken() -> None:
    assert [step for step, _, _ in read('deprecate = "12h"').steps] == ["deprecate"]
    assert read('deprecate = "2w"\nderegister = "90d"').steps[1] == ("deregister", "90d", timedelta(days=90))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("keep_last = -1", "3: retention.keep_last = -1 must be 0 to 10000"),
        ('keep = { main = "x" }', '3: retention.keep.main = "x" is not an age'),
        ("keep = { main = 1 }", "3: retention.keep.main must be an age"),
        ("keep = 1", "3: retention.keep must be a table"),
        ('disable = "1d"\nderegister = "1h"', '4: retention.deregister = "1h" is sooner than retention.disable = "1d"'),
        ('skip_sources = ["ec2"]', '3: retention.skip_sources contains "ec2", which cannot be left out'),
        ("keep_lst = 1", "3: unknown key retention.keep_lst"),
        ('deregister = "999999d"', '3: retention.deregister = "999999d" is not an age'),
    ],
)
def test_what_cannot_be_names_the_line(text: str, message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read(text)
    assert str(raised.value).startswith(f"tfgen.toml:{message}")

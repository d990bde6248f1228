from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import write_tree
from tests.unit.samples import BROKEN, OTHER, VALID
from tfgen_generators.packer.discovery.discover import discover
from tfgen_generators.packer.model import Discovery


def found(root: Path, text: str) -> Discovery:
    return discover(write_tree(root, {"packer/a.pkr.hcl": text}), "packer")


@pytest.mark.parametrize("name", VALID)
def test_a_valid_file_is_a_template_without_errors(tmp_path: Path, name: str) -> None:
    (template,) = found(tmp_path, VALID[name]).templates
    assert [str(problem) for problem in template.errors] == []
    assert template.builders == ("null",)


@pytest.mark.parametrize("name", BROKEN)
def test_what_packer_refuses_is_said_with_its_line(tmp_path: Path, name: str) -> None:
    text, says = BROKEN[name]
    (template,) = found(tmp_path, text).templates
    assert str(template.errors[0]).startswith(f"packer/a.pkr.hcl{says or ':'}")


@pytest.mark.parametrize("name", OTHER)
def test_what_is_no_template_is_skipped_with_its_reason(tmp_path: Path, name: str) -> None:
    text, says = OTHER[name]
    discovery = found(tmp_path, text)
    assert discovery.templates == ()
    assert [skipped.reason for skipped in discovery.skipped] == [says]


@pytest.mark.parametrize(
    "sources",
    [
        "var.chosen",
        'var.chosen == "yes" ? ["source.null.x"] : ["source.null.z"]',
        'formatlist("source.null.%s", ["x"])',
        '["source.null.${var.chosen}"]',
    ],
)
def test_sources_that_must_be_computed_are_not_guessed(tmp_path: Path, sources: str) -> None:
    text = f'variable "chosen" {{\n  default = "x"\n}}\nsource "null" "x" {{\n}}\nbuild {{\n  sources = {sources}\n}}\n'
    (template,) = found(tmp_path, text).templates
    assert template.errors == ()
    assert template.builders == ("null",)

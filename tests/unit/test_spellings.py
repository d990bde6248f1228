"""Templates as Packer reads them: keys in any case, bytes in UTF-8, names where they are needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import HCL2, JSON, Files, write_tree
from tests.unit.discovery import errors, found, names
from tests.unit.spellings import SPELLINGS
from tfgen_generators.errors import TfgenError
from tfgen_generators.lint.scope import Scope
from tfgen_generators.lint.templates.source import Source
from tfgen_generators.packer.describe import describe
from tfgen_generators.packer.details import decode_details
from tfgen_generators.packer.discovery.discover import discover
from tfgen_generators.packer.discovery.facts_cache import FactsCache
from tfgen_generators.packer.discovery.nothing_found import require_some
from tfgen_generators.packer.discovery.place import folder_on_disk
from tfgen_generators.packer.model import Discovery
from tfgen_generators.settings.model import Settings

CAPITALS = """{
  "Variables": {"region": "eu-west-1"},
  "Builders": [
    {"type": "amazon-ebs", "AMI_Name": "web", "Source_AMI_Filter": {"Filters": {"name": "x"}, "Owners": ["self"]}}
  ],
  "Provisioners": [{"type": "shell", "Script": "a.sh", "override": {"amazon-ebs": {"Scripts": ["b.sh"]}}}],
  "Post-Processors": [[{"type": "manifest", "Output": "m.json"}]]
}
"""


@pytest.mark.parametrize("name", SPELLINGS)
def test_keys_in_any_case_are_packers(tmp_path: Path, name: str) -> None:
    text, valid = SPELLINGS[name]
    discovery = found(tmp_path, {"packer/a.json": text})
    assert names(discovery) == {"a": "packer/a.json"}
    assert bool(errors(discovery)) is not valid


def test_settings_in_any_case_are_read_under_their_own_names(tmp_path: Path) -> None:
    write_tree(tmp_path, {"packer/a.json": CAPITALS, "a.sh": "", "b.sh": ""})
    (template,) = discover(tmp_path, "packer", cache=FactsCache(details=True)).templates
    facts = describe(tmp_path, template, [decode_details(one) for one in template.details])
    assert facts.optional == ("region",)
    assert facts.provisioners == ("shell",)
    assert facts.post_processors == ("manifest",)
    assert [name.text for name in facts.ami_names] == ["web"]
    assert [(source.filters, source.owners) for source in facts.ami_sources] == [({"name": "x"}, ("self",))]
    assert [(used.use, used.path) for used in facts.files] == [("script", "a.sh"), ("script", "b.sh")]


def test_rules_see_the_settings_where_they_stand(tmp_path: Path) -> None:
    write_tree(tmp_path, {"packer/a.json": CAPITALS})
    discovery = discover(tmp_path, "packer", cache=FactsCache(details=True))
    source = Source(Scope(tmp_path, discovery, Settings(), has_settings=False), discovery.templates[0])
    (builder,) = source.builders
    assert (builder.kind, builder.node.get("ami_name"), builder.node.line) == ("amazon-ebs", "web", 4)
    assert builder.node.get("source_ami_filter", "owners") == ["self"]
    (shell,) = source.provisioners
    assert (shell.node.get("script"), shell.node.get("override", "amazon-ebs", "scripts")) == ("a.sh", ["b.sh"])
    assert [one.node.get("output") for one in source.post_processors] == ["m.json"]
    assert [one.name for one in source.variables] == ["region"]


LATIN = 'source "null" "x" {\n}\n# caf\u00e9\nbuild {\n  sources = ["null.x"] // \u00e9\n}\n'
UTF_16 = "UTF-16 text, which Packer does not read: not a template (save it as UTF-8)"


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.json", JSON.encode("utf-16"), UTF_16),
        ("a.json", JSON.encode("utf-16-le"), UTF_16),
        ("a.json", JSON.encode("utf-16-be"), UTF_16),
        ("a.pkr.hcl", HCL2.encode("utf-16"), UTF_16),
        ("a.pkr.json", b"{}".decode().encode("utf-16-be"), UTF_16),
        (
            "a.pkr.hcl",
            (HCL2 + 'locals {\n  x = "\u00e9"\n}\n').encode("latin-1"),
            "not UTF-8 text (line 8), which Packer does not read: not a template",
        ),
        ("a.pkr.json", b'{"build": "\xe9"}', "not UTF-8 text (line 1), which Packer does not read: not a template"),
    ],
)
def test_what_is_no_utf_8_is_no_template(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    discovery = found(tmp_path, {f"packer/{name}": data, "packer/good.json": JSON})
    assert (names(discovery), errors(discovery)) == ({"good": "packer/good.json"}, [])
    assert [(skipped.path, skipped.reason) for skipped in discovery.skipped] == [(f"packer/{name}", reason)]


def test_packer_does_not_look_into_comments(tmp_path: Path) -> None:
    discovery = found(tmp_path, {"packer/a.pkr.hcl": LATIN.encode("latin-1")})
    assert (names(discovery), errors(discovery)) == ({"a": "packer/a.pkr.hcl"}, [])


#: Complete, but for `var.region`.
WITHOUT = 'source "null" "%s" {\n  host = var.region\n}\nbuild {\n  sources = ["null.%s"]\n}\n'
WHOLE = 'variable "region" {\n  default = "x"\n}\n' + WITHOUT


def test_the_name_of_a_whole_neighbour_makes_no_folder_template(tmp_path: Path) -> None:
    discovery = found(tmp_path, {"packer/a.pkr.hcl": WHOLE % ("a", "a"), "packer/b.pkr.hcl": WITHOUT % ("b", "b")})
    assert names(discovery) == {"a": "packer/a.pkr.hcl", "b": "packer/b.pkr.hcl"}
    assert errors(discovery) == [
        "packer/b.pkr.hcl:2: var.region is not declared in this template; declare it, or fix the name"
    ]


def test_a_build_without_a_source_of_its_own_is_no_template_of_its_own(tmp_path: Path) -> None:
    build = 'build {\n  sources = ["null.a"]\n}\n'
    discovery = found(tmp_path, {"packer/t/a.pkr.hcl": WHOLE % ("a", "a"), "packer/t/b.pkr.hcl": build})
    assert names(discovery) == {"t": "packer/t"}
    assert errors(discovery) == []


def test_a_file_that_only_declares_is_for_all(tmp_path: Path) -> None:
    files = {
        "v.pkr.hcl": WHOLE.partition("source")[0],
        "a.pkr.hcl": WITHOUT % ("a", "a"),
        "b.pkr.hcl": WITHOUT % ("b", "b"),
    }
    assert names(found(tmp_path, {f"packer/t/{name}": text for name, text in files.items()})) == {"t": "packer/t"}


SOURCE = 'source "null" "a" {\n  communicator = "none"\n}\n'
BUILD = 'build {\n  sources = ["null.a"]\n}\n'
#: What stands beside a complete template, and whether Packer refuses it. Held against Packer in tests/e2e.
LAZY: dict[str, tuple[str, bool]] = {
    "unused source": ('source "null" "b" {\n  communicator = var.nope\n}\n' + BUILD, False),
    "unused source, local": ('source "null" "b" {\n  communicator = "${local.nope}-x"\n}\n' + BUILD, False),
    "unused source in a list": (
        (
            'source "null" "b" {\n  communicator = var.nope\n}\n'
            'build {\n  sources = [for name in ["a"] : "null.${name}"]\n}\n'
        ),
        False,
    ),
    "unused local": ("locals {\n  x = var.nope\n}\n" + BUILD, True),
    "condition": ('locals {\n  x = true ? "a" : var.nope\n}\n' + BUILD, False),
    "try": ('locals {\n  x = try(var.nope, "a")\n}\n' + BUILD, False),
    "can": ("locals {\n  x = can(local.nope)\n}\n" + BUILD, False),
    "provisioner of no build": (
        (
            'build {\n  sources = ["null.a"]\n  provisioner "shell-local" {\n'
            '    only   = ["null.zzz"]\n    inline = [var.nope]\n  }\n}\n'
        ),
        False,
    ),
    "post-processor": (
        'build {\n  sources = ["null.a"]\n  post-processor "shell-local" {\n    inline = [var.nope]\n  }\n}\n',
        True,
    ),
    "for": ('locals {\n  x = [for v in ["a"] : v]\n}\n' + BUILD, False),
    "for over nothing": ("locals {\n  x = [for v in var.nope : v]\n}\n" + BUILD, True),
}


@pytest.mark.parametrize("name", LAZY)
def test_packer_refuses_only_what_it_looks_at(tmp_path: Path, name: str) -> None:
    text, refused = LAZY[name]
    assert bool(errors(found(tmp_path, {"packer/a.pkr.hcl": SOURCE + text}))) is refused


def placed(root: Path, files: Files) -> Discovery:
    write_tree(root, files)
    folder = folder_on_disk(root, "packer")
    return require_some(root, discover(root, folder), folder)


def test_templates_in_the_root_are_found(tmp_path: Path) -> None:
    assert names(placed(tmp_path, {"packer-web.json": CAPITALS, "package.json": "{}"})) == {"web": "packer-web.json"}
    (tmp_path / "packer").mkdir()
    (tmp_path / ".git").mkdir()
    with pytest.raises(TfgenError, match=r"no template found in 1 folder, but there are templates in \."):
        placed(tmp_path, {})


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"packer/a.json": JSON.encode("utf-16")}, "packer/a.json (UTF-16 text"),
        ({"packer/v.pkr.hcl": 'variable "x" {\n}\n'}, "packer/v.pkr.hcl (no build block)"),
        ({"packer/a.json": '{"builders": {"x": 1}}'}, "packer/a.json (builders is not a list"),
        ({"packer/a.json": '{"builders": [{{ x }}]}'}, "packer/a.json (input of a generator"),
        ({"packer/a.hcl": HCL2}, "packer/a.hcl (HCL of another tool (Packer reads *.pkr.hcl))"),
        ({"packer/a.pkrvars.hcl": "x = 1\n"}, "packer/a.pkrvars.hcl (variable values"),
        ({"packer/a.txt": "", "images/a.pkr.hcl": HCL2}, "there are templates in images"),
        ({"packer/a.txt": "", "web.json": JSON}, "there are templates in ."),
    ],
)
def test_files_like_packers_and_no_template_are_not_well(tmp_path: Path, files: Files, says: str) -> None:
    (tmp_path / ".git").mkdir()
    with pytest.raises(TfgenError) as raised:
        placed(tmp_path, files)
    assert says in str(raised.value)
    assert "no template found" in str(raised.value)


def test_a_folder_that_is_no_repository_is_not_searched(tmp_path: Path) -> None:
    assert placed(tmp_path, {"packer/a.txt": "", "images/a.pkr.hcl": HCL2}).templates == ()


@pytest.mark.parametrize("files", [{"packer/a.json": "{}"}, {"packer/readme": ""}, {"packer/x.hcl": "a = 1\n"}])
def test_a_folder_with_nothing_like_a_template_is_empty(tmp_path: Path, files: Files) -> None:
    assert placed(tmp_path, files).templates == ()

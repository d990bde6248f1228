"""Every option of the shipped templates is one of the pinned plugins', of the right form."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hcl2
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = json.loads((ROOT / "tests/data/packer-plugin-options.json").read_text(encoding="utf-8"))
HCL = "packer/base.pkr.hcl"
JSON = "packer/wordpress.json"
# What Packer takes itself: not the plugin's.
OWN = {"type", "name"}


def pins() -> dict[str, str]:
    """Plugin -> the version that the buildspec installs."""
    spec = yaml.safe_load((ROOT / "buildspec.yml").read_text(encoding="utf-8"))
    asked = spec["env"]["variables"]["PACKER_PLUGINS"].split()
    return dict(plugin.rpartition("/")[2].split("@") for plugin in asked)


def table(component: str) -> dict[str, dict[str, Any]]:
    """The tables of the pinned plugin that has this builder or provisioner."""
    plugin = component.partition("-")[0]
    return dict(OPTIONS[f"{plugin} {pins()[plugin]}"])


MAIN = {"amazon-ebs": "builder/ebs:FlatConfig", "ansible-local": "provisioner/ansible-local:FlatConfig"}


def wrong(component: str, written: dict[str, Any]) -> list[str]:
    """What of a builder's or provisioner's options the plugin does not know, or takes in another form."""
    tables = table(component)
    return list(_wrong(tables, MAIN[component], {key: value for key, value in written.items() if key not in OWN}))


def _wrong(tables: dict[str, dict[str, Any]], name: str, written: dict[str, Any]) -> Iterator[str]:
    for option, value in written.items():
        known = tables[name].get(option)
        if known is None:
            yield f"{option} is no option of {name}"
        elif "block" in known:
            yield from _wrong_block(tables, known, option, value)
        else:
            form = dict if known["type"].startswith("Map") else list if known["type"].startswith("List") else None
            if not (isinstance(value, form) if form else not isinstance(value, dict | list)) and not _computed(value):
                yield f"{option} is a {known['type']}"


def _wrong_block(tables: dict[str, dict[str, Any]], known: dict[str, str], option: str, value: Any) -> Iterator[str]:
    blocks = value if isinstance(value, list) else [value]
    (inner,) = [each for each in tables if each.endswith(f":{known['of'].rpartition('.')[2]}")]
    if not all(isinstance(block, dict) for block in blocks) or (known["block"] == "Block" and len(blocks) != 1):
        yield f"{option} is a {known['block']}"
        return
    for block in blocks:
        yield from _wrong(tables, inner, block)


def _computed(value: Any) -> bool:
    return isinstance(value, str) and ("${" in value or "{{" in value)


def plain(value: Any) -> Any:
    """What python-hcl2 read, without its marks and quotes."""
    if isinstance(value, dict):
        return {key.strip('"'): plain(inner) for key, inner in value.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.strip('"') if isinstance(value, str) else value


def components() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(template, kind, options) of every builder and Ansible provisioner."""
    whole = json.loads((ROOT / JSON).read_text(encoding="utf-8"))
    for each in (*whole["builders"], *whole["provisioners"]):
        if each["type"] in MAIN:
            yield JSON, each["type"], each
    read = plain(hcl2.loads((ROOT / HCL).read_text(encoding="utf-8")))
    for source in read["source"]:
        for kind, named in source.items():
            for options in named.values():
                yield HCL, kind, options
    for build in read["build"]:
        for provisioner in build["provisioner"]:
            for kind, options in provisioner.items():
                if kind in MAIN:
                    yield HCL, kind, options


COMPONENTS = list(components())


def test_there_are_all_of_them() -> None:
    assert [(template, kind) for template, kind, _ in COMPONENTS] == [
        (JSON, "amazon-ebs"),
        (JSON, "ansible-local"),
        (HCL, "amazon-ebs"),
        (HCL, "ansible-local"),
    ]


@pytest.mark.parametrize(("template", "kind", "written"), COMPONENTS, ids=lambda each: str(each)[:30])
def test_every_option_is_the_plugin_s(template: str, kind: str, written: dict[str, Any]) -> None:
    assert wrong(kind, written) == [], template


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        ({"imds_supports": "v2.0"}, "imds_supports is no option of builder/ebs:FlatConfig"),
        (
            {"metadata_options": {"http_token": "required"}},
            "http_token is no option of builder/common:FlatMetadataOptions",
        ),
        ({"metadata_options": "required"}, "metadata_options is a Block"),
        ({"metadata_options": [{}, {}]}, "metadata_options is a Block"),
        ({"launch_block_device_mappings": [{"size": 8}]}, "size is no option of builder/common:FlatBlockDevice"),
        ({"run_tags": ["Packer"]}, "run_tags is a Map(String)"),
        ({"ami_regions": "eu-west-1"}, "ami_regions is a List(String)"),
        ({"instance_type": ["t3.small"]}, "instance_type is a String"),
    ],
)
def test_a_planted_mistake_is_found(planted: dict[str, Any], said: str) -> None:
    assert wrong("amazon-ebs", {"type": "amazon-ebs", **planted}) == [said]


@pytest.mark.parametrize(("template", "kind", "written"), COMPONENTS[::2], ids=lambda each: str(each)[:30])
def test_the_image_is_modern(template: str, kind: str, written: dict[str, Any]) -> None:
    """IMDSv2 for the build and the image, gp3, encrypted, an ed25519 key, tags on all that is made."""
    options = plain(written)
    (metadata,) = options["metadata_options"] if template == HCL else [options["metadata_options"]]
    (disk,) = options["launch_block_device_mappings"]
    assert (options["imds_support"], metadata["http_tokens"]) == ("v2.0", "required")
    assert (disk["volume_type"], disk["encrypted"]) == ("gp3", True)
    assert options["temporary_key_pair_type"] == "ed25519"
    assert {"run_tags", "run_volume_tags", "tags", "snapshot_tags"} <= options.keys()


def test_required_plugins_take_the_pinned_versions() -> None:
    text = (ROOT / HCL).read_text(encoding="utf-8")
    asked = dict(re.findall(r'github\.com/hashicorp/(\w+)"\s+version = "~> ([0-9.]+)"', text))
    assert asked.keys() == pins().keys()
    for plugin, version in asked.items():
        major, minor = version.split(".")
        pinned = pins()[plugin].split(".")
        assert pinned[0] == major
        assert int(pinned[1]) >= int(minor)


def test_the_pinned_programs_have_their_checksums() -> None:
    """Whoever takes another version takes its checksums along."""
    text = (ROOT / "buildspec.yml").read_text(encoding="utf-8")
    variables = yaml.safe_load(text)["env"]["variables"]
    version, tunnel = variables["PACKER_VERSION"], variables["SESSION_MANAGER_PLUGIN_VERSION"]
    known = re.findall(r"^ *'([0-9.]+) (\w+)'\) known=([0-9a-f]{64}) ;;$", text, re.MULTILINE)
    packer, plugin = [(version, "amd64"), (version, "arm64")], [(tunnel, "ubuntu_64bit"), (tunnel, "ubuntu_arm64")]
    assert [(each, arch) for each, arch, _ in known] == [*packer, *plugin]
    assert len({digest for *_, digest in known}) == 4

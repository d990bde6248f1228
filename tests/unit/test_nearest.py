"""The path that somebody probably meant."""

from __future__ import annotations

import posixpath

import pytest

from tfgen_generators.nearest import near_path

FILES = (
    "ansible/base.yml",
    "ansible/playbook.yml",
    "ansible/roles/nginx/tasks/main.yml",
    "packer/pkr-sources.pkr.hcl",
    "packer/web.json",
    "scripts/setup.sh",
    "scripts/web.sh",
)


def names(folder: str) -> set[str]:
    top = "" if folder == "." else f"{posixpath.normpath(folder)}/"
    return {path.removeprefix(top).split("/")[0] for path in FILES if path.startswith(top)}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ansible/bsae.yml", "ansible/base.yml"),
        ("./ansible/base.yaml", "ansible/base.yml"),
        ("ansbile/base.yml", "ansible/base.yml"),
        ("packer/../scirpts/setpu.sh", "scripts/setup.sh"),
        ("ansible/role/ngnix", "ansible/roles/nginx"),
        ("scripts/Setup.sh", "scripts/setup.sh"),
        ("ansible/upgrade.yml", ""),
        ("ansible/python.yml", ""),
        ("packer/scripts/sshd.sh", ""),
        ("packer/web.sh", ""),
        ("nowhere/base.yml", ""),
        ("../ansible/base.yml", ""),
        ("/ansible/base.yml", ""),
        ("ansible/base.yml", ""),
        ("", ""),
    ],
)
def test_the_parts_of_a_path_are_compared_by_themselves(written: str, meant: str) -> None:
    assert near_path(written, names) == meant

"""The first text of a tfgen.toml, as init and adopt write it."""

from __future__ import annotations

import tomllib

from tfgen_generators.settings.schema.first_text import first_text

REPOSITORY = 'source_repository = "r" # mine'


def test_what_has_its_default_is_left_out() -> None:
    usual = {"branch": "main", "packer_dir": "packer", "terraform_dir": "terraform/pipelines"}
    for given in ({}, usual):
        assert first_text(["# top"], [REPOSITORY], **given) == f"# top\n\n{REPOSITORY}\n"


def test_any_name_of_a_folder_is_toml() -> None:
    folder = 'ä/"\\\U0001f600\x7f'
    text = first_text([], [REPOSITORY], branch="dev", packer_dir=folder, terraform_dir="t", tables=["", "[inputs]"])
    assert tomllib.loads(text) == {
        "source_repository": "r",
        "branch": "dev",
        "packer_dir": folder,
        "terraform_dir": "t",
        "inputs": {},
    }
    assert text.endswith('terraform_dir = "t"\n\n[inputs]\n')

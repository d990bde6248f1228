"""Which product a program is: what it says counts, not what its file is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfgen.terraform.binary import find_terraform
from tfgen.terraform.version import identify
from tfgen_generators.errors import TerraformError

TOFU = '{"terraform_version": "1.12.6", "platform": "linux_amd64", "provider_selections": {}}'
TERRAFORM = '{"terraform_version": "1.15.5", "platform": "x", "provider_selections": {}, "terraform_outdated": false}'


def program(folder: Path, name: str, json: str, plain: str, more: str = "") -> str:
    """A program that answers `version -json` and `version`, and counts how often it was asked."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        f"#!/bin/sh\necho asked >>'{folder}/asked'\n{more}\ncase $2 in\n-json) cat <<'END'\n{json}\nEND\n;;\n"
        f"*) cat <<'END'\n{plain}\nEND\n;;\nesac\n"
    )
    file.chmod(0o755)
    return str(file)


@pytest.mark.parametrize(
    ("json", "plain", "says"),
    [
        (TOFU, "OpenTofu v1.12.6\non linux_amd64", ("tofu", "OpenTofu", "1.12.6")),
        (TOFU.replace("{}", '{}, "fips140": true'), "OpenTofu v1.12.6", ("tofu", "OpenTofu", "1.12.6")),
        (f"tenv: installing OpenTofu\n{TOFU}\ndone", "OpenTofu v1.12.6", ("tofu", "OpenTofu", "1.12.6")),
        (TERRAFORM, "Terraform v1.15.5", ("terraform", "Terraform", "1.15.5")),
        # A Terraform that no longer says whether it is outdated.
        (TOFU, "Terraform v1.12.6\non linux_amd64", ("terraform", "Terraform", "1.12.6")),
        (TOFU.replace("1.12.6", "1.13.0-dev"), "OpenTofu v1.13.0-dev", ("tofu", "OpenTofu", "1.13.0-dev")),
        # A wrapper that answers one form alone.
        (TOFU, "Terraform v1.11.4", ("tofu", "OpenTofu", "1.12.6")),
    ],
)
@pytest.mark.parametrize("name", ["terraform", "tofu", "tf"])
def test_it_is_what_it_says(tmp_path: Path, name: str, json: str, plain: str, says: tuple[str, str, str]) -> None:
    binary, version = identify(find_terraform(program(tmp_path, name, json, plain)))
    assert (binary.product, binary.title, version) == says


@pytest.mark.parametrize(("name", "product"), [("terraform", "terraform"), ("tofu", "tofu"), ("tofu-1.9", "tofu")])
def test_one_that_tells_a_number_alone_is_what_it_is_called(tmp_path: Path, name: str, product: str) -> None:
    json = '{"terraform_version": "1.9.0"}'
    binary, version = identify(find_terraform(program(tmp_path, name, json, json)))
    assert (binary.product, version) == (product, "1.9.0")


@pytest.mark.parametrize(
    "json",
    [
        *("garbage", "{", "[]", "7", "null", '{"terraform_version": 7}', '{"terraform_version": "banana"}', "{}" * 9),
        *('{"terraform_version": "1.12.6\\n"}', '{"terraform_version": "1.1\\u001b[31m1"}', "OpenTofu 1.12.6"),
    ],
)
@pytest.mark.parametrize(("name", "like"), [("terraform", "Terraform"), ("tofu", "OpenTofu")])
def test_garbage_is_no_answer(tmp_path: Path, name: str, like: str, json: str) -> None:
    wanted = program(tmp_path, name, json, json)
    with pytest.raises(TerraformError, match=rf"^{wanted} does not respond like {like}; use --terraform PATH$"):
        identify(find_terraform(wanted))


def test_terraform_is_asked_once_and_opentofu_twice(tmp_path: Path) -> None:
    identify(find_terraform(program(tmp_path, "terraform", TERRAFORM, "")))
    assert (tmp_path / "asked").read_text().count("asked") == 1
    identify(find_terraform(program(tmp_path, "tofu", TOFU, "OpenTofu v1.12.6")))
    assert (tmp_path / "asked").read_text().count("asked") == 3


@pytest.mark.parametrize(
    ("place", "beside", "kept"),
    [
        ("bin/terraform", "", True),
        ("bin/terraform_1.15.5", "", True),
        ("bin/tofu", "", True),
        ("bin/mise", "", False),  # a link leads here
        ("bin/terraform", "tenv", False),
        ("shims/terraform", "", False),
    ],
)
def test_the_answer_of_a_version_manager_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, beside: str, kept: bool
) -> None:
    """Such a program is one itself, and yet another one answers in another folder."""
    asked = program(tmp_path, place, TERRAFORM, "Terraform v1.15.5")
    if beside:
        (tmp_path / place).with_name(beside).touch()
    link = tmp_path / "path/terraform"
    link.parent.mkdir()
    link.symlink_to(asked)
    monkeypatch.setattr("tfgen.terraform.version._PROGRAM", (b"#!/b",))
    cache = tmp_path / "cache"
    cache.mkdir()
    for _ in range(2):
        binary, version = identify(find_terraform(str(link)), cache)
        assert (binary.product, version) == ("terraform", "1.15.5")
    assert (tmp_path / "asked").read_text().count("asked") == (1 if kept else 2)


def test_what_was_kept_by_an_older_tfgen_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = program(tmp_path, "terraform", TOFU, "OpenTofu v1.12.6")
    monkeypatch.setattr("tfgen.terraform.version._PROGRAM", (b"#!/b",))
    identify(find_terraform(wanted), tmp_path)
    file = tmp_path / "terraform-version.json"
    for old in ('"version": "1.5.0"', '"answer": {"product": "packer", "version": "1.5.0"}'):
        text = file.read_text()
        file.write_text(text[: text.index('"answer"')] + old + "}")
        binary, version = identify(find_terraform(wanted), tmp_path)
        assert (binary.product, version) == ("tofu", "1.12.6")

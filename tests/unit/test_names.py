from __future__ import annotations

import pytest

from tfgen_generators.packer.names import bucket_part, name_of, name_problem


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("packer/wordpress.json", "wordpress"),
        ("packer/packer-wordpress.json", "wordpress"),
        ("packer/base.pkr.hcl", "base"),
        ("packer/base.pkr.json", "base"),
        ("packer/team/api", "team-api"),
        ("packer/ubuntu/template.json", "ubuntu"),
        ("packer/ubuntu/main.pkr.hcl", "ubuntu"),
        ("packer/team/packer-api.json", "team-api"),
        ("packer/template.json", "template"),
        ("packer/packer.json", "packer"),
        ("packer", "packer"),
        ("packer/ubuntu-22.04.json", "ubuntu-22-04"),
        ("packer/My Image.json", "My-Image"),
        ("packer/a/b/c/image.pkr.hcl", "a-b-c"),
        ("packer/build/build.json", "build"),
        ("packer/web_1.json", "web_1"),
    ],
)
def test_a_name_is_its_path(path: str, name: str) -> None:
    assert name_of(path, "packer") == name


def test_the_packer_folder_may_be_the_repository() -> None:
    assert name_of("packer-wordpress.json", ".") == "wordpress"
    assert name_of("images/web.json", "images") == "web"
    assert name_of("deep/images", "deep/images") == "images"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("packer/ünï.json", "uni"),
        ("packer/日本.json", "image-cf2abf"),
        ("packer/日本/web.json", "image-cf2abf-web"),
        ("packer/web-日本.json", "web-05b3c4"),
        (f"packer/{'x' * 250}.json", f"{'x' * 193}-086d4a"),
    ],
)
def test_letters_that_a_name_cannot_have(path: str, name: str) -> None:
    assert name_of(path, "packer") == name
    assert name_problem(name) == ""


@pytest.mark.parametrize("path", ["packer/2019.json", "packer/---.json", "packer/!.json"])
def test_what_is_no_identifier_is_said(path: str) -> None:
    assert "is not a Terraform identifier" in name_problem(name_of(path, "packer"))


def test_an_identifier_is_no_problem() -> None:
    assert name_problem("web-1") == ""


def test_names_that_aws_cannot_tell_apart_are_the_same() -> None:
    assert bucket_part("Web_1") == bucket_part("web-1")

"""What is said where a lock file is the other product's, and which files each product reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import TOY, Repo
from tfgen.state.backend import find_backend
from tfgen.terraform.lock_file import of_opentofu
from tfgen.workspace import open_workspace
from tfgen_generators.errors import RefusedError
from tfgen_generators.hcl.terraform_files import read_by
from tfgen_generators.root_module.backend import S3Backend

THEIRS = 'provider "registry.opentofu.org/hashicorp/aws" {\n  version = "3.39.0"\n}\n'
OURS = THEIRS.replace("opentofu.org", "terraform.io")
PRIVATE = THEIRS.replace("registry.opentofu.org", "example.com")


@pytest.mark.parametrize(
    ("product", "text", "warned"),
    [
        ("terraform", THEIRS, True),
        ("terraform", THEIRS + PRIVATE, True),
        ("terraform", OURS, False),
        ("terraform", THEIRS + OURS, False),
        ("terraform", PRIVATE, False),
        ("terraform", "", False),
        ("tofu", THEIRS, False),
        ("tofu", OURS, False),  # OpenTofu takes it over, and says so
    ],
)
def test_a_lock_file_of_opentofu(tmp_path: Path, product: str, text: str, warned: bool) -> None:
    (tmp_path / ".terraform.lock.hcl").write_text(text)
    said = of_opentofu(tmp_path, product)
    assert said.startswith("warning: .terraform.lock.hcl locks OpenTofu's providers") is warned
    assert bool(said) is warned


NAMES = ["a.tf", "a.tofu", "b.tf", "c.tofu", "d.tf.json", "d.tofu.json", "e.tf.json", "e.tofu", ".x.tf", "y.txt"]


@pytest.mark.parametrize(
    ("product", "read"),
    [
        ("terraform", ["a.tf", "b.tf", "d.tf.json", "e.tf.json"]),
        ("tofu", ["a.tofu", "b.tf", "c.tofu", "d.tofu.json", "e.tf.json", "e.tofu"]),
    ],
)
def test_which_files_a_product_reads(product: str, read: list[str]) -> None:
    assert read_by(product, NAMES) == read


def test_each_product_has_a_backend_of_its_own(repo: Repo) -> None:
    """`backend.tofu` stands for `backend.tf`: the two are not two backends."""
    local = 'terraform {{\n  backend "local" {{\n    path = "{}"\n  }}\n}}\n'
    repo(
        {
            **TOY,
            "terraform/pipelines/backend.tf": local.format("one"),
            "terraform/pipelines/backend.tofu": local.format("two"),
        }
    )
    wanted = S3Backend(bucket="b", key="k", region="r")
    for product, path in (("terraform", "one"), ("tofu", "two")):
        found = find_backend(open_workspace(), wanted, product)
        assert found is not None
        assert found.attributes == {"path": path}


@pytest.mark.parametrize("product", ["terraform", "tofu"])
def test_advice_about_another_backend_names_the_product(repo: Repo, product: str) -> None:
    repo({**TOY, "terraform/pipelines/backend.tf": 'terraform {\n  backend "gcs" {}\n}\n'})
    with pytest.raises(RefusedError, match=rf"by hand \({product} init -migrate-state\)"):
        find_backend(open_workspace(), S3Backend(bucket="b", key="k", region="r"), product)

"""Which backend a root module has, and the same text with another one."""

from __future__ import annotations

import subprocess
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests import depth
from tests.conftest import TOML, Repo
from tfgen.state.backend import find_backend, write_backend
from tfgen.terraform.binary import find_terraform
from tfgen.workspace import open_workspace
from tfgen_generators.errors import RefusedError
from tfgen_generators.packer.syntax.hcl_reader import read_native
from tfgen_generators.root_module.backend import Found, S3Backend, find_backends, with_backend

WANTED = S3Backend(bucket="states", key="a/b.tfstate", region="eu-west-1")
BLOCK = """\
backend "s3" {
  bucket       = "states"
  key          = "a/b.tfstate"
  region       = "eu-west-1"
  encrypt      = true
  use_lockfile = true
}
"""


def found(text: str, path: str = "m/backend.tf") -> tuple[Found, ...]:
    return find_backends({path: text.encode()})


def one(text: str, path: str = "m/backend.tf") -> Found:
    (only,) = found(text, path)
    return only


def edited(text: str, backend: S3Backend = WANTED) -> str:
    items = found(text)
    return with_backend(text.encode(), items[0] if items else None, backend).decode()


def test_the_block_and_its_variants() -> None:
    assert WANTED.text() == BLOCK
    table = S3Backend(bucket="states", key="k", region="r", lock_table="locks", kms_key="arn:x")
    assert [line.split(" = ")[0].strip() for line in table.text().splitlines()[1:-1]] == [
        "bucket",
        "key",
        "region",
        "encrypt",
        "kms_key_id",
        "dynamodb_table",
    ]
    assert "encrypt" not in S3Backend(bucket="b", key="k", region="r", encrypt=False).text()


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        ('terraform {\n  backend "local" {}\n}\n', "local", 2),
        ('terraform {\n  required_version = ">= 1.6"\n\n  backend "s3" {\n    bucket = "b"\n  }\n}\n', "s3", 4),
        ('terraform {\n  cloud {\n    organization = "o"\n  }\n}\n', "cloud", 2),
        ('\ufeffterraform {\n  backend "gcs" {\n  }\n}\n', "gcs", 2),
        ('terraform {\n}\nterraform {\n  backend "http" {\n  }\n}\n', "http", 4),
    ],
)
def test_what_is_found(text: str, kind: str, line: int) -> None:
    assert (one(text).kind, one(text).place) == (kind, f"m/backend.tf:{line}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        '# terraform { backend "s3" {} }\n',
        'locals {\n  text = "terraform { backend \\"s3\\" {} }"\n}\n',
        'resource "x" "backend" {\n  backend "s3" {\n  }\n}\n',
        'locals {\n  text = <<EOT\nterraform {\n  backend "s3" {\n  }\n}\nEOT\n}\n',
    ],
)
def test_what_only_looks_like_one(text: str) -> None:
    assert found(text) == ()


def test_a_backend_in_json_is_found_and_never_edited() -> None:
    item = one('{"terraform": [{"backend": {"s3": {"bucket": "b", "key": "${x}"}}}]}', "m/x.tf.json")
    assert (item.kind, item.place, item.editable) == ("s3", "m/x.tf.json", False)
    assert item.attributes == {"bucket": "b", "key": None}
    assert one('{"terraform": {"cloud": {}}}', "m/x.tf.json").kind == "cloud"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("m/a.tf", 'terraform {\n  backend "s3" {\n'),
        ("m/a.tf.json", '{"terraform": {"backend":'),
        ("m/a.tf.json", '{"backend":' * 100_000),
    ],
)
def test_a_file_that_may_hide_one_is_refused(path: str, text: str) -> None:
    with pytest.raises(RefusedError) as error:
        found(text, path)
    assert str(error.value).startswith(path)


def test_the_same_place() -> None:
    same = one(f"terraform {{\n{BLOCK}}}\n")
    assert WANTED.is_at(same)
    others = (replace(WANTED, bucket="x"), replace(WANTED, key="x"), replace(WANTED, region="x"))
    assert not any(other.is_at(same) for other in others)
    assert not WANTED.is_at(one('terraform {\n  backend "s3" {\n    bucket = var.b\n  }\n}\n'))


def test_only_the_block_is_replaced() -> None:
    start = '# mine: backend "x"\nterraform {\n\n  # é before\n  '
    text = start + 'backend   "local"   {\n path = "x" # why\n  } # after\n}\n# end'
    indented = "".join(f"  {line}" for line in BLOCK.splitlines(keepends=True)).strip()
    assert edited(text) == f"{start}{indented} # after\n}}\n# end"


def test_windows_lines_and_a_byte_order_mark_stay() -> None:
    text = '\ufeffterraform {\r\n  backend "local" {\r\n  }\r\n}\r\n'
    result = edited(text)
    assert result.startswith('\ufeffterraform {\r\n  backend "s3" {\r\n    bucket')
    assert result.endswith("  }\r\n}\r\n")
    assert "\n" not in result.replace("\r\n", "")


@pytest.mark.parametrize("text", ["", "# note", "# note\n", "locals {\n}\n"])
def test_without_one_it_comes_at_the_end(text: str) -> None:
    result = edited(text)
    assert result.startswith(text)
    assert WANTED.is_at(one(result))


@pytest.mark.parametrize("text", ["", 'terraform {\n  required_version = ">= 1.6"\n\n  backend "local" {}\n}\n'])
def test_the_result_is_what_terraform_fmt_leaves(tmp_path: Path, text: str) -> None:
    (tmp_path / "backend.tf").write_text(edited(text))
    done = subprocess.run(
        [*find_terraform().argv, "fmt", "-check", "-diff"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


@depth.deep
@settings(max_examples=depth.amount(50, 400), deadline=None)
@given(bucket=st.text(), key=st.text())
def test_text_is_data(bucket: str, key: str) -> None:
    assume(all(unicodedata.is_normalized("NFC", text) for text in (bucket, key)))  # HCL's own form of all text
    backend = S3Backend(bucket=bucket, key=key, region='${file("x")}')
    text = edited('terraform {\n  backend "local" {\n  }\n}\n', backend)
    (outer,) = read_native(text.encode()).blocks
    (inner,) = outer.body.blocks
    assert inner.labels == ("s3",)
    assert inner.body.attributes == {
        "bucket": bucket,
        "key": key,
        "region": '${file("x")}',
        "encrypt": True,
        "use_lockfile": True,
    }


@pytest.mark.parametrize("text", ["", 'terraform {\n  backend "local" {}\n}\n', None])
def test_a_file_that_is_a_link_is_refused(repo: Repo, text: str | None) -> None:
    """There, elsewhere in the repository, or leading to nothing: nothing is written through it."""
    root = repo({"tfgen.toml": TOML, "terraform/pipelines/locals.tf": "", "other/.keep": ""})
    if text is not None:
        (root / "other/backend.tf").write_text(text)
    (root / "terraform/pipelines/backend.tf").symlink_to("../../other/backend.tf")
    workspace = open_workspace()
    with pytest.raises(RefusedError, match="is a symlink"):
        find_backend(workspace, WANTED)
    with pytest.raises(RefusedError, match="is a symlink"):
        write_backend(workspace, None, WANTED)
    assert (root / "other/backend.tf").exists() == (text is not None)

"""Every value of a template stands where its node says, in all three formats."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tfgen_generators.lint.templates.json_nodes import read_json_nodes
from tfgen_generators.lint.templates.native_nodes import read_native_nodes
from tfgen_generators.lint.templates.nodes import File, Node
from tfgen_generators.packer.syntax.values import Expression, Value

ROOT = Path(__file__).parents[2]

NATIVE = """\
# ä comment
source "amazon-ebs" "web" {
  ami_name = "wéb-${local.stamp}"
  tags = {
    Name  = "ü"
    "k 2" = var.x
  }
  mapping { encrypted = true }
  mapping {
    encrypted = false
  }
}

build {
  provisioner "shell" {
    inline = ["a", <<EOF
b
EOF
    , "c"]
  }
}
"""


def leaves(node: Node) -> list[tuple[tuple[object, ...], Node]]:
    return [(tuple(keys), leaf) for keys, leaf in node.walk()]


def text_at(node: Node) -> str:
    return node.file.data[node.start : node.end].decode()


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "marked"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["unix", "windows"])
def test_native(mark: bytes, ends: str) -> None:
    data = mark + NATIVE.replace("\n", ends).encode()
    found = {keys: (text_at(leaf), leaf.line) for keys, leaf in leaves(read_native_nodes(File("x.pkr.hcl", data)))}
    assert {keys: (text.replace("\r\n", "\n"), line) for keys, (text, line) in found.items()} == {
        ("source", 0, "ami_name"): ('"wéb-${local.stamp}"', 3),
        ("source", 0, "tags", "Name"): ('"ü"', 5),
        ("source", 0, "tags", "k 2"): ("var.x", 6),
        ("source", 0, "mapping", 0, "encrypted"): ("true", 8),
        ("source", 0, "mapping", 1, "encrypted"): ("false", 10),
        ("build", 0, "provisioner", 0, "inline", 0): ('"a"', 16),
        ("build", 0, "provisioner", 0, "inline", 1): ("<<EOF\nb\nEOF", 16),
        ("build", 0, "provisioner", 0, "inline", 2): ('"c"', 19),
    }


def test_blocks_have_labels_and_the_whole_of_their_text() -> None:
    root = read_native_nodes(File("x.pkr.hcl", NATIVE.encode()))
    source, build = root.find("source", 0), root.find("build", 0)
    assert source is not None
    assert build is not None
    assert (source.labels, source.line, text_at(source)[-1]) == (("amazon-ebs", "web"), 2, "}")
    assert (build.labels, build.line, text_at(build)[:5]) == ((), 14, "build")


DOCUMENTS: list[object] = [
    json.loads((ROOT / "packer/wordpress.json").read_text()),
    {"é": ["ü", "\u2028", "😀", 'a"b\\', ""], "": {}, "n": [1, -2.5e3, True, None, [], [[]], {"x": [{}]}]},
    [],
    "text",
]


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("layout", [{}, {"indent": 2}, {"ensure_ascii": False}, {"separators": (",", ":")}])
def test_json(document: object, layout: dict[str, object]) -> None:
    data = json.dumps(document, **layout).encode()  # type: ignore[arg-type]
    root = read_json_nodes(File("x.json", data), lambda text: text)
    assert root.value() == document
    for _, leaf in leaves(root):
        assert json.loads(text_at(leaf)) == leaf.value()
        assert leaf.line == data.count(b"\n", 0, leaf.start) + 1


def test_objects_lie_over_each_other() -> None:
    def read(text: str) -> Node:
        return read_json_nodes(File("x.json", text.encode()), Expression)

    merged: Value = read('{"a": 1, "b": 2}').overlaid(read('{"b": 3}')).value()
    assert merged == {"a": 1, "b": 3}


def test_the_nearest_node() -> None:
    root = read_json_nodes(File("x.json", b'{"a": [\n{"b": 1}]}'), lambda text: text)
    assert root.near("a", 0, "c").line == 2
    assert root.near("z") is root
    assert root.get("a", 0, "b") == 1
    assert root.get("a", 1) is None

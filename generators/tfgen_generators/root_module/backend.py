"""Where a root module says where its state is, and the same text with the state in S3.

Read with tree-sitter, as everything that keeps its place in a file. Source of the rules: Terraform's language,
"terraform block" (one `backend` or `cloud` block in a root module, whatever file it stands in).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tfgen_generators.errors import RefusedError
from tfgen_generators.hcl.tree import text_of, tree_of
from tfgen_generators.hcl.write import Value as HclValue
from tfgen_generators.hcl.write import block
from tfgen_generators.packer.model import BrokenTemplateError
from tfgen_generators.packer.syntax.hcl_reader import read_native
from tfgen_generators.packer.syntax.hcl_values import value_of
from tfgen_generators.packer.syntax.values import Value

if TYPE_CHECKING:
    from tree_sitter import Node

CLOUD = "cloud"
_BOM = b"\xef\xbb\xbf"
_WORDS = (b"backend", b"cloud")


@dataclass(frozen=True, kw_only=True)
class Found:
    """One `backend` (or `cloud`) block: where it stands, and its attributes (None where only Terraform knows).

    `start` and `end` are bytes of the file; both 0 in JSON, where nothing is edited.
    """

    path: str
    line: int
    kind: str
    start: int = 0
    end: int = 0
    attributes: Mapping[str, str | bool | None] = field(default_factory=dict)

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path

    @property
    def editable(self) -> bool:
        return self.end > 0


@dataclass(frozen=True, kw_only=True)
class S3Backend:
    """The state's place in S3. `lock_table` is a DynamoDB table; without it S3 itself holds the lock.

    `kms_key` is the bucket's own key: without it Terraform would encrypt with S3's. `encrypt` says whether Terraform
    asks for encryption itself; the bucket does it in any case.
    """

    bucket: str
    key: str
    region: str
    lock_table: str = ""
    kms_key: str = ""
    encrypt: bool = True

    def is_at(self, found: Found) -> bool:
        """Whether `found` names the same place."""
        place = {"bucket": self.bucket, "key": self.key, "region": self.region}
        return found.kind == "s3" and all(found.attributes.get(name) == value for name, value in place.items())

    def text(self) -> str:
        """The block, as `terraform fmt` leaves it."""
        pairs: list[tuple[str, HclValue]] = [("bucket", self.bucket), ("key", self.key), ("region", self.region)]
        if self.encrypt:
            pairs.append(("encrypt", True))
        if self.kms_key:
            pairs.append(("kms_key_id", self.kms_key))
        pairs.append(("dynamodb_table", self.lock_table) if self.lock_table else ("use_lockfile", True))
        return block("backend", "s3", [pairs])


def find_backends(files: Mapping[str, bytes]) -> tuple[Found, ...]:
    """Every backend in `files` (path as a message names it -> bytes). Raises RefusedError where one may be hidden."""
    return tuple(found for path, data in files.items() for found in _in_file(path, data))


def with_backend(data: bytes, found: Found | None, backend: S3Backend) -> bytes:
    """`data` with `backend` in the place of `found`; without one at its end, in a block of its own."""
    newline = b"\r\n" if b"\r\n" in data else b"\n"
    text = backend.text().rstrip("\n").encode()
    if found is None:
        own = b"terraform {\n" + _indented(text, b"  ") + b"\n}\n"
        ended = data + (b"" if not data or data.endswith(b"\n") else newline) + (newline if data else b"")
        return ended + own.replace(b"\n", newline)
    line_start = data.rfind(b"\n", 0, found.start) + 1
    before = data[line_start : found.start]
    pad = before[: len(before) - len(before.lstrip())]
    new = _indented(text, pad).removeprefix(pad).replace(b"\n", newline)
    return data[: found.start] + new + data[found.end :]


def _indented(text: bytes, pad: bytes) -> bytes:
    return b"\n".join(pad + line for line in text.split(b"\n"))


def _in_file(path: str, data: bytes) -> Iterator[Found]:
    if not any(word in data for word in _WORDS):
        return
    if path.endswith(".json"):
        yield from _in_json(path, data)
        return
    lead = len(_BOM) if data.startswith(_BOM) else 0
    plain = data[lead:]
    try:
        plain.decode()
        read_native(plain)
    except BrokenTemplateError as error:
        raise RefusedError(error.message, where=f"{path}:{error.line}", fix=error.fix) from None
    except UnicodeDecodeError:
        raise RefusedError("not UTF-8 text", where=path, fix="save it as UTF-8") from None
    for outer in _blocks(tree_of(plain)):
        if _words(outer) == ["terraform"]:
            yield from (_found(path, inner, lead) for inner in _blocks(outer) if _kind(inner))


def _found(path: str, node: Node, lead: int) -> Found:
    return Found(
        path=path,
        line=node.start_point[0] + 1,
        kind=_kind(node),
        start=node.start_byte + lead,
        end=node.end_byte + lead,
        attributes=dict(_attributes(node)),
    )


def _kind(node: Node) -> str:
    """s3, local, ... or cloud; "" when it is something else."""
    words = _words(node)
    if words[:1] == [CLOUD]:
        return CLOUD
    return words[1] if len(words) == 2 and words[0] == "backend" else ""


def _words(node: Node) -> list[str]:
    return [text_of(child).strip('"') for child in node.named_children if child.type in ("identifier", "string_lit")]


def _body(node: Node) -> Node | None:
    return next((child for child in node.named_children if child.type == "body"), None)


def _blocks(node: Node) -> list[Node]:
    body = _body(node)
    return [child for child in body.named_children if child.type == "block"] if body else []


def _attributes(node: Node) -> Iterator[tuple[str, str | bool | None]]:
    body = _body(node)
    for child in body.named_children if body else ():
        if child.type == "attribute":
            yield text_of(child.named_children[0]), _plain(value_of(child.named_children[-1]))
        elif child.type == "block":
            yield _words(child)[0], None


def _plain(value: Value) -> str | bool | None:
    return value if isinstance(value, str | bool) else None


def _in_json(path: str, data: bytes) -> Iterator[Found]:
    """Whatever may be a backend in HCL's JSON syntax: it is named, never edited."""
    try:
        document: object = json.loads(data)
    except (ValueError, RecursionError):
        raise RefusedError("not valid JSON", where=path, fix="fix it") from None
    for outer in _listed(_get(document, "terraform")):
        for inner in _listed(_get(outer, "backend")):
            names = inner if isinstance(inner, dict) else {}
            yield from (_json_found(path, str(name), body) for name, body in names.items())
        if _get(outer, CLOUD) is not None:
            yield Found(path=path, line=0, kind=CLOUD)


def _json_found(path: str, kind: str, body: object) -> Found:
    """Only a body of plain values can be compared with what is wanted."""
    values = body if isinstance(body, dict) else {}
    plain = {name: None if "{" in str(value) else _plain(value) for name, value in values.items()}
    return Found(path=path, line=0, kind=kind, attributes=plain)


def _get(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, dict) else None


def _listed(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]

"""botocore's data files, of which large tables are read entry by entry: EC2's whole model would take 17 MB.

It is botocore's own way in: its loader takes the object that reads its files.
"""

from __future__ import annotations

import gzip
from collections.abc import ItemsView, Iterator, ValuesView
from typing import Any

import msgspec

from tfgen_generators.trees.files import read_bytes

#: Bytes of JSON from which on a table is large.
_LARGE = 16_384


class Files:
    """Reads JSON as `usual`, botocore's own reader, to which anything odd is left."""

    def __init__(self, usual: Any) -> None:
        self._usual = usual

    def exists(self, file_path: str) -> bool:
        """Whether there is such a file; the ending is not in its name."""
        return bool(self._usual.exists(file_path))

    def load_file(self, file_path: str) -> Any:
        """The document; None without such a file."""
        for ending in (".json", ".json.gz"):
            try:
                data = read_bytes(f"{file_path}{ending}")
                return _decoded(msgspec.Raw(gzip.decompress(data) if ending == ".json.gz" else data))
            except FileNotFoundError:
                continue
            except (msgspec.MsgspecError, OSError, EOFError, ValueError):
                break
        return self._usual.load_file(file_path)


def _decoded(raw: msgspec.Raw) -> Any:
    view = memoryview(raw)
    if len(view) < _LARGE:
        return msgspec.json.decode(raw)
    if bytes(view[:1]) == b"[":
        return [_decoded(one) for one in msgspec.json.decode(raw, type=list[msgspec.Raw])]
    if bytes(view[:1]) == b"{":
        return _Table(msgspec.json.decode(raw, type=dict[str, msgspec.Raw]))
    return msgspec.json.decode(raw)


class _Table(dict[str, Any]):
    """A large table: a value is read when it is asked for."""

    def __getitem__(self, key: str) -> Any:
        found = super().__getitem__(key)
        if isinstance(found, msgspec.Raw):
            found = self[key] = _decoded(found)
        return found

    def __iter__(self) -> Iterator[str]:
        return super().__iter__()  # that it is another makes dict() and ** ask for each value

    def get(self, key: str, default: Any = None) -> Any:
        return self[key] if key in self else default  # noqa: SIM401 this is what get is

    def values(self) -> ValuesView[Any]:  # type: ignore[override]
        return ValuesView(self)

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]
        return ItemsView(self)

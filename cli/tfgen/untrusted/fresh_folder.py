"""A folder with the files of a commit, written from what git keeps of them, outside of the repository.

Nothing is checked out: no attributes, filters, hooks or settings of a branch have a part in it. Links are made last,
and only those of the commit that stay within it, so that nothing is ever written through one.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tfgen.untrusted.base_tree import FILES, LINK, SUBMODULE, BaseTree, folded, inside
from tfgen.workspace import private_folder
from tfgen_generators.errors import RefusedError, TfgenError

_STEM = "untrusted-"
#: The copy itself; beside it lies what Terraform makes.
TREE = "tree"
_NEVER = frozenset({"", ".", "..", ".git"})


@contextlib.contextmanager
def fresh_folder(top: Path) -> Iterator[Path]:
    """A private folder, gone at the end. It is not below the repository `top`: programs look for files above, too.

    Raises TfgenError.
    """
    with contextlib.ExitStack() as stack:
        folder = next(filter(None, (_made(parent, top, stack) for parent in _parents())), None)
        if folder is None:
            fix = "make the folder for temporary files writable"
            raise TfgenError("there is no folder outside the repository to plan in", fix=fix)
        yield folder


def _made(parent: Path, top: Path, stack: contextlib.ExitStack) -> Path | None:
    if not parent.is_absolute() or inside(top, parent) is not None:
        return None
    with contextlib.suppress(OSError):
        parent.mkdir(parents=True, exist_ok=True)
        return stack.enter_context(private_folder(Path(os.path.realpath(parent)), _STEM))
    return None


def _parents() -> Iterator[Path]:
    cache = os.environ.get("XDG_CACHE_HOME") or f"{os.environ.get('HOME') or Path.home()}/.cache"
    yield Path(cache) / "tfgen"
    yield Path(tempfile.gettempdir())


def write_commit(tree: BaseTree, target: Path, left_out: Callable[[str], bool]) -> None:
    """Writes the files of `tree` below `target`, without those that are `left_out`; submodules stay empty.

    Raises RefusedError for a tree that does not fit into a folder, NoAnswerError where git does not have it.
    """
    target.mkdir()
    paths = [path for path in tree.entries if not left_out(path)]
    _require_valid(paths)
    files = [path for path in paths if tree.entries[path][0] in FILES]
    for path, data in tree.objects(files):
        write_new(target, path, data, mode=0o755 if tree.entries[path][0] == "100755" else 0o644)
    for path in paths:
        if tree.entries[path][0] == SUBMODULE:
            (target / path).mkdir(parents=True, exist_ok=True)
    links = [path for path in paths if tree.entries[path][0] == LINK]
    _make_links(target, {path: os.fsdecode(data) for path, data in tree.objects(links)})


def write_new(target: Path, path: str, data: bytes, *, mode: int = 0o644) -> None:
    """Writes a file that is not there yet at `path` below `target`. Raises TfgenError."""
    file = target / path
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(data)
    except (FileExistsError, NotADirectoryError):
        message = "would be the same file as another one of the commit, by the letters' case"
        raise RefusedError(message, where=path, fix="rename one of them") from None
    except OSError as error:
        raise TfgenError(f"cannot be written for the plan: {error.strerror}", where=path) from None


def _require_valid(paths: list[str]) -> None:
    """No entry leads out of its folder, or into git's own."""
    for path in paths:
        if any(folded(part) in _NEVER or "\0" in part for part in path.split("/")):
            raise RefusedError("is no path of a file", where=path, fix="repair the repository")


def _make_links(target: Path, links: Mapping[str, str]) -> None:
    """Those that lead out of the commit, by whatever way, are not made: nothing is behind them then."""
    for path, text in links.items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        if not text.startswith("/"):
            with contextlib.suppress(FileExistsError):  # another one of the commit, by the letters' case
                (target / path).symlink_to(text)
    waiting = [path for path, text in links.items() if not text.startswith("/")]
    while wrong := [path for path in waiting if _leads_out(target, path)]:
        for path in wrong:
            (target / path).unlink()
        waiting = [path for path in waiting if path not in wrong]


def _leads_out(target: Path, path: str) -> bool:
    return inside(Path(os.path.realpath(target)), target / path) is None

"""The copy of the working tree in which a build runs: what git would take, as it is on disk now."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePath

from tfgen.git.differences import differences
from tfgen.git.repository import NoAnswerError, has_history, head_commit, records, run_git
from tfgen.phrases import some

#: Never part of a source, with git or without.
_NEVER = (".git", ".tfgen")
#: From which size on a file that git does not know is spoken of, in bytes: to copy it takes its time.
_LARGE = 100_000_000


def copy_source(root: Path, target: Path, warn: Callable[[str], None]) -> int:
    """Copies the files of `root` that git tracks or would track, uncommitted changes included; gives their number.

    Without git it is everything but .git and .tfgen. Links stay links, but those that lead out are left out,
    as are sockets, devices and submodules.
    """
    copied, links = 0, list[str]()
    for name in sorted(set(_files(root, warn))):
        file = root / name
        if any((root / folder).is_symlink() for folder in PurePath(name).parents[:-1]):
            continue  # tracked, and its folder is a link now: to git it is deleted
        try:
            mode = file.lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            continue  # tracked, and deleted here
        if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
            continue
        if stat.S_ISLNK(mode):
            links.append(name)
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, target / name, follow_symlinks=False)
        copied += 1
    outside = _remove_links_out(target, links)
    if outside:
        warn(f"left out symlinks to outside the source, where CodeBuild has nothing: {some(outside, 5)}")
    return copied - len(outside)


def not_committed(root: Path) -> list[str]:
    """The paths that are not as HEAD has them, submodules aside; empty where git has no answer."""
    try:
        return sorted(differences(root, "HEAD", ignore_submodules="all"))
    except NoAnswerError:
        return []


def source_version(root: Path) -> str:
    """The commit that is checked out, and `-dirty` where the copy is not as it says; "" without one."""
    commit = head_commit(root)
    return f"{commit}-dirty" if commit and not_committed(root) else commit


def _remove_links_out(target: Path, links: Sequence[str]) -> list[str]:
    """Removes those of the copied `links` that lead out of the copy, through others too; absolute ones always do."""
    top, outside = os.path.realpath(target), list[str]()
    for name in links:
        link = target / name
        if link.readlink().is_absolute() or not PurePath(os.path.realpath(link)).is_relative_to(top):
            outside.append(name)
    for name in outside:
        (target / name).unlink()
    return outside


def _speak_of(root: Path, entries: Sequence[tuple[str, str]], warn: Callable[[str], None]) -> None:
    """Warns of what makes the copy otherwise than the commit, or slow; `entries` are git's letters and the names."""
    absent = [name for tag, name in entries if tag == "S" and not os.path.lexists(root / name)]
    if absent:
        warn(f"files missing in this sparse checkout, but present in CodeBuild: {some(absent, 5)}")
    for tag, name in entries:
        if tag == "?" and (root / name).is_file() and (size := (root / name).stat().st_size) >= _LARGE:
            warn(f"copied an untracked file: {name} ({size // 1_000_000} MB)")


def _files(root: Path, warn: Callable[[str], None]) -> Iterator[str]:
    """Paths below `root`."""
    if has_history(root):
        try:
            listed = run_git(root, "ls-files", "-z", "-t", "--cached", "--others", "--exclude-standard")
        except NoAnswerError as error:
            warn(f"git cannot list the source files{f' ({error})' if str(error) else ''}; copying everything")
        else:
            entries = [(record[0], record[2:]) for record in records(listed)]
            entries = [(tag, name) for tag, name in entries if Path(name).parts[0] not in _NEVER]
            _speak_of(root, entries, warn)
            yield from (name for _, name in entries)
            return
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in _NEVER]
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        names = [name for name in files if name not in _NEVER]  # of a worktree .git is a file
        yield from (os.path.relpath(Path(folder) / name, root) for name in (*names, *links))

"""What git knows of templates that were renamed: HEAD (or what stood there before) against the work tree.

Nothing of the user's is touched (see `tfgen.git.repository`). Without git, without a repository or a commit, in a
bare or a broken repository, or when git takes too long, there is no answer, and never an error.

The comparison uses an index of its own that holds the new files alone, by name. To git the gone files are then deleted
and the new ones added, whatever is staged: staged, unstaged and untracked come out the same.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from tfgen.git.repository import NoAnswerError, has_history, records, run_git
from tfgen_generators.packer.names import HCL_ENDING, JSON_ENDING
from tfgen_generators.sync.identity import EXACT, FileRename, GitFacts

#: Gone templates that are compared one by one, so that every candidate shows and not only git's favourite.
_MOST_SINGLE = 64
#: Commits that are looked up for templates that HEAD does not have any more.
_MOST_COMMITS = 16


class _Base(msgspec.Struct, frozen=True, kw_only=True):
    """A commit that had templates which are gone now: gone path -> its files there (path -> blob)."""

    commit: str
    had: Mapping[str, Mapping[str, str]]


def ask_git(root: Path, gone: Sequence[str], new: Sequence[str]) -> GitFacts:
    """What became of the templates (files or folders) at `gone`; `new` are files. Paths are relative to `root`."""
    # The paths go onto command lines: half of what the system allows there, twice.
    if not has_history(root):
        return GitFacts()
    if sum(map(len, (*gone, *new))) > os.sysconf("SC_ARG_MAX") // 4:
        return GitFacts(failure="too many paths for one git call; sync in smaller steps")
    import tempfile

    try:
        with tempfile.TemporaryDirectory(prefix="tfgen-git-") as folder:
            repository = _Repository(root, Path(folder) / "index", new)
            return repository.facts(gone)
    except NoAnswerError as error:
        return GitFacts(failure=str(error))
    except OSError:
        return GitFacts()


class _Repository:
    def __init__(self, root: Path, index: Path, new: Sequence[str]) -> None:
        self.root, self.new, self.index = root, new, index
        answer = os.fsdecode(self._git("rev-parse", "--show-prefix", "HEAD^{commit}"))
        prefix, _, self.head = answer.removesuffix("\n").rpartition("\n")
        # The blob is never read: git sees that the index knows nothing of the file, and reads the file itself.
        blob = "1" * len(self.head)
        entries = b"".join(os.fsencode(f"100644 {blob} 0\t{prefix}{path}\0") for path in new)
        self._git("update-index", "-z", "--add", "--index-info", given=entries)

    def facts(self, gone: Sequence[str]) -> GitFacts:
        renames: dict[tuple[str, str], FileRename] = {}
        members: dict[str, tuple[str, ...]] = {}
        for base in self._bases(gone):
            members |= {path: tuple(had) for path, had in base.had.items()}
            for rename in self._renames(base):
                renames.setdefault((rename.old, rename.new), rename)
        unseen = [path for path in gone if path not in members]
        shallow = unseen and self._git("rev-parse", "--is-shallow-repository").strip() == b"true"
        failure = "the clone is shallow (git fetch --unshallow)" if shallow else ""
        return GitFacts(renames=tuple(renames.values()), members=members, failure=failure)

    def _bases(self, gone: Sequence[str]) -> Iterator[_Base]:
        head = self._files("HEAD", gone)
        if head:
            yield _Base(commit="HEAD", had=head)
        if missing := [path for path in gone if path not in head]:
            for commit, paths in self._removals(missing).items():
                if had := self._files(f"{commit}^", paths):
                    yield _Base(commit=f"{commit}^", had=had)

    def _files(self, commit: str, paths: Sequence[str]) -> dict[str, dict[str, str]]:
        """Each path that `commit` has -> its files (a folder's HCL2 files that are gone) with their blobs."""
        found: dict[str, dict[str, str]] = {}
        wanted = [name for path in paths for name in (path, f"{path}/")]
        for entry in records(self._git("ls-tree", "-z", commit, "--", *wanted)):
            facts, _, path = entry.partition("\t")
            _, kind, blob = facts.split(" ")
            parent = path.rpartition("/")[0]
            if kind != "blob":
                continue
            if path in paths:
                found.setdefault(path, {})[path] = blob
            elif path.endswith((HCL_ENDING, JSON_ENDING)) and not os.path.lexists(self.root / path):
                found.setdefault(parent, {})[path] = blob
        return found

    def _removals(self, paths: Sequence[str]) -> dict[str, list[str]]:
        """Commit -> those of `paths` that it removed, each by the latest one."""
        log = self._git(
            "log",
            "--first-parent",
            "-m",
            "--format=%H",
            "--diff-filter=D",
            "--no-renames",
            "--name-only",
            "--relative",
            "-z",
            "--",
            *paths,
        )
        commit, left, found = "", list(paths), dict[str, list[str]]()
        for record in records(log):
            word = record.lstrip("\n")
            if len(word) == len(self.head) and "/" not in word and "." not in word:
                commit = word
                continue
            for path in [path for path in left if word == path or word.startswith(f"{path}/")]:
                left.remove(path)
                found.setdefault(commit, []).append(path)
            if not left or len(found) >= _MOST_COMMITS:
                break
        return found

    def _renames(self, base: _Base) -> Iterator[FileRename]:
        """git names one source for each new file: those that it is not sure of are compared by themselves too."""
        whole = list(self._diff(base.commit, [path for had in base.had.values() for path in had]))
        yield from whole
        if len(base.had) == 1:
            return
        exact = {rename.old for rename in whole if rename.score == EXACT}
        blobs = Counter(blob for had in base.had.values() for blob in had.values())
        unsure = [
            had
            for had in base.had.values()
            if not all(path in exact and blobs[blob] == 1 for path, blob in had.items())
        ]
        for had in unsure[:_MOST_SINGLE]:
            yield from self._diff(base.commit, list(had))

    def _diff(self, commit: str, old: Sequence[str]) -> Iterator[FileRename]:
        options = ("--relative", "-M", "-C", "-l0")
        found = records(self._git("diff", *options, "--name-status", "-z", commit, "--", *old, *self.new))
        for status in found:
            first = next(found)
            if status[0] in "RC":
                yield FileRename(old=first, new=next(found), score=int(status[1:]))

    def _git(self, *arguments: str, given: bytes = b"") -> bytes:
        return run_git(self.root, *arguments, given=given, index=self.index)

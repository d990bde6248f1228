"""Many older commits beside one: which of them git has, which are in its history, and what differs from each.

Each question is one process for all commits, and none of it uses the network. Only full object names are asked for:
what a person or a tag says is never a name that git looks up, nor an option.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import msgspec

from tfgen.git.differences import Differences, other_at
from tfgen.git.refs import COMMIT, lines
from tfgen.git.repository import records, run_git

_RAW = ("--raw", "-z", "--no-renames", "--no-abbrev", "--ignore-submodules=none")
_HEADER = "commit "


def is_full_name(text: str, like: str) -> bool:
    """Whether `text` can be the full name of an object of the repository that has the commit `like`."""
    return bool(COMMIT.fullmatch(text)) and len(text) == len(like)


def commits_among(root: Path, names: Collection[str]) -> frozenset[str]:
    """Those of `names` (full object names) that are commits here. Raises NoAnswerError."""
    asked = sorted(names)
    if not asked:
        return frozenset()
    found = run_git(root, "cat-file", "--batch-check=%(objectname) %(objecttype)", given=_lines(asked))
    return frozenset(name for name, _, kind in (line.partition(" ") for line in lines(found)) if kind == "commit")


def not_in_history(root: Path, commits: Collection[str], head: str) -> frozenset[str]:
    """Those of `commits` that `head` does not come from. Raises NoAnswerError."""
    if not commits:
        return frozenset()
    found = run_git(root, "rev-list", "--stdin", given=_lines([*sorted(commits), f"^{head}"]))
    return frozenset(lines(found)) & frozenset(commits)


def differences_from(root: Path, commits: Collection[str], head: str, *, whole: bool = False) -> dict[str, Differences]:
    """Where `head` is not as each of `commits`; the values are what stands in the older commit. Raises NoAnswerError.

    Paths are those below `root`, from there; with `whole` all, from the repository's root. git compares each commit
    with the next newer one: far less than each with `head`.
    """
    if not commits:
        return {}
    newest_first = list(lines(run_git(root, "rev-list", "--no-walk=sorted", "--stdin", given=_lines(sorted(commits)))))
    trees = _trees(root, [head, *newest_first])
    order = [trees[head], *(trees[commit] for commit in newest_first)]
    pairs = [(older, newer) for newer, older in pairwise(order) if older != newer]
    relative = () if whole else ("--relative",)
    given = _lines([f"{older} {newer}" for older, newer in pairs])
    output = run_git(root, "diff-tree", "--stdin", "-r", *_RAW, *relative, given=given) if pairs else b""
    known: dict[str, Differences] = {trees[head]: {}}
    for (older, _), found in zip(pairs, _summed(output), strict=True):
        known.setdefault(older, found)
    return {commit: known[trees[commit]] for commit in commits}


def _trees(root: Path, commits: Sequence[str]) -> dict[str, str]:
    given = _lines([f"{commit}^{{tree}}" for commit in commits])
    found = run_git(root, "cat-file", "--batch-check=%(objectname)", given=given)
    return dict(zip(commits, lines(found), strict=True))


def _summed(output: bytes) -> Iterator[Differences]:
    """For each tree of `git diff-tree --stdin`, which goes back from the head, what is not as in the head."""
    at_head: dict[str, tuple[str, str]] = {}
    here: Differences = {}
    for pair in _pairs(output):
        for path, before, after in pair:
            if before == at_head.setdefault(path, after):
                here.pop(path, None)
            else:
                here[path] = other_at(*before)
        yield dict(here)


_Entry = tuple[str, str]


def _pairs(output: bytes) -> Iterator[list[tuple[str, _Entry, _Entry]]]:
    """What differs in each pair: a line for the pair, then path, mode and object before, and after."""
    pair: list[tuple[str, _Entry, _Entry]] | None = None
    fields = iter(os.fsdecode(output).split("\0"))
    for told in fields:
        *headers, facts = told.split("\n")
        for _ in headers:
            if pair is not None:
                yield pair
            pair = []
        if facts and pair is not None:
            old_mode, mode, old_blob, blob, _ = facts.removeprefix(":").split(" ")
            pair.append((next(fields), (old_mode, old_blob), (mode, blob)))
    if pair is not None:
        yield pair


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One commit on the way of first parents, with what it changed: path from the repository's root -> blob now."""

    commit: str
    at: str
    subject: str
    changed: Mapping[str, str]


class FirstParents:
    """The way from `head` back by first parents. Everything here raises NoAnswerError."""

    def __init__(self, root: Path, head: str) -> None:
        self._root = root
        self._chain = list(lines(run_git(root, "rev-list", "--first-parent", head, "--")))
        self._places = {commit: number for number, commit in enumerate(self._chain)}
        self._of_merged: dict[str, int] = {}

    def place(self, commit: str) -> int:
        """How many of the newest steps are not in the history of `commit`."""
        if commit in self._places:
            return self._places[commit]
        if not self._of_merged:
            self._of_merged = self._places_of_all()
        return self._of_merged.get(commit, len(self._chain))

    def _places_of_all(self) -> dict[str, int]:
        """For each commit of the history, the newest one on the way that it comes from."""
        found: dict[str, int] = {}
        told = run_git(self._root, "rev-list", "--reverse", "--topo-order", "--parents", self._chain[0], "--")
        for line in lines(told):
            commit, *parents = line.split(" ")
            own = self._places.get(commit)
            end = len(self._chain)
            found[commit] = own if own is not None else min((found.get(one, end) for one in parents), default=end)
        return found

    def steps(self, count: int) -> Sequence[Step]:
        """The newest `count` steps, the newest first."""
        if count < 1:
            return ()
        options = ("--first-parent", "-m", "--encoding=UTF-8", f"--format={_HEADER}%H %ct %s", *_RAW)
        return list(_steps(run_git(self._root, "log", *options, f"--max-count={count}", self._chain[0], "--")))


def _steps(output: bytes) -> Iterator[Step]:
    header, changed = "", dict[str, str]()
    fields = iter(records(output))
    for told in fields:
        text = told.lstrip("\n")
        if text.startswith(":"):
            blob = text.split(" ")[3]
            changed[next(fields)] = blob
            continue
        if header:
            yield _step(header, changed)
        header, changed = text, {}
    if header:
        yield _step(header, changed)


def _step(header: str, changed: Mapping[str, str]) -> Step:
    commit, seconds, subject = f"{header.removeprefix(_HEADER)}  ".split(" ", 2)
    return Step(commit=commit, at=utc(int(seconds)), subject=subject.strip(), changed=changed)


def utc(seconds: int) -> str:
    """A time of git's as ISO 8601 in UTC; "" for one that no calendar has."""
    try:
        return f"{datetime.datetime.fromtimestamp(seconds, datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (OverflowError, OSError, ValueError):
        return ""


def _lines(texts: Sequence[str]) -> bytes:
    return "".join(f"{text}\n" for text in texts).encode()

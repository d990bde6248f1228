"""Which template is which: a template that was renamed or moved keeps its identity.

Pure. What git knows is gathered by the command line and handed in as `GitFacts`; the digest of the template in each
generated file's header is what there is without git.

A template that is gone and a new one belong together when each is the other's only candidate, or clearly the best:
an exact copy beats a similar one, and among equals ten points of git's similarity decide, which is also what an
unchanged file name is worth. Everything else is a question for a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import PurePosixPath

import msgspec

EXACT = 100
#: How much better a candidate must be (git's similarity, in points), and what an unchanged file name counts.
MARGIN = 10


class Gone(msgspec.Struct, frozen=True, kw_only=True):
    """A pipeline whose template is no longer on the disk; `digest` is the template's last known one, "" without."""

    name: str
    path: str
    digest: str = ""


class New(msgspec.Struct, frozen=True, kw_only=True):
    """A template that has no pipeline yet; `members` are the paths of its files."""

    path: str
    members: tuple[str, ...]
    digest: str = ""


class FileRename(msgspec.Struct, frozen=True, kw_only=True):
    """git's opinion that `new` was made from `old`; `score` is their similarity, 100 when their bytes are equal."""

    old: str
    new: str
    score: int


class GitFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What git knows; empty without git. `members` are the files that each gone path (a folder too) had.

    `failure` says why git, which is there, could not say everything; "" otherwise.
    """

    renames: tuple[FileRename, ...] = ()
    members: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    failure: str = ""


#: Asks git about (paths that are gone, paths that are new).
AskGit = Callable[[Sequence[str], Sequence[str]], GitFacts]


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """What a person has said: old path -> new path, and the paths that are simply gone."""

    renamed: Mapping[str, str] = msgspec.field(default_factory=dict)
    gone: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.renamed or self.gone)


class Rename(msgspec.Struct, frozen=True, kw_only=True):
    """The template of the pipeline `name` stands at `new` now; `score` is how alike the two are, in percent."""

    name: str
    old: str
    new: str
    score: int = EXACT


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """One candidate: the template at `new` was made from `old`."""

    old: str
    new: str
    score: int

    @property
    def strength(self) -> tuple[bool, int]:
        """What candidates are ranked by."""
        same_name = PurePosixPath(self.old).name == PurePosixPath(self.new).name
        return self.score == EXACT, self.score + (MARGIN if same_name else 0)

    def beats(self, other: Match) -> bool:
        """Whether this candidate is clearly better."""
        (exact, score), (others_exact, others_score) = self.strength, other.strength
        return exact > others_exact or (exact == others_exact and score >= others_score + MARGIN)


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A gone template with more than one possible successor, or that shares its only one.

    Without candidates: one of which git could not say what became of it, and the `failure`.
    """

    gone: Gone
    candidates: tuple[Match, ...]
    failure: str = ""


class Resolution(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the gone templates; those that are in neither list are simply gone."""

    renames: tuple[Rename, ...] = ()
    questions: tuple[Question, ...] = ()


def resolve(gone: Sequence[Gone], new: Sequence[New], facts: GitFacts, answers: Answers) -> Resolution:
    """Which new template continues which gone one. `answers` go before everything else."""
    answered = {item.path: answers.renamed[item.path] for item in gone if item.path in answers.renamed}
    open_ = [item for item in gone if item.path not in answered and item.path not in answers.gone]
    free = [item for item in new if item.path not in answered.values()]
    matches = _matches(open_, free, facts)
    accepted = {**answered, **_accept(matches)}
    scores = {match.old: match.score for match in matches if accepted.get(match.old) == match.new}
    left = [match for match in matches if match.old not in accepted and match.new not in accepted.values()]
    return Resolution(
        renames=tuple(
            Rename(name=item.name, old=item.path, new=accepted[item.path], score=scores.get(item.path, EXACT))
            for item in gone
            if item.path in accepted
        ),
        questions=tuple(
            Question(gone=item, candidates=tuple(mine), failure=facts.failure)
            for item in open_
            if item.path not in accepted
            and ((mine := sorted((m for m in left if m.old == item.path), key=_by_score)) or (facts.failure and free))
        ),
    )


def _by_score(match: Match) -> tuple[int, str]:
    return -match.score, match.new


def _matches(gone: Sequence[Gone], new: Sequence[New], facts: GitFacts) -> list[Match]:
    """Every candidate: by git, and for what git says nothing of by the digest."""
    by_old: dict[str, list[FileRename]] = {}
    for rename in facts.renames:
        by_old.setdefault(rename.old, []).append(rename)
    template_of = {member: item for item in new for member in (item.path, *item.members)}
    matches: list[Match] = []
    for item in gone:
        members = facts.members.get(item.path, (item.path,))
        by_git = list(_by_git(item.path, members, by_old, template_of))
        matches += by_git or [
            Match(old=item.path, new=other.path, score=EXACT)
            for other in new
            if item.digest and item.digest == other.digest
        ]
    return matches


def _by_git(
    path: str, members: Sequence[str], by_old: Mapping[str, list[FileRename]], template_of: Mapping[str, New]
) -> Iterable[Match]:
    """Templates that took over the file at `path`, or most files of the folder."""
    scores: dict[str, dict[str, int]] = {}
    for member in members:
        for rename in by_old.get(member, ()):
            if (template := template_of.get(rename.new)) is not None:
                best = scores.setdefault(template.path, {})
                best[member] = max(best.get(member, 0), rename.score)
    for successor, found in scores.items():
        into_file = template_of[successor].members in ((), (successor,))
        if 2 * len(found) > len(members) or into_file:
            # What is missing of a folder makes it less similar; a file that became part of a folder is never exact.
            score = sum(found.values()) // len(members)
            became_folder = members == (path,) and not into_file
            yield Match(old=path, new=successor, score=min(score, EXACT - 1) if became_folder else score)


def _accept(matches: Sequence[Match]) -> dict[str, str]:
    """Old path -> new path of the candidates that beat all others, again and again until none does."""
    accepted: dict[str, str] = {}
    left = sorted(matches, key=lambda match: match.strength, reverse=True)
    while True:
        # Who beats the strongest rival beats them all.
        best: dict[tuple[str, str], list[Match]] = {}
        for match in left:
            for key in (("old", match.old), ("new", match.new)):
                if len(strongest := best.setdefault(key, [])) < 2:
                    strongest.append(match)
        clear = [
            match
            for match in left
            if all(
                match is rival or match.beats(rival)
                for key in (("old", match.old), ("new", match.new))
                for rival in best[key]
            )
        ]
        if not clear:
            return accepted
        accepted |= {match.old: match.new for match in clear}
        taken = {*accepted.values()}
        left = [match for match in left if match.old not in accepted and match.new not in taken]

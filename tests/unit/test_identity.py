from __future__ import annotations

from collections.abc import Sequence

from tfgen_generators.sync.identity import Answers, FileRename, GitFacts, Gone, New, Rename, Resolution, resolve

WEB, DB = Gone(name="web", path="packer/web.json"), Gone(name="db", path="packer/db.json")


def new(*paths: str, digest: str = "") -> list[New]:
    return [New(path=path, members=(path,), digest=digest) for path in paths]


def facts(*renames: tuple[str, str, int], **folders: Sequence[str]) -> GitFacts:
    members = {old: (old,) for old, _, _ in renames} | {f"packer/{name}": tuple(m) for name, m in folders.items()}
    return GitFacts(renames=tuple(FileRename(old=o, new=n, score=s) for o, n, s in renames), members=members)


def found(result: Resolution) -> dict[str, str]:
    return {rename.name: rename.new for rename in result.renames}


def asked(result: Resolution) -> dict[str, list[str]]:
    return {item.gone.name: [match.new for match in item.candidates] for item in result.questions}


def decide(gone: list[Gone], templates: list[New], git: GitFacts, answers: Answers | None = None) -> Resolution:
    return resolve(gone, templates, git, answers or Answers())


def test_one_candidate_is_enough() -> None:
    result = decide([WEB], new("packer/site.json"), facts(("packer/web.json", "packer/site.json", 55)))
    assert result.renames == (Rename(name="web", old="packer/web.json", new="packer/site.json", score=55),)
    assert result.questions == ()


def test_nothing_alike_is_gone() -> None:
    assert decide([WEB], new("packer/site.json"), GitFacts()) == Resolution()
    other = facts(("packer/web.json", "packer/no-template.txt", 100))
    assert decide([WEB], new("packer/site.json"), other) == Resolution()


def test_an_exact_copy_beats_a_similar_file() -> None:
    git = facts(("packer/web.json", "packer/a.json", 100), ("packer/web.json", "packer/b.json", 99))
    assert found(decide([WEB], new("packer/a.json", "packer/b.json"), git)) == {"web": "packer/a.json"}


def test_two_exact_copies_are_a_question() -> None:
    git = facts(("packer/web.json", "packer/a.json", 100), ("packer/web.json", "packer/b.json", 100))
    result = decide([WEB], new("packer/a.json", "packer/b.json"), git)
    assert (found(result), asked(result)) == ({}, {"web": ["packer/a.json", "packer/b.json"]})


def test_an_unchanged_file_name_counts() -> None:
    git = facts(("packer/web.json", "packer/team/web.json", 90), ("packer/web.json", "packer/b.json", 90))
    assert found(decide([WEB], new("packer/team/web.json", "packer/b.json"), git)) == {"web": "packer/team/web.json"}


def test_nearly_equal_is_a_question_and_clearly_better_is_none() -> None:
    for second, ask in ((88, True), (80, False)):
        git = facts(("packer/web.json", "packer/a.json", 90), ("packer/web.json", "packer/b.json", second))
        result = decide([WEB], new("packer/a.json", "packer/b.json"), git)
        assert bool(result.questions) == ask
        assert found(result) == ({} if ask else {"web": "packer/a.json"})


def test_two_gone_files_that_fit_one_new_are_a_question() -> None:
    git = facts(("packer/web.json", "packer/a.json", 90), ("packer/db.json", "packer/a.json", 92))
    result = decide([WEB, DB], new("packer/a.json"), git)
    assert (found(result), asked(result)) == ({}, {"web": ["packer/a.json"], "db": ["packer/a.json"]})


def test_who_is_taken_is_no_candidate_any_more() -> None:
    git = facts(
        ("packer/web.json", "packer/a.json", 100),
        ("packer/db.json", "packer/a.json", 95),
        ("packer/db.json", "packer/b.json", 60),
    )
    result = decide([WEB, DB], new("packer/a.json", "packer/b.json"), git)
    assert found(result) == {"web": "packer/a.json", "db": "packer/b.json"}


def test_answers_go_before_everything() -> None:
    git = facts(("packer/web.json", "packer/a.json", 100), ("packer/web.json", "packer/b.json", 100))
    templates = new("packer/a.json", "packer/b.json")
    answers = Answers(renamed={"packer/web.json": "packer/b.json"})
    assert found(decide([WEB], templates, git, answers)) == {"web": "packer/b.json"}
    assert decide([WEB], templates, git, Answers(gone=frozenset({"packer/web.json"}))) == Resolution()


def test_an_answer_for_one_makes_the_other_clear() -> None:
    git = facts(("packer/web.json", "packer/a.json", 90), ("packer/db.json", "packer/a.json", 92))
    answers = Answers(gone=frozenset({"packer/web.json"}))
    assert found(decide([WEB, DB], new("packer/a.json"), git, answers)) == {"db": "packer/a.json"}


def test_the_digest_is_asked_where_git_says_nothing() -> None:
    gone = Gone(name="web", path="packer/web.json", digest="d")
    assert found(decide([gone], new("packer/a.json", digest="d"), GitFacts())) == {"web": "packer/a.json"}
    assert decide([gone], new("packer/a.json", digest="e"), GitFacts()) == Resolution()
    assert decide([WEB], new("packer/a.json"), GitFacts()) == Resolution()
    assert asked(decide([gone], new("packer/a.json", "packer/b.json", digest="d"), GitFacts())) == {
        "web": ["packer/a.json", "packer/b.json"]
    }


def test_most_files_of_a_folder_decide() -> None:
    folder = Gone(name="team", path="packer/team")
    files = [f"packer/team/{n}.pkr.hcl" for n in "abc"]
    renames = [(old, old.replace("team", "crew"), 100) for old in files]
    crew = [New(path="packer/crew", members=tuple(new for _, new, _ in renames))]
    assert found(decide([folder], crew, facts(*renames[:2], team=files))) == {"team": "packer/crew"}
    assert decide([folder], crew, facts(*renames[:1], team=files)) == Resolution()


def test_a_file_that_became_part_of_a_folder() -> None:
    gone = Gone(name="web", path="packer/web.pkr.hcl")
    crew = [New(path="packer/crew", members=("packer/crew/build.pkr.hcl", "packer/crew/v.pkr.hcl"))]
    git = facts(("packer/web.pkr.hcl", "packer/crew/build.pkr.hcl", 100))
    assert found(decide([gone], crew, git)) == {"web": "packer/crew"}
    file = new("packer/site.pkr.hcl")
    both = facts(
        ("packer/web.pkr.hcl", "packer/crew/build.pkr.hcl", 100), ("packer/web.pkr.hcl", "packer/site.pkr.hcl", 100)
    )
    assert found(decide([gone], [*crew, *file], both)) == {"web": "packer/site.pkr.hcl"}

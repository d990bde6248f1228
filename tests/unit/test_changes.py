from __future__ import annotations

from tfgen_generators.generated.files import Unknown
from tfgen_generators.generated.ownership import examine, sign
from tfgen_generators.sync.changes import compare

P = "terraform/pipelines/pipeline_"
OURS = sign("packer/web.json", "body\n")


def path(name: str) -> str:
    return f"{P}{name}.gen.tf"


def test_create_change_delete_and_leave() -> None:
    found = {
        path("same"): OURS,
        path("old"): sign("packer/old.json", "x\n"),
        path("new"): sign("packer/new.json", "1\n"),
    }
    wanted = {path("same"): OURS, path("new"): sign("packer/new.json", "2\n"), path("first"): OURS}
    result = compare(wanted, found)
    assert [(change.action, change.path) for change in result.changes] == [
        ("create", path("first")),
        ("change", path("new")),
        ("delete", path("old")),
    ]
    assert result.unchanged == (path("same"),)


def test_a_file_without_our_header_is_refused_where_we_want_to_write() -> None:
    result = compare({path("web"): OURS}, {path("web"): "resource {}\n", path("other"): "mine\n"})
    assert [refused.path for refused in result.refused] == [path("web")]
    assert result.changes == ()


def test_an_edit_by_hand_is_refused_in_change_and_in_delete() -> None:
    edited = OURS.replace("body", "my body")
    assert [item.path for item in compare({path("web"): OURS}, {path("web"): edited}).refused] == [path("web")]
    assert [item.path for item in compare({}, {path("web"): edited}).refused] == [path("web")]


def test_the_header_is_part_of_what_is_signed() -> None:
    assert examine(OURS.replace("packer/web.json", "packer/evil.json")).state == "edited"
    assert examine(OURS).source == "packer/web.json"


def test_line_ends_that_git_changed_are_no_edit() -> None:
    crlf = OURS.replace("\n", "\r\n")
    assert examine(crlf).state == "ours"
    assert compare({path("web"): OURS}, {path("web"): crlf}).unchanged == (path("web"),)


def test_what_cannot_be_read_keeps_its_file() -> None:
    found = {path("web"): OURS}
    for unknown in (
        Unknown(files=frozenset({path("web")})),
        Unknown(sources=frozenset({"packer/web.json"})),
        Unknown(sources=frozenset({"packer"})),
    ):
        result = compare({}, found, unknown)
        assert (result.kept, result.changes) == ((path("web"),), ())
    assert compare({}, found, Unknown(sources=frozenset({"packer/we"}))).kept == ()


def test_a_broken_file_of_a_folder_keeps_the_folders_file() -> None:
    found = {path("team"): sign("packer/team", "x\n")}
    assert compare({}, found, Unknown(sources=frozenset({"packer/team/build.pkr.hcl"}))).kept == (path("team"),)


def test_diffs_read_like_gits() -> None:
    change = compare({path("a"): "1\n"}, {}).changes[0]
    assert change.diff() == f"--- /dev/null\n+++ b/{path('a')}\n@@ -0,0 +1 @@\n+1\n"


def test_the_templates_digest_alone_is_no_change() -> None:
    old, new = sign("packer/web.json", "body\n", "a" * 64), sign("packer/web.json", "body\n", "b" * 64)
    result = compare({path("web"): new}, {path("web"): old})
    assert (result.changes, result.unchanged) == ((), (path("web"),))
    assert [(change.path, change.after) for change in result.refresh] == [(path("web"), new)]
    assert compare({path("web"): new}, {path("web"): new}).refresh == ()
    assert compare({path("web"): new}, {path("web"): new.replace("\n", "\r\n")}).refresh == ()


def test_what_is_forgotten_stays_until_a_person_deletes_it_or_it_is_wanted() -> None:
    module = sign("packer/web.json", 'module "web" {\n}\n', "a" * 64)
    (change,) = compare({}, {path("web"): module}, forget={path("web"): ()}).changes
    assert (change.action, change.before) == ("forget", module)
    tombstone = change.after
    assert "from = module.web\n" in tombstone
    for forget in (dict[str, list[str]](), {path("web"): list[str]()}):
        result = compare({}, {path("web"): tombstone}, forget=forget)
        assert (result.changes, result.unchanged) == ((), (path("web"),))
    assert [c.action for c in compare({path("web"): module}, {path("web"): tombstone}).changes] == ["change"]
    assert [c.action for c in compare({}, {path("web"): tombstone}, moved=frozenset({"web"})).changes] == ["delete"]


def test_an_edited_file_is_refused_even_when_it_is_to_be_forgotten() -> None:
    edited = OURS.replace("body", "my body")
    result = compare({}, {path("web"): edited}, forget={path("web"): ()})
    assert ([item.path for item in result.refused], result.changes) == ([path("web")], ())

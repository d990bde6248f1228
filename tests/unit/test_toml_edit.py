from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfgen_generators.errors import SettingsError
from tfgen_generators.settings.edit import Values, move_table, set_keys, set_tables

WEB, SITE = ("templates", "web"), ("templates", "site")
NEW = "packer/team/web.json"

DOCUMENTS = {
    "nothing of it": 'source_repository = "x"  # ours\n',
    "no newline at the end": "[module]\nsource = 'x'",
    "empty": "",
    "a table": '# before\n[templates.web] # web\nenvironment = { A = "1" }\n\n# about db\n[templates.db]\n',
    "a table with a path": '[templates.web]\n# why\npath = "packer/web.json" # because\nremoved = "keep"\n',
    "quoted": '[ templates . "web" ]\nremoved = "keep"\n[templates."web".environment]\nA = "1" # a\n',
    "literal quotes": "[templates.'web']\nenvironment = { A = '1' }\n",
    "inline": 'templates = { web = { removed = "keep" }, db = {} } # all\n',
    "inline below": '[templates]\n# first\nweb = { environment = { A = "1" } }\ndb = {}\n',
    "dotted": 'templates.web.removed = "keep" # here\nbranch = "x"\n',
    "dotted below": '[templates]\nweb.removed = "keep"\nweb.environment.A = "#1"\ndb.removed = "keep"\n',
    "sub-table alone": '[templates.web.environment]\nA = "1"\n\n[names]\n',
    "far apart": '[templates.web]\nremoved = "keep"\n[names]\n[templates.db]\n[templates.web.environment]\nA = "1"\n',
    "text like a header": 'branch = """\n[templates.web]\n"""\n[templates.web]\nremoved = "keep"\n',
    "an array over lines": 'ignore = [\n  "a", # one\n  "[templates.web]",\n]\n[templates.web]\n',
}
DOCUMENTS |= {
    f"{name}, CRLF and BOM": "\ufeff" + text.replace("\n", "\r\n")
    for name, text in DOCUMENTS.items()
    if '"""' not in text
}


def load(text: str) -> dict[str, object]:
    return tomllib.loads(text.removeprefix("\ufeff"))


def comments(text: str) -> list[str]:
    return [line.split("# ", 1)[1].strip() for line in text.splitlines() if "# " in line]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_path_is_pinned_and_nothing_else_changes(name: str) -> None:
    before = DOCUMENTS[name]
    after = set_keys(before, WEB, {"path": NEW}, where="tfgen.toml")
    wanted: dict[str, dict[str, dict[str, object]]] = load(before)  # type: ignore[assignment]
    wanted.setdefault("templates", {}).setdefault("web", {})["path"] = NEW
    assert load(after) == wanted
    assert comments(after) == comments(before)
    assert after.startswith("\ufeff") == before.startswith("\ufeff")
    if "\r\n" in before:
        assert after.count("\n") == after.count("\r\n")
    assert set_keys(after, WEB, {"path": NEW}, where="tfgen.toml") == after


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if "web" in DOCUMENTS[name]])
def test_a_table_gets_another_name_with_all_that_belongs_to_it(name: str) -> None:
    before = DOCUMENTS[name]
    after = move_table(before, WEB, SITE, where="tfgen.toml")
    wanted: dict[str, dict[str, object]] = load(before)  # type: ignore[assignment]
    wanted["templates"]["site"] = wanted["templates"].pop("web")
    assert load(after) == wanted
    assert comments(after) == comments(before)


def test_kept_lines_keep_their_own_ends() -> None:
    before = 'a = 1\r\nb = 2\n[templates.web]\r\npath = "x"\r\n'
    assert set_keys(before, WEB, {"path": "y"}, where="t") == before.replace('"x"', '"y"')


def test_small_edits_are_small() -> None:
    before = DOCUMENTS["a table"]
    after = set_keys(before, WEB, {"path": NEW}, where="tfgen.toml")
    assert after == before.replace("# web\n", f'# web\npath = "{NEW}"\n')
    assert set_keys("a = 1\n", WEB, {"path": NEW}, where="t") == f'a = 1\n\n[templates.web]\npath = "{NEW}"\n'


def test_many_tables_at_once() -> None:
    before = "".join(f'[templates.t{n}] # {n}\npath = "packer/{n}.json"\n' for n in range(300))
    edits: dict[tuple[str, ...], Values] = {
        ("templates", f"t{n}"): {"path": f"packer/aws/{n}.json"} for n in range(400)
    }
    after = set_tables(before, edits, where="tfgen.toml")
    assert load(after) == {"templates": {f"t{n}": {"path": f"packer/aws/{n}.json"} for n in range(400)}}
    assert comments(after) == comments(before)


def test_a_key_can_go() -> None:
    before = '[templates.web]\npath = "x" # x\nremoved = "keep" # y\n'
    with pytest.raises(SettingsError) as error:  # a comment would go with it
        set_keys(before, WEB, {"path": None, "moved_from": ["a"]}, where="tfgen.toml:1")
    assert str(error.value) == (
        'tfgen.toml:1: cannot be edited safely; edit it by hand: [templates.web]: moved_from = ["a"]'
    )
    before = before.replace(" # x", "")
    after = set_keys(before, WEB, {"path": None, "moved_from": ["a"]}, where="tfgen.toml")
    assert load(after) == {"templates": {"web": {"removed": "keep", "moved_from": ["a"]}}}


@settings(max_examples=60, deadline=None)
@given(path=st.text(st.characters(exclude_categories=["Cs"]), min_size=1), name=st.sampled_from(sorted(DOCUMENTS)))
def test_any_path_is_text(path: str, name: str) -> None:
    after = set_keys(DOCUMENTS[name], WEB, {"path": path}, where="tfgen.toml")
    found: dict[str, dict[str, dict[str, object]]] = load(after)  # type: ignore[assignment]
    assert found["templates"]["web"]["path"] == path.replace("\r\n", "\n") or found["templates"]["web"]["path"] == path


def test_a_table_that_its_sub_table_makes() -> None:
    text = '[templates.web.environment] # c\nA = "1"\n'
    assert set_keys(text, ("templates", "web"), {"path": "packer/x.json"}, where="tfgen.toml") == (
        text + '\n[templates.web]\npath = "packer/x.json"\n'
    )

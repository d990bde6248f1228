"""docs/reference is what the code says."""

from __future__ import annotations

import pytest

from tests.documented import ROOT
from tfgen_generators.lint.registry import all_rules
from tools import reference

PAGES = reference.pages()


@pytest.mark.parametrize("page", sorted(PAGES))
def test_it_is_as_the_code_says(page: str) -> None:
    assert (ROOT / "docs" / page).read_text() == PAGES[page], "run: python tools/reference.py"


def test_it_has_everything() -> None:
    commands = PAGES["reference/commands.md"]
    for words, command in reference.commands():
        assert f"\n## tfgen {words}".rstrip() + "\n" in commands
        for parameter in command.params:
            if parameter.param_type_name == "option":
                assert parameter.opts[0] in commands
    assert all(f"(../rules/{rule.id}.md)" in PAGES["reference/rules.md"] for rule in all_rules())
    assert all(f"\n| {code} | " in PAGES["reference/exit-codes.md"] for code in (0, 1, 2, 3, 64, 70, 75, 130))
    assert all(f"\n## [{table}]\n" in PAGES["reference/settings.md"] for table in ("module", "templates.NAME.names"))


def test_what_is_stale_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "pages", lambda: {"reference/rules.md": "# Rules\n"})
    monkeypatch.setattr("sys.argv", ["reference.py", "--check"])
    assert reference.main() == 1
    assert "docs/reference/rules.md: not as the code says" in capsys.readouterr().err

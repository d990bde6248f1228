"""How findings are written: for people, for programs, and for those who show them beside the code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tfgen.lint.formats.shown import Result

LintFormat = Literal["text", "json", "sarif", "junit", "github", "grouped"]


def render(result: Result, form: LintFormat) -> str:
    """The whole report as `form`, ending with a line break unless it is empty."""
    if form == "json":
        from tfgen.lint.formats.as_json import as_json as write
    elif form == "sarif":
        from tfgen.lint.formats.sarif import as_sarif as write
    elif form == "junit":
        from tfgen.lint.formats.junit import as_junit as write
    elif form == "github":
        from tfgen.lint.formats.github import as_github as write
    elif form == "grouped":
        from tfgen.lint.formats.grouped import as_grouped as write
    else:
        from tfgen.lint.formats.text import as_text as write
    return write(result)

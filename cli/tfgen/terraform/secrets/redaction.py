"""What of Terraform's words may be seen by others: in a terminal, a CI log, a comment.

Errors quote values, sensitive ones too: Terraform marks these in its own snippets alone. So the details of an error
that can hold a sensitive value stay in the run's log, which only its owner reads; and values that are known are hidden
wherever they stand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from msgspec.structs import replace

from tfgen.terraform.init import data_dir
from tfgen.terraform.reports.events import Diagnostic, Snippet
from tfgen.terraform.secrets.levels import Level, Levels, read_levels
from tfgen.terraform.secrets.literals import Literals
from tfgen.terraform.secrets.values import known_values
from tfgen_generators.hcl.terraform_files import is_terraform

# Texts, compiled when something is said: all of them take 14 ms.
#: What is said before anything is evaluated quotes the configuration, never a value.
_STATIC = (
    r"Reference to undeclared |Unsupported (?:argument|block type|operator)$|Unclosed |Unterminated |Unbalanced "
    r"|Unexpected (?:comma|end of |token|resource instance key)|Extra characters |Extraneous |Call to unknown function"
    r"|Not enough function arguments|Too many function arguments|Argument (?:or block )?definition required"
    r"|Attribute redefined|Missing (?:newline |close |key/value separator|attribute (?:separator|value)|item separator"
    r"|argument separator|expression|required (?:argument|provider)|name for |resource |block label)"
    r"|Invalid (?:expression|block definition|argument name|attribute name|character(?:s| encoding)?|escape sequence"
    r"|multi-line string|string literal|single-argument block definition|template (?:control keyword|directive)"
    r"|'for' expression|reference|resource name|variable name|output name|module instance name|legacy index syntax)$"
    r"|Duplicate (?:argument|.*(?:configuration|declaration|definition|call)$)|Self-referential block|Cycle: "
    r"|Module not installed|Unreadable module|Variables not allowed|Function calls not allowed"
    r"|No value for required variable|Value for undeclared variable|Inconsistent dependency lock file"
    r"|Error acquiring the state lock|Required plugins are not installed"
)
#: What is said of values, by Terraform and HCL; a provider's words are others.
_EVALUATION = (
    r"Invalid function argument|Error in function call|Duplicate object key|Invalid index|Unsupported attribute"
    r"|Invalid operand|Invalid template interpolation|Incorrect (?:condition|attribute value|value) type"
    r"|Inconsistent conditional result types|Invalid value for|Invalid (?:for_each|count|default value|object key"
    r"|conditional|expanding argument|number|variable|combination|map|set|dynamic|import)|Inappropriate value"
    r"|Iteration over |Null value|Splat of |Unsuitable value|Attempt to |Operation failed|Division by zero"
    r"|Missing map element|Sensitive |Ephemeral |Output refers|Error message refers"
)
#: What an author has worded; Terraform itself keeps marked values out of it.
_CONDITION = r".*(?:pre|post)condition failed$|Check block assertion failed|Invalid value for variable"
#: Where a provider's summary begins to tell what it was about; `EC2`, `S3` and `Route53` are names of services.
_TELLING = re.compile(
    r"""[:;([{"'`<=+]| (?:got|was|is|value|for|with|must|to be) | (?![A-Z][A-Za-z]{0,6}\d{1,2}\b)\S*\d"""
)
_MARKED = re.compile(r"sensitive|ephemeral", re.IGNORECASE)
_EVALUATED = rf"(?m)^(?:│ )?(?:Error|Warning): (?:{_EVALUATION})"
_ERROR = re.compile(r"(?:│ )?(?:Error|Warning): (.*)")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_PLACE = re.compile(r"(?:│ )?  (?:on|with) \S.*")


class Redaction:
    """Of one root module. Files are read when there is something to say, not before."""

    def __init__(self, folder: Path, env: Mapping[str, str], arguments: Sequence[str] = ()) -> None:
        self._folder, self._env, self._arguments = folder, env, arguments

    def diagnostic(self, diagnostic: Diagnostic, log: str) -> Diagnostic:
        """What may be shown of it; `log` is the file that has the rest."""
        if self._can_tell(diagnostic):
            return self._cut(diagnostic, log)
        snippet = diagnostic.snippet
        if snippet and _is_of_a_value(diagnostic):
            snippet = replace(snippet, code="")
        return replace(
            diagnostic,
            summary=self.text(diagnostic.summary),
            detail=self.text(diagnostic.detail),
            address=self.text(diagnostic.address),
            snippet=replace(snippet, code=self.text(snippet.code)) if snippet else None,
        )

    def text(self, text: str) -> str:
        """`text` without the values that are known."""
        return self._literals.hidden(text) if text else ""

    def plain(self, text: str, log: str) -> str:
        """Words of a run that knows no events: of errors of evaluation, where sensitive values are, the place alone."""
        text = _COLOUR.sub("", text)
        if not re.search(_EVALUATED, text) or self._levels.highest is Level.NONE:
            return self.text(text)
        lines = [line for line in text.splitlines() if _ERROR.match(line) or _PLACE.match(line)]
        return self.text("\n".join([*lines, f"{_DETAILS} {log}"]))

    @cached_property
    def _levels(self) -> Levels:
        return read_levels(self._folder, data_dir(self._folder, self._env))

    @cached_property
    def _literals(self) -> Literals:
        levels = self._levels
        passed = list(levels.passed_on())
        names = levels.sensitive_variables() | {n for text in passed for n in re.findall(r"\bvar \. ([\w-]+)", text)}
        expressions = [*passed, *levels.defaults()]
        return Literals(known_values(names, self._folder, self._env, self._arguments, expressions))

    def _can_tell(self, diagnostic: Diagnostic) -> bool:
        """Whether a sensitive value can be in it."""
        snippet, summary = diagnostic.snippet, diagnostic.summary
        if re.match(_STATIC, summary) or _names_what_is_written(diagnostic):
            return False
        if _is_of_a_value(diagnostic):
            return self._levels.highest is not Level.NONE
        if snippet and any(_MARKED.search(value.statement) for value in snippet.values or ()):
            return True
        if self._levels.highest is Level.NONE:
            return False
        evaluates = bool(snippet and snippet.function_call) or (
            re.match(_EVALUATION, summary) is not None and not re.match(_CONDITION, summary)
        )
        return self._level(diagnostic, evaluates=evaluates) >= (Level.PROVIDERS if evaluates else Level.DECLARED)

    def _level(self, diagnostic: Diagnostic, *, evaluates: bool) -> Level:
        place, address = diagnostic.range, diagnostic.address
        found = [self._levels.at(place.filename, place.start.line)] if place else []
        if address:
            found.append(self._levels.of_address(address))
        return max(found, default=self._levels.highest if evaluates else Level.NONE)

    def _cut(self, diagnostic: Diagnostic, log: str) -> Diagnostic:
        snippet = diagnostic.snippet
        called = snippet.function_call.called_as if snippet and snippet.function_call else ""
        detail = f"In a call of {called}. {_DETAILS} {log}" if called else f"{_DETAILS} {log}"
        shown = Snippet(code="", start_line=snippet.start_line, context=snippet.context) if snippet else None
        return replace(
            diagnostic,
            summary=self.text(_summary(diagnostic, called)),
            detail=detail,
            address=self.text(diagnostic.address),
            snippet=shown,
        )


_DETAILS = "The details may hold a sensitive value; they are only in"


def _is_of_a_value(diagnostic: Diagnostic) -> bool:
    """Whether it is about a var file, or the text of a variable: what stands there are values."""
    return diagnostic.range is not None and not is_terraform(diagnostic.range.filename.rpartition("/")[2])


def _names_what_is_written(diagnostic: Diagnostic) -> bool:
    """An attribute that is not there, by the name that the configuration has for it."""
    if diagnostic.summary != "Unsupported attribute" or diagnostic.snippet is None:
        return False
    named = re.findall(r'"([^"]*)"', diagnostic.detail)
    return all(re.search(rf"\.\s*{re.escape(name)}\b", diagnostic.snippet.code) for name in named)


def _summary(diagnostic: Diagnostic, called: str) -> str:
    """Terraform's summaries say the kind; a provider's may say anything, so only their first words are kept."""
    summary = diagnostic.summary
    if called or any(re.match(known, summary) for known in (_EVALUATION, _CONDITION, _STATIC)):
        return summary
    return _TELLING.split(summary, maxsplit=1)[0].strip() or "a provider's error"

"""For code scanning: SARIF 2.1.0, with what GitHub asks for beyond the standard.

Source: the OASIS standard (its schema stands in tests/data) and GitHub's "SARIF support for code scanning".
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from urllib.parse import quote

from tfgen.console import printable, printable_json
from tfgen.lint.formats.shown import Result, documented, readable
from tfgen_generators.lint.engine import Judged
from tfgen_generators.lint.model import Edit, Rule

_ROOT = "%SRCROOT%"


def as_sarif(result: Result) -> str:
    """One run; findings that are switched off have their suppression."""
    from tfgen.distribution.installed import version

    index = {rule.id: number for number, rule in enumerate(result.rules)}
    seen: Counter[str] = Counter()
    run = {
        "tool": {
            "driver": {"name": "tfgen", "version": version(), "rules": [_rule(rule) for rule in result.rules]},
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The repository's root."}}},
        "results": [_result(result, judged, index, seen) for judged in result.judged],
    }
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return printable_json(json.dumps(document, indent=2)) + "\n"


def _rule(rule: Rule) -> dict[str, object]:
    text = f"{rule.summary}. For the reason and examples, see {documented(rule.id)} of tfgen."
    return {
        "id": rule.id,
        "name": rule.id.title().replace("-", ""),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": f"{rule.summary}."},
        "help": {"text": text, "markdown": text.replace(documented(rule.id), f"`{documented(rule.id)}`")},
        "defaultConfiguration": {"level": rule.severity},
        "properties": {"problem.severity": {"note": "recommendation"}.get(rule.severity, rule.severity)},
    }


def _result(result: Result, judged: Judged, index: dict[str, int], seen: Counter[str]) -> dict[str, object]:
    found, off = judged.finding, judged.suppressed
    message = f"{found.message}; {found.fix}" if found.fix else found.message
    region: dict[str, object] = {"startLine": max(found.line, 1)}
    if found.line and found.column:
        region["startColumn"] = found.column
    written: dict[str, object] = {
        "ruleId": found.rule,
        "ruleIndex": index[found.rule],
        "level": judged.severity,
        "message": {"text": _message(message)},
        "locations": [{"physicalLocation": {"artifactLocation": _location(found.path), "region": region}}],
        "partialFingerprints": {"tfgenFinding/v1": _fingerprint(result, judged, seen)},
    }
    if off is not None:
        kind = "inSource" if off.kind == "comment" else "external"
        written["suppressions"] = [{"kind": kind, "status": "accepted", "justification": _clean(off.reason)}]
    if found.edits:
        written["fixes"] = [{"description": {"text": _message(found.fix)}, "artifactChanges": _changes(result, judged)}]
    return written


def _fingerprint(result: Result, judged: Judged, seen: Counter[str]) -> str:
    """Stays when lines move: the rule, the file, the line's text, and which of several such it is."""
    found = judged.finding
    lines = result.read(found.path).split(b"\n")
    line = lines[found.line - 1].strip() if 0 < found.line <= len(lines) else b""
    parts = (found.rule.encode(), os.fsencode(found.path), line, found.message.encode("utf-8", "backslashreplace"))
    digest = hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]
    seen[digest] += 1
    return f"{digest}:{seen[digest]}"


def _location(path: str) -> dict[str, str]:
    return {"uri": quote(os.fsencode(path)), "uriBaseId": _ROOT}


def _changes(result: Result, judged: Judged) -> list[dict[str, object]]:
    changes: dict[str, list[dict[str, object]]] = {}
    for edit in judged.finding.edits:
        replacement = {"deletedRegion": _region(result.read(edit.path), edit), "insertedContent": {"text": edit.text}}
        changes.setdefault(edit.path, []).append(replacement)
    return [{"artifactLocation": _location(path), "replacements": found} for path, found in changes.items()]


def _region(data: bytes, edit: Edit) -> dict[str, int]:
    """Byte offsets as lines and columns, which SARIF has for text."""
    (start_line, start_column), (end_line, end_column) = (_place(data, at) for at in (edit.start, edit.end))
    return {
        "startLine": start_line,
        "startColumn": start_column,
        "endLine": end_line,
        "endColumn": end_column,
    }


def _place(data: bytes, offset: int) -> tuple[int, int]:
    before = data[:offset]
    line = before.rpartition(b"\n")[2].removeprefix(b"\xef\xbb\xbf")
    return before.count(b"\n") + 1, len(line.decode("utf-8", "replace")) + 1


def _clean(text: str) -> str:
    return printable(readable(text))


def _message(text: str) -> str:
    """Text that holds no embedded link."""
    text = _clean(text)
    return text.replace("[", "\\[").replace("]", "\\]") if "](" in text else text

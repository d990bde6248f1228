"""For programs: the shape that docs/json.md describes and docs/lint.schema.json defines."""

from __future__ import annotations

import json

from tfgen.console import printable_json
from tfgen.lint.formats.shown import Result
from tfgen_generators.lint.engine import Judged


def as_json(result: Result) -> str:
    """All findings, those that are switched off too, and their numbers."""
    document = {
        "findings": [_finding(judged) for judged in result.judged],
        "summary": {
            "errors": result.count("error"),
            "warnings": result.count("warning"),
            "notes": result.count("note"),
            "suppressed": len(result.judged) - len(result.open),
            "fixed": result.fixed,
            "images": result.images,
        },
    }
    return printable_json(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def _finding(judged: Judged) -> dict[str, object]:
    found, off = judged.finding, judged.suppressed
    return {
        "rule": found.rule,
        "severity": judged.severity,
        "path": found.path,
        "line": found.line or None,
        "column": found.column or None,
        "message": found.message,
        "fix": found.fix,
        "fixable": bool(found.edits),
        "image": found.image or None,
        "suppressed": off and {"kind": off.kind, "path": off.path, "line": off.line, "reason": off.reason},
    }

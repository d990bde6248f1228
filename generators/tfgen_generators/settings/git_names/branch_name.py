"""Whether a text can be the name of a branch, by the rules of git-check-ref-format(1), and what was meant instead."""

from __future__ import annotations

import re
from collections.abc import Collection

from tfgen_generators.settings.lines import in_toml

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]")
_PREFIXES = ("refs/heads/", "heads/", "refs/remotes/", "remotes/")
_NEVER = frozenset({"@", "HEAD"})


def branch_problem(name: str, remotes: Collection[str] = ()) -> tuple[str, str]:
    """What is wrong with the branch `name`, and what to do; two empty texts where nothing is.

    `remotes` are names of git's remotes: `origin/main` is what the branch `main` of one is called here.
    """
    if name.startswith("refs/") or name.startswith(_PREFIXES):
        meant = _meant(name, remotes)
        usable = meant and not branch_problem(meant, remotes)[0]
        fix = f'use branch = "{meant}"' if usable else "use the name of a branch alone"
        return "must be a branch's name without the folder of git's refs", fix
    remote = next((one for one in remotes if name.startswith(f"{one}/")), "")
    if remote:
        meant = name.removeprefix(f"{remote}/")
        fix = f'use branch = "{meant}"' if not branch_problem(meant)[0] else "use the name of a branch alone"
        return f"must be a branch's name without that of the remote {remote}", fix
    reason = _broken_rule(name)
    return (f"cannot be the name of a branch: {reason}", 'use for example branch = "main"') if reason else ("", "")


def _meant(name: str, remotes: Collection[str]) -> str:
    for prefix in _PREFIXES:
        if name.startswith(prefix):
            meant = name.removeprefix(prefix)
            return next((meant.removeprefix(f"{one}/") for one in remotes if meant.startswith(f"{one}/")), meant)
    return ""


def _broken_rule(name: str) -> str:
    if found := _FORBIDDEN.search(name):
        return "it contains a space" if found[0] == " " else f"it contains {in_toml(found[0])}"
    rules = (
        (name.startswith("-"), "it begins with -"),
        (name in _NEVER, "git has another use for that name"),
        (".." in name, "it contains .."),
        ("@{" in name, "it contains @{"),
        (name.startswith("/") or name.endswith("/") or "//" in name, "a part of it between / is empty"),
        (name.endswith("."), "it ends with ."),
        (any(part.startswith(".") for part in name.split("/")), "a part of it begins with ."),
        (any(part.endswith(".lock") for part in name.split("/")), "a part of it ends with .lock"),
    )
    return next((reason for broken, reason in rules if broken), "")

"""Programs in other languages that a command starts: the files that their texts may name, and what they import.

Nothing is run. A text counts where a file of that name is, and so does a path that is put together of texts that stand
beside one another: `join("a", "b")`, `"a/" + name + ".b"`, `f"a/{name}.b"`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from tfgen_generators.shell.marks import UNKNOWN

#: Longer programs are not read.
LONGEST = 100_000
INTERPRETERS = re.compile(r"python[\d.]*|perl|ruby|node|pwsh|php")
_QUOTED = re.compile(r"""([fF]?)[rRbB]?(["'`])([^"'`\n]{1,300})["'`]""")
#: What may stand between two texts that are one path.
_JOINS = re.compile(r"\s*(?:(,|/)|[+.]|(?:[+.])\s*[\w.\[\]()$@]{1,60}?\s*[+.])\s*")
_MOST_JOINED = 5
#: Modules in one another that are looked for.
_MOST_PARTS = 20
_HOLES = re.compile(r"#\{[^}]*\}|\$\{[^}]*\}|%[sd]|%\(\w+\)s|\$\w+")
_BRACES = re.compile(r"\{[^{}]*\}")
_KNOWN = re.compile(r"[A-Za-z0-9]{2}")
#: What reads the folder that follows.
_READS_FOLDER = re.compile(
    r"(?:\blistdir|\bscandir|\bwalk|glob|\bcopytree|\bmake_archive|\bopendir|\breaddir(?:Sync)?"
    r"|Loader|\bentries|\bchildren|\badd|Get-ChildItem)\s*\(?\s*[\"']([^\"'\n*?]{2,300})[\"']"
)
#: A path goes on with what is not known: behind the text, and (for a comma) before it.
_GOES_ON = re.compile(r"\s*\)?\s*([,/])\s*[A-Za-z_(]")
_JOINING = re.compile(r"join\w*\((?:[^()]|\([^()]*\))*$", re.IGNORECASE)
_IMPORTS = re.compile(
    r"^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]+(\([^)]*\)|[\w, \t]+)|import[ \t]+([\w., \t]+))", re.MULTILINE
)
_REQUIRED = re.compile(r"\b(?:require_relative|require|load|from|import|do)\b\s*\(?\s*[\"'](\.{0,2}/?[\w./-]+)[\"']")
_USED = re.compile(r"^\s*use\s+([A-Z]\w*(?:::\w+)*)", re.MULTILINE)
_BESIDE = re.compile(r"\$PSScriptRoot[\\/]([\w.\\/-]+)")
_ENDINGS = ("", ".rb", ".js", ".mjs", ".cjs", ".json", ".ts", ".php", ".pl", "/index.js")


@lru_cache(maxsize=500)
def texts_of(program: str) -> tuple[str, ...]:
    """The texts of a program that may be paths; one that ends with "/" may be a folder whose files are read."""
    if len(program) > LONGEST:
        return ()
    found = dict.fromkeys(_literals(program))
    found |= dict.fromkeys(f"{text.rstrip('/')}/" for text in _READS_FOLDER.findall(program) if text.strip("./"))
    found |= dict.fromkeys(text.replace("\\", "/") for text in _BESIDE.findall(program))
    return tuple(found)


def _literals(program: str) -> Iterator[str]:
    run: list[str] = []
    end = -1
    for match in _QUOTED.finditer(program):
        text = _with_holes(match[3], is_format=bool(match[1]))
        between = _JOINS.fullmatch(program, end, match.start()) if run else None
        if between is None:
            run = []
        if UNKNOWN not in text or ("/" in text and _KNOWN.search(text)):
            yield text
        before = program[max(match.start() - 20, 0) : match.start()].rstrip()
        if text.startswith("/") and before.endswith(("+", ".")):
            yield text.lstrip("/")
        if between is not None:
            separator = "/" if between[1] else "" if between[0].strip() in ("+", ".") else UNKNOWN
            run = [f"{one}{separator}{text}" for one in run[-_MOST_JOINED:]]
            yield from (one.lstrip("/") for one in run if UNKNOWN not in one or ("/" in one and _KNOWN.search(one)))
        run.append(text)
        end = match.end()
        on = _GOES_ON.match(program, end)
        if on and (on[1] == "/" or _JOINING.search(program, max(end - 200, 0), match.start())):
            yield from (f"{one.strip('/')}/" for one in run if one.strip("./") and UNKNOWN not in one)


def _with_holes(text: str, *, is_format: bool) -> str:
    found = _HOLES.sub(UNKNOWN, text)
    return _BRACES.sub(UNKNOWN, found) if is_format or ("/" in found and "{" in found) else found


def imported(program: str, folder: str, others: Sequence[str]) -> Iterator[str]:
    """The paths at which the modules are that a program in `folder` imports, if they are of the repository."""
    if len(program) > LONGEST:
        return
    for start, names, plain in _IMPORTS.findall(program):
        bases = [folder, *others]
        if start.startswith("."):
            up = len(start) - len(start.lstrip(".")) - 1
            bases = [posixpath.normpath(posixpath.join(folder, *[".."] * up))]
        package = start.lstrip(".").replace(".", "/")
        words = [word.strip(" \t\n()") for word in (names or plain).split(",")]
        modules = [word.partition(" ")[0].replace(".", "/") for word in words if word]
        for base in bases:
            for module in modules:
                yield from _python_module(base, f"{package}/{module}" if start and package else module)
    for text in _REQUIRED.findall(program):
        yield from (posixpath.normpath(posixpath.join(folder, text + ending)) for ending in _ENDINGS)
    for text in _USED.findall(program):
        yield from (posixpath.normpath(f"{base}/{lib}{text.replace('::', '/')}.pm") for base in (folder, *others) for lib in ("", "lib/"))  # fmt: skip  # noqa: E501


def module_files(name: str, folders: Sequence[str]) -> list[str]:
    """Where `python -m NAME` finds it, seen from `folders`."""
    path = name.replace(".", "/")
    return [one for base in folders for one in (*_python_module(base, path), posixpath.normpath(f"{base}/{path}/__main__.py"))]  # fmt: skip  # noqa: E501


def _python_module(base: str, module: str) -> Iterator[str]:
    parts = module.strip("/").split("/")[:_MOST_PARTS]
    for number in range(1, len(parts) + 1):
        path = posixpath.normpath(posixpath.join(base, *parts[:number]))
        yield from (f"{path}.py", f"{path}/__init__.py")

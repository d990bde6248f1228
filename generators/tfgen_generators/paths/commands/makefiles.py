"""What a makefile runs: the recipes that its targets need, as shell texts. What cannot be told counts."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from tfgen_generators.paths.commands.make_values import STEM, MakeValues, Place
from tfgen_generators.shell.marks import UNKNOWN

#: In the order in which make looks for them.
MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_ASSIGNED = re.compile(r"(?:(?:export|override|private)\s+)*([A-Za-z_.][\w.-]*)\s*(:{0,3}|\?|\+|!)=\s*(.*)", re.DOTALL)
_INCLUDED = re.compile(r"[-s]?include\s+(.+)", re.DOTALL)
_RULE = re.compile(r"([^\s#:=][^:=]*?)\s*&?::?(?![:=])\s*(.*)", re.DOTALL)
_BRANCH = re.compile(r"\s*if(n?eq|n?def)\b")
_DEFINED = re.compile(r"\s*(?:(?:export|override)\s+)*define\s+([A-Za-z_.][\w.-]*)")
_COMMENT = re.compile(r"(^|\s)#.*")
#: What makes rules that are not written as such.
_MADE_RULES = re.compile(r"\$[({]eval[\s)}]")
#: Options of make that take a value: short ones, also behind others (`-sC DIR`), and long ones.
_SHORT = {"C": "folder", "f": "file", "I": "", "o": "", "W": "", "E": ""}
_LONG = {
    "directory": "folder",
    "file": "file",
    "makefile": "file",
    "include-dir": "",
    "old-file": "",
    "what-if": "",
    "eval": "",
}
#: How many targets are compared with goals as patterns.
_MOST_COMPARED = 200_000
_NUMBERED = frozenset({"-j", "-l", "--jobs", "--load-average"})


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """The rule of one target: `recipes` are (makefile, line, shell text), a shell for each line."""

    target: str
    needs: tuple[str, ...] = ()
    recipes: tuple[tuple[str, int, str], ...] = ()


class _Written(NamedTuple):
    """A rule as it is written."""

    targets: Sequence[str]
    needs: Sequence[str]
    recipe: list[tuple[Place, str]]


class Makefile(msgspec.Struct, frozen=True, kw_only=True):
    """One makefile. `shells` are texts that run while it is read; `is_open`: it makes rules that are not written."""

    rules: tuple[Rule, ...] = ()
    variables: Mapping[str, str] = {}
    included: tuple[str, ...] = ()
    shells: tuple[tuple[str, int, str], ...] = ()
    is_open: bool = False


class Goals(msgspec.Struct, frozen=True, kw_only=True):
    """What a command line asks make for: targets, and the variables that it sets; its `-C` and `-f`."""

    targets: tuple[str, ...]
    variables: Mapping[str, str]
    folder: str = ""
    file: str = ""


def read_goals(words: Sequence[str]) -> Goals:
    """The goals in the words behind `make`."""
    targets: list[str] = []
    variables: dict[str, str] = {}
    options = {"folder": "", "file": "", "": ""}
    ahead = list(words)
    while ahead:
        word = ahead.pop(0)
        name, is_set, value = word.partition("=")
        if word.startswith("-") and len(word) > 1:
            option, given = _option(word)
            if option is not None:
                value = given or (ahead.pop(0) if ahead else "")
                options[option] = posixpath.join(options[option], value) if option == "folder" else value
            elif word in _NUMBERED and ahead and ahead[0].isdigit():
                ahead.pop(0)
        elif is_set:
            variables[name.rstrip(":+?")] = value
        else:
            targets.append(word)
    return Goals(targets=tuple(targets), variables=variables, folder=options["folder"], file=options["file"])


def _option(word: str) -> tuple[str | None, str]:
    """What an option sets, and the value that stands in the same word; None for one that takes none."""
    if word.startswith("--"):
        name, _, value = word[2:].partition("=")
        return _LONG.get(name), value
    at = next((number for number, sign in enumerate(word) if sign in _SHORT), 0)
    return (_SHORT[word[at]], word[at + 1 :]) if at else (None, "")


def read_makefile(
    texts: Mapping[str, str], folder: str, environment: Mapping[str, str], given: Mapping[str, str]
) -> Makefile:
    """What can be read of a makefile that make runs in `folder`. `texts`: its own, by its path, and what it includes.

    `given` are variables of the command line, which win over its own.
    """
    lines = [((path, number), line) for path, text in texts.items() for number, line in _lines(text)]
    values = MakeValues(environment, given)
    main = next(iter(texts), "")
    values.assign("MAKEFILE_LIST", "", f"$(CURDIR)/{posixpath.relpath(main, folder)}", (main, 0))
    lines = list(_without_definitions(lines, values))
    _assign(values, [(place, _COMMENT.sub("", line)) for place, line in lines if line[:1] != "\t"])
    included: list[str] = []
    written: list[_Written] = []
    for place, line in lines:
        if line.startswith("\t"):
            if written:
                written[-1].recipe.append((place, line))
        elif match := _INCLUDED.match(line):
            included += values.filled(_COMMENT.sub("", match[1]), place).split()
        elif not _ASSIGNED.match(line.lstrip()) and (match := _RULE.match(line)):
            written.append(_rule(place, match, values))
    rules = list(_for_each_target(written, values))
    is_one_shell = any(rule.target == ".ONESHELL" for rule in rules)
    return Makefile(
        rules=tuple(map(_in_one_shell, rules) if is_one_shell else rules),
        variables=values.all(),
        included=tuple(included),
        shells=tuple(dict.fromkeys((*place, text) for place, text in values.shells)),
        is_open=any(_MADE_RULES.search(text) for text in texts.values()),
    )


def _without_definitions(lines: Sequence[tuple[Place, str]], values: MakeValues) -> Iterator[tuple[Place, str]]:
    """The lines without `define NAME ... endef`, whose texts are variables; they stay where they may become rules."""
    ahead = iter(lines)
    is_evaluated = any(_MADE_RULES.search(line) for _, line in lines)
    for place, line in ahead:
        match = _DEFINED.match(line)
        if match is None:
            yield place, line
            continue
        inside: list[str] = []
        for at, inner in ahead:
            if inner.strip() == "endef":
                break
            inside.append(inner)
            if is_evaluated:
                yield at, inner
        values.assign(match[1], "", "\n".join(text.lstrip("\t @-+") for text in inside), place)


def _assign(values: MakeValues, lines: Sequence[tuple[Place, str]]) -> None:
    """All variables; then those of one target alone, which what that needs sees, too."""
    depth = 0
    for place, line in lines:
        depth += bool(_BRANCH.match(line)) - line.strip().startswith("endif")
        if match := _ASSIGNED.match(line.lstrip()):
            values.assign(match[1], match[2], match[3].strip(), place, is_chosen=depth > 0)
    for _, line in lines:
        rule = None if _ASSIGNED.match(line) else _RULE.match(line)
        if rule and (own := _ASSIGNED.match(rule[2])):
            values.assign_for_target(own[1], own[3].strip())


def _rule(place: Place, match: re.Match[str], values: MakeValues) -> _Written:
    """A rule without its recipe, and what stands of that in its line."""
    needs, has_recipe, recipe = match[2].partition(";")
    if _ASSIGNED.match(match[2]):
        needs, has_recipe = "", ""
    needs = values.filled(_COMMENT.sub("", needs).replace("|", " "), place)
    targets = values.filled(match[1], place).split()
    return _Written(targets, needs.replace(":", " ").split(), [(place, recipe)] * bool(has_recipe))


def _for_each_target(written: Sequence[_Written], values: MakeValues) -> Iterator[Rule]:
    """A rule for each target, with its recipe; `$^` is what all rules of a target need."""
    needs: dict[str, dict[str, None]] = {}
    for rule in written:
        for target in rule.targets:
            needs.setdefault(target, {}).update(dict.fromkeys(rule.needs))
    for rule in written:
        for target in rule.targets:
            own = dict.fromkeys((*rule.needs, *needs[target]))
            recipes = [
                (*place, text)
                for place, line in rule.recipe
                for text in values.as_shell(line.lstrip("\t @-+"), target, tuple(own), place)
            ]
            yield Rule(target=target, needs=tuple(rule.needs), recipes=tuple(recipes))


def _in_one_shell(rule: Rule) -> Rule:
    whole = "\n".join(text for _, _, text in rule.recipes)
    return msgspec.structs.replace(rule, recipes=((*rule.recipes[0][:2], whole),) if rule.recipes else ())


def needed(rules: Sequence[Rule], goals: Collection[str]) -> list[Rule]:
    """The rules that goals need; all, if there is none for a goal. A pattern rule has what it is needed for."""
    stems: dict[int, dict[str, None]] = {}
    chosen = _chosen(rules, goals, stems)
    return [_with_stems(rule, stems.get(number, {})) for number, rule in enumerate(rules) if number in chosen]


def _with_stems(rule: Rule, stems: Collection[str]) -> Rule:
    """A rule with what its `%` stands for, `*` where that is not known."""
    if not any(STEM in text for *_, text in rule.recipes):
        return rule
    recipes = ((*place, text.replace(STEM, stem)) for stem in stems or ["*"] for *place, text in rule.recipes)
    return msgspec.structs.replace(rule, recipes=tuple(recipes))


def _chosen(rules: Sequence[Rule], goals: Collection[str], stems: dict[int, dict[str, None]]) -> Collection[int]:
    """The numbers of these rules; `stems` get what `%` stands for in them."""
    named: dict[str, list[int]] = {}
    for number, rule in enumerate(rules):
        named.setdefault(rule.target, []).append(number)
    patterns = [number for number, rule in enumerate(rules) if "%" in rule.target or UNKNOWN in rule.target]
    chosen: set[int] = set()
    pending, asked = [*goals, ".DEFAULT"], {*goals}
    left = _MOST_COMPARED
    while pending:
        goal = pending.pop()
        compared = range(len(rules)) if UNKNOWN in goal else patterns
        left -= len(compared)
        if left < 0:
            return range(len(rules))
        found = [*named.get(goal, ()), *(number for number in compared if _may_be(rules[number].target, goal))]
        if not found and goal in goals:
            return range(len(rules))
        for number in found:
            target = rules[number].target
            if "%" in target and goal != ".DEFAULT":
                stems.setdefault(number, {})[_stem(target, goal)] = None
        needs = dict.fromkeys(need for number in found if number not in chosen for need in rules[number].needs)
        chosen.update(found)
        pending += [need for need in needs if need not in asked]
        asked.update(needs)
    return chosen


def _stem(target: str, goal: str) -> str:
    """What `%` of a target is for a goal, `*` where that is not known."""
    if target.count("%") > 1 or UNKNOWN in target or UNKNOWN in goal or "%" in goal:
        return "*"
    before, _, after = target.partition("%")
    return goal[len(before) : len(goal) - len(after)]


def default_goal(rules: Sequence[Rule], variables: Mapping[str, str]) -> str:
    """What is made where nothing is asked for: the first target."""
    targets = (rule.target for rule in rules)
    named = (target for target in targets if "%" not in target and (target[:1] != "." or "/" in target))
    return variables.get(".DEFAULT_GOAL") or next(named, UNKNOWN)


def _may_be(target: str, goal: str) -> bool:
    """Whether a goal may mean a target; `%` and what is not known is any text."""
    if target == goal:
        return True
    if UNKNOWN in goal and ("%" in target or UNKNOWN in target):
        return True
    return bool(_any_text(target).fullmatch(goal) or (UNKNOWN in goal and _any_text(goal).fullmatch(target)))


@lru_cache(maxsize=2000)
def _any_text(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, re.split(f"[%{UNKNOWN}]+", text))), re.DOTALL)


def _lines(text: str) -> list[tuple[int, str]]:
    """Lines with those that they are continued on, by the number of the first."""
    found: list[tuple[int, str]] = []
    goes_on = False
    for number, line in enumerate(text.splitlines(), 1):
        if goes_on:
            found[-1] = (found[-1][0], f"{found[-1][1]}\n{line}")
        else:
            found.append((number, line))
        goes_on = line.endswith("\\")
    return [(number, line if line[:1] == "\t" else line.replace("\\\n", " ")) for number, line in found]

"""What make runs for a target: the recipes that real make prints (`make -n`) are those that are followed, no others."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.conftest import write_tree
from tests.e2e.tools import bare_environment, require_tool
from tfgen_generators.paths.commands.local_commands import LocalCommands
from tfgen_generators.paths.path_resolution import PathResolver
from tfgen_generators.shell.marks import ANCHOR
from tfgen_generators.trees.disk import DiskTree

#: What make is given, and the makefile. Recipes are `x WORD`; AROUND stands beside it.
EXACT = {
    "first goal": ("", ".PHONY: a b\na:\n\tx a\nb:\n\tx b\n"),
    "target": ("b", "a:\n\tx a\nb:\n\tx b\n"),
    "prerequisites": ("all", "all: a b\na: c\n\tx a\nb:\n\tx b\nc:\n\tx c\nd:\n\tx d\n"),
    "order-only": ("all", "all: | a\na:\n\tx a\nb:\n\tx b\n"),
    "several rules for one target": ("all", "all: a\nall: b\na:\n\tx a\nb:\n\tx b\nc:\n\tx c\n"),
    "several targets": ("b", "a b:\n\tx $@\nc:\n\tx c\n"),
    "recipe in the line": ("a", "a: b ; x a\nb: ; @x b\nc: ; x c\n"),
    "variable": ("a", "D := sub\na: $(D)-b\n\tx $(D)/a ${D}\nsub-b:\n\tx b\nc:\n\tx c\n"),
    "a variable that comes later": ("a", "N = $(D)/n\nD = sub\na:\n\tx $(N)\n"),
    "appended": ("a", "L = a\nL += b\na:\n\tx $(L)\n"),
    "only if not set": ("a", "L ?= a\nL ?= b\na:\n\tx $(L)\n"),
    "command line": ("a L=b", "L = a\na: $(L)\n\tx $(L)\nb:\n\tx b\nc:\n\tx c\n"),
    "default goal": ("", ".DEFAULT_GOAL := b\na:\n\tx a\nb:\n\tx b\n"),
    "options": ("-k -j 2 --no-print-directory b", "a:\n\tx a\nb:\n\tx b\n"),
    "folder": ("-C sub", "a:\n\tx a\n"),
    "options together": ("-ksC sub two", "a:\n\tx a\n"),
    "a makefile by its name": ("-fmore.mk", "a:\n\tx a\n"),
    "long options": ("--directory=sub --file Makefile --jobs=2 two", "a:\n\tx a\n"),
    "folder that a recipe names": ("a", "a:\n\t$(MAKE) --no-print-directory -C sub two\nb:\n\tx b\n"),
    "itself": ("a", "a:\n\t@$(MAKE) --no-print-directory b L=c\nb:\n\tx $(L)\nd:\n\tx d\n"),
    "included": ("more", "include more.mk\na:\n\tx a\n"),
    "variables of what is included": ("a", "-include more.mk\na:\n\tx $(MORE)\n"),
    "automatic": ("all.box", "all.box: one.json two.json\n\tx $@ $< $^\n"),
    "wildcard": ("a", "F := $(wildcard *.json)\na:\n\tx $(F)\n"),
    "folder of make": ("a", "R := $(CURDIR)\na:\n\tx $(R)/one.json\n"),
    "folder of the makefile": (
        "a",
        "R := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))\na:\n\tx $(R)one.json\n",
    ),
    "one shell": ("a", ".ONESHELL:\na:\n\tcd sub\n\tx a\n"),
    "a comment": ("a", "a: b # c\n\tx a # d\nb:\n\tx b\nc:\n\tx c\n"),
    "continued": ("a", "a: b \\\n  c\nb:\n\tx \\\n\t  b\nc:\n\tx c\nd:\n\tx d\n"),
    "pattern": ("one.box", "%.box: %.json\n\tx box\nb:\n\tx b\n"),
    "not there": ("-k nowhere", ""),
}
#: The same, where more is followed than is run.
MORE = {
    "branch": ("a", "ifeq ($(X),1)\nL = a\nelse\nL = b\nendif\na: $(L)\n\tx a\nb:\n\tx b\n"),
    "value for a target": ("a", "L = c\na: L = b\na: d\n\tx $(L)\nd:\n\tx d\n"),
    "computed": ("a", "a: $(subst x,b,x)\n\tx a\nb:\n\tx b\nc:\n\tx c\n"),
    "computed target": ("b", "T = $(subst x,b,x)\n$(T):\n\tx b\nc:\n\tx c\n"),
    "pattern of a goal": ("one.box", "%.box: %.json\n\tx $* $< $@\n"),
    "made rules": ("a", "define R\n$(1):\n\tx $(1)\nendef\n$(foreach t,a b,$(eval $(call R,$(t))))\n"),
}
MAKEFILES = {**EXACT, **MORE}
AROUND = {
    "one.json": "",
    "two.json": "",
    "sub/Makefile": "one:\n\tx one\ntwo:\n\tx two\n",
    "more.mk": "MORE = m\nmore:\n\tx more\n",
}


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[str, ...]]]:
    """What make prints for each, as words of `x`; the trees stay in their folders, numbered."""
    folder = tmp_path_factory.mktemp("make").resolve()
    for number, (arguments, text) in enumerate(MAKEFILES.values()):
        write_tree(folder / str(number), {**AROUND, "Makefile": text, "arguments": arguments})
    loop = f"for at in $(seq 0 {len(MAKEFILES) - 1}); do (cd $at; make -n $(cat arguments) >printed 2>&1); done"
    environment = bare_environment(folder)
    subprocess.run([require_tool("bash"), "-c", loop], cwd=folder, env=environment, timeout=60, check=False)
    found: dict[str, list[tuple[str, ...]]] = {"": [(str(folder),)]}
    for number, name in enumerate(MAKEFILES):
        root = folder / str(number)
        text = (root / "printed").read_text().replace("\\\n", " ").replace(f"{root}/", ANCHOR)
        found[name] = [
            tuple(line.partition(" #")[0].split()) for line in text.splitlines() if line.lstrip()[:2] == "x "
        ]
    return found


def _followed(root: Path, arguments: str) -> list[tuple[str, ...]]:
    found = LocalCommands(PathResolver(DiskTree(root))).of_texts([f"make {arguments}"], ["."])
    return [one.words for one in found if one.program == "x"]


@pytest.mark.parametrize("name", MAKEFILES)
def test_what_make_prints_is_followed(name: str, printed: dict[str, list[tuple[str, ...]]]) -> None:
    require_tool("make")
    root = Path(printed[""][0][0]) / str(list(MAKEFILES).index(name))
    arguments, _ = MAKEFILES[name]
    followed, wanted = set(_followed(root, arguments)), set(printed[name])
    if name in EXACT:
        shown = {tuple(word.replace("*.json", "one.json two.json") for word in words) for words in followed}
        assert {" ".join(words).replace(f"{ANCHOR}/", ANCHOR) for words in shown} == {
            " ".join(words) for words in wanted
        }
    else:
        assert {words[0] for words in wanted} <= {words[0] for words in followed}
        assert all(any(_may_be(one, words) for one in followed) for words in wanted), followed


def _may_be(followed: tuple[str, ...], words: tuple[str, ...]) -> bool:
    import fnmatch

    return fnmatch.fnmatch(" ".join(words), " ".join(followed).replace("\1", "*"))


def test_a_computed_goal_means_those_that_it_may_be(tmp_path: Path) -> None:
    text = "build-%:\n\tx pattern\nbuild-web:\n\tx web\nclean:\n\tx clean\n"
    write_tree(tmp_path, {"Makefile": text})
    assert _followed(tmp_path, "build-$KIND") == [("x", "pattern"), ("x", "web")]
    assert _followed(tmp_path, "$TARGET") == [("x", "pattern"), ("x", "web"), ("x", "clean")]

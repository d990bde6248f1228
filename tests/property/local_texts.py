"""Shell texts as people write them for the machine that builds, with the files that they read."""

from __future__ import annotations

from collections.abc import Callable
from random import Random


class Texts:
    """Writes texts into one repository. `add` puts a file into each of the folders that a name might be seen from."""

    def __init__(self, random: Random, bases: list[str]) -> None:
        self.random, self.bases = random, bases
        self.files: dict[str, str] = {}
        self.count = 0
        self.used: set[str] = set()

    def name(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"

    def add(self, path: str, text: str = "x\n") -> str:
        for base in self.bases:
            self.files.setdefault(f"{base}/{path}" if base != "." else path, text)
        return path

    def text(self, how_many: int = 2, depth: int = 0) -> str:
        """Lines of a shell script that `/bin/sh -e` runs, from a folder in which all files are."""
        lines = []
        for _ in range(how_many):
            names = [name for name in PIECES if depth < 2 or name not in _DEEP]
            name = self.random.choice(names)
            self.used.add(name)
            lines.append(PIECES[name](self, depth))
        return "\n".join(lines)


def _word(texts: Texts, _: int) -> str:
    path = texts.add(f"data/{texts.name('d')}.txt")
    return f"cat {path} >/dev/null"


def _cd(texts: Texts, depth: int) -> str:
    folder = texts.name("dir")
    texts.add(f"{folder}/in.txt")
    back = texts.random.choice(["cd ..", "cd - >/dev/null", 'cd "$OLDPWD"'])
    form = texts.random.choice(["cd {0}\ncat in.txt", "cd ./{0} && cat in.txt", 'cd "{0}" || exit 1\ncat in.txt'])
    return form.format(folder) + f" >/dev/null\n{back}"


def _subshell(texts: Texts, _: int) -> str:
    folder, after = texts.name("sub"), texts.name("after")
    texts.add(f"{folder}/in.txt")
    texts.add(f"{after}.txt")
    return f"(cd {folder}; cat in.txt >/dev/null)\ncat {after}.txt >/dev/null"


def _glob(texts: Texts, _: int) -> str:
    folder = texts.name("glob")
    for one in ("a", "b"):
        texts.add(f"{folder}/{one}.txt")
    form = texts.random.choice(
        [
            "for f in {0}/*.txt; do cat $f >/dev/null; done",
            'for f in {0}/*; do [ -f "$f" ] && cat "$f" >/dev/null; done',
            "cat {0}/?.txt >/dev/null",
            "cd {0}; cat *.txt >/dev/null; cd ..",
            "for f in a b; do cat {0}/$f.txt >/dev/null; done",
            "find {0} -name '*.txt' -exec cat {{}} + >/dev/null",
            "find {0} -type f | xargs cat >/dev/null",
        ]
    )
    return form.format(folder)


def _sourced(texts: Texts, depth: int) -> str:
    lib, read = texts.name("lib"), texts.name("read")
    texts.add(f"{read}/in.txt")
    inner, after = texts.random.choice(
        [
            (f"cat {read}/in.txt >/dev/null", ""),
            ("look() { cat $1/in.txt >/dev/null; }", f"look {read}"),
            (f"DIR={read}", "cat $DIR/in.txt >/dev/null"),
            (f"cd {read}", "cat in.txt >/dev/null\ncd .."),
        ]
    )
    texts.add(f"lib/{lib}.sh", inner + "\n")
    return f". {texts.random.choice(['./', ''])}lib/{lib}.sh\n{after}"


def _script(texts: Texts, depth: int) -> str:
    name = texts.name("run")
    texts.add(f"bin/{name}.sh", "#!/bin/sh\nset -e\n" + texts.text(1, depth + 1) + "\n")
    form = texts.random.choice(["./bin/{}.sh", "sh bin/{}.sh", "bash -eu bin/{}.sh one", "env A=b bin/{}.sh"])
    return form.format(name)


def _beside(texts: Texts, _: int) -> str:
    name, read = texts.name("own"), texts.name("near")
    texts.add(f"tools/{read}.txt")
    texts.add(f"{read}.txt")
    body = texts.random.choice(
        [
            f'cd "$(dirname "$0")"\ncat {read}.txt >/dev/null',
            f'here=$(cd "$(dirname "$0")" && pwd)\ncat "$here/{read}.txt" >/dev/null',
            f'cat "$(dirname "$0")/../{read}.txt" >/dev/null',
            f'cat "${{0%/*}}/{read}.txt" >/dev/null',
            f'D=$(dirname "$(realpath "$0")")\ncat $D/{read}.txt >/dev/null',
        ]
    )
    texts.add(f"tools/{name}.sh", f"#!/bin/bash\n{body}\n")
    return f"tools/{name}.sh"


def _here(texts: Texts, _: int) -> str:
    folder = texts.name("pwd")
    texts.add(f"{folder}/deep/in.txt")
    texts.add(f"{folder}/in.txt")
    return texts.random.choice(
        [
            f"D=$PWD; cd {folder}/deep; cat $D/{folder}/in.txt >/dev/null; cd $D",
            f"D=$(pwd)/{folder}; cd {folder}; cat $D/deep/in.txt ../{folder}/in.txt >/dev/null; cd ..",
            f"cd {folder}; cat $PWD/deep/in.txt >/dev/null; cd ..",
        ]
    )


def _make(texts: Texts, _: int) -> str:
    folder = texts.name("make")
    texts.add(f"{folder}/in.txt")
    texts.add(f"{folder}/Makefile", "FILE = in.txt\nall: read\nread:\n\t@cat $(FILE) >/dev/null\n")
    texts.add(f"{folder}.mk", f"go:\n\t@cd {folder} && cat in.txt >/dev/null\n")
    form = texts.random.choice(["make -s -C {0}", "cd {0} && make -s read && cd ..", "make -s -f {0}.mk go"])
    return form.format(folder)


def _copy(texts: Texts, _: int) -> str:
    folder = texts.name("copy")
    texts.add(f"{folder}/a/in.txt")
    texts.add(f"{folder}/b.txt")
    form = texts.random.choice(
        [
            'cp -r {0} "$OUT/$$"',
            'cp -a {0}/. "$OUT/"',
            "tar -cf - {0} | cat >/dev/null",
            "tar -C {0} -cf - . | cat >/dev/null",
            "(cd {0} && tar cf - .) | cat >/dev/null",
            'cp {0}/*.txt "$OUT/"',
            'install -m 644 {0}/b.txt "$OUT/"',
            "cat <{0}/b.txt >/dev/null",
            "grep -r x {0} >/dev/null",
            "sha256sum $(find {0} -type f) >/dev/null",
        ]
    )
    return form.format(folder)


def _branch(texts: Texts, _: int) -> str:
    one, two = texts.name("one"), texts.name("two")
    texts.add(f"{one}/in.txt")
    texts.add(f"{two}/in.txt")
    return texts.random.choice(
        [
            f"if [ -d {one} ]; then cd {one}; else cd {two}; fi\ncat in.txt >/dev/null\ncd ..",
            f'case "$KIND" in a) D={one} ;; *) D={two} ;; esac\ncat $D/in.txt >/dev/null',
            f"[ -f nowhere ] && cat {one}/in.txt || cat {two}/in.txt >/dev/null",
            f"D=${{DIR:-{one}}}; cat $D/in.txt >/dev/null",
            f"test -d {one} && cd {one}; cat in.txt >/dev/null; cd ..",
        ]
    )


def _inner(texts: Texts, _: int) -> str:
    folder = texts.name("in")
    texts.add(f"{folder}/in.txt")
    form = texts.random.choice(
        [
            "sh -c 'cd {0} && cat in.txt' >/dev/null",
            'bash -c "cat {0}/in.txt >/dev/null"',
            "eval cat {0}/in.txt >/dev/null",
            "sh <<'END'\ncat {0}/in.txt >/dev/null\nEND",
            "f() {{ cd $1; cat in.txt >/dev/null; cd ..; }}; f {0}",
            "echo $(cat {0}/in.txt) >/dev/null",
            "X=`cat {0}/in.txt`",
        ]
    )
    return form.format(folder)


def _python(texts: Texts, _: int) -> str:
    name, read = texts.name("gen"), texts.name("table")
    texts.add(f"tools/{read}.json", "{}\n")
    texts.add(f"{read}.json", "{}\n")
    body = texts.random.choice(
        [
            f"open('{read}.json').read()",
            f"import os\nopen(os.path.join(os.path.dirname(__file__), '{read}.json')).read()",
            f'import pathlib\n(pathlib.Path(__file__).parent / "{read}.json").read_text()',
        ]
    )
    texts.add(f"tools/{name}.py", f"#!/usr/bin/env python3\n{body}\n")
    if "__file__" in body:
        return texts.random.choice([f"python3 tools/{name}.py", f"cd tools; ./{name}.py; cd .."])
    return texts.random.choice([f"python3 tools/{name}.py", f"tools/{name}.py", f"./tools/{name}.py | cat"])


def _listed(texts: Texts, _: int) -> str:
    folder = texts.name("list")
    texts.add(f"{folder}/in.txt")
    texts.add(f"{folder}.lst", f"{folder}/in.txt\n")
    form = texts.random.choice(
        [
            'while read -r f; do cat "$f" >/dev/null; done <{0}.lst',
            'cat {0}.lst | while read -r f; do cat "$f" >/dev/null; done',
            "xargs cat <{0}.lst >/dev/null",
            "tar -cf - -T {0}.lst | cat >/dev/null",
            "for f in $(cat {0}.lst); do cat $f >/dev/null; done",
        ]
    )
    return form.format(folder)


def _search_path(texts: Texts, _: int) -> str:
    name, read = texts.name("tool"), texts.name("of")
    texts.add(f"{read}.txt")
    texts.add(f"path/{name}", f"#!/bin/sh\ncat {read}.txt >/dev/null\n")
    form = texts.random.choice(["PATH=$PWD/path:$PATH {0}", "export PATH=$PWD/path:$PATH\n{0}", "PATH=path:$PATH; {0}"])
    return form.format(name)


PIECES: dict[str, Callable[[Texts, int], str]] = {
    function.__name__.strip("_"): function
    for function in (
        *(_word, _cd, _subshell, _glob, _sourced, _script, _beside, _here, _make, _copy, _branch, _inner, _python),
        *(_listed, _search_path),
    )
}
_DEEP = frozenset({"script"})

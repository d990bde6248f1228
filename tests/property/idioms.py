"""More ways in which scripts read files. `@` is a name of the idiom's own: a folder, and the stem of files.

Each repository has `@/a.txt`, `@/b.txt`, `@.txt`, and what `MORE` names.
"""

from __future__ import annotations

import re

_NAME = re.compile(r"(?<![$\[])@")
IDIOMS: dict[str, str] = {
    "array": 'A=(a b); for x in "${A[@]}"; do cat @/$x.txt; done',
    "array-all": 'A=(@/a.txt @/b.txt); cat "${A[@]}"',
    "listing": "cat $(ls @/*.txt)",
    "listing-piped": "ls @ | while read -r f; do cat @/$f; done",
    "found-piped": "find @ -name '*.txt' | while read -r f; do cat $f; done",
    "found-here": "cd @; find . -type f -exec cat {} \\;",
    "positional": "set -- @/a.txt @/b.txt; for x; do cat $x; done",
    "argument": 'read_all() { for f in "$@"; do cat $f.txt; done; }; read_all @/a @/b',
    "argument-of-script": "bash @.sh @/a.txt",
    "sed": "sed -n 1p @/a.txt",
    "exec": "exec cat @/a.txt",
    "xargs-replaced": "echo a b | xargs -n1 -I{} sh -c 'cat @/*.txt' {}",
    "printed": "printf '%s\\n' @/a.txt @/b.txt | xargs cat",
    "trap": "trap 'cat @/a.txt' EXIT",
    "numbers": "for i in 1 2; do cat @/$i.txt; done",
    "sequence": "for i in $(seq 1 2); do cat @/$i.txt; done",
    "c-style": "for ((i=1; i<3; i++)); do cat @/$i.txt; done",
    "range": "cat @/{1..2}.txt",
    "negated": "if ! cat @/nowhere.txt; then cat @/a.txt; fi",
    "process-substitution": "cat < <(cat @/a.txt)",
    "here-string": 'cat <<<"$(cat @/a.txt)"',
    "here-document": "cat <<END\n$(cat @/a.txt)\nEND",
    "awk": "awk -f @.awk @/a.txt",
    "python-text": "python3 -c \"open('@/a.txt').read()\"",
    "python-given": "python3 - <<'END'\nopen('@/a.txt').read()\nEND",
    "perl": "perl -ne 'print' @/a.txt",
    "sourced-by-folder": '. "$(dirname "$0")/../@.lib"',
    "sourced-by-bash-source": 'source "${BASH_SOURCE[0]%/*}/../@.lib"',
    "sourced-all": "for f in @/*.lib; do . $f; done",
    "default-argument": 'D="${1:-@}"; cat "$D/a.txt"',
    "appended": "D=@; D+=/a; cat $D.txt",
    "replaced": "X=@/a.tmp; cat ${X/tmp/txt}",
    "suffix": "X=@/a.tmp; cat ${X%.*}.txt",
    "base-name": 'for f in @/*.txt; do n=$(basename "$f" .txt); cat @/$n.txt; done',
    "concatenated": 'D="@"; F=a; cat "${D}/${F}.txt" "$D"/b.txt',
    "local": "f() { local d=$1; cat $d/a.txt; }; f @",
    "exported": "export D=@; bash -c 'cat $D/a.txt'",
    "environment-of-script": "D=@ bash env.sh",
    "make-variable": "make -s -C @ FILE=a.txt read",
    "make-wildcard": "make -s -C @ all",
    "make-prerequisite": "make -s -C @ first",
    "make-included": "make -s -f @/other.mk other",
    "make-again": "make -s -C @ again",
    "tar-listed": "tar -cf - -C @ a.txt b.txt | cat",
    "tar-two": "tar cf - @/a.txt @ | cat",
    "copied-here": "cd @; cp -r . $OUT/@",
    "copied-glob": "cp @/*.txt $OUT/",
    "until": "until cat @/a.txt; do cat @/b.txt; done",
    "case-of-argument": 'case "${KIND:-a}" in a*) cat @/a.txt ;; *) cat @/b.txt ;; esac',
    "pushed": "pushd @ >/dev/null && cat a.txt; popd >/dev/null; cat @/b.txt",
    "cd-in-function": 'in_dir() { (cd "$1" && shift && "$@"); }; in_dir @ cat a.txt',
    "cd-through-variable": 'ROOT="$(cd "$(dirname "$0")/.." && pwd)"; cd "$ROOT/@"; cat a.txt',
    "command-v": "command -v cat >/dev/null && cat @/a.txt",
    "timeout": "timeout 5 cat @/a.txt",
    "background": "cat @/a.txt & wait",
    "grouped": "{ cat @/a.txt; cat @/b.txt; } | cat",
    "eval": 'C="cat @/a.txt"; eval "$C"',
    "word-of-command": 'C="cat @/a.txt"; $C',
    "tested": "[ -f @/a.txt ] && cat @/a.txt",
    "indirect": "N=FILE; FILE=@/a.txt; cat ${!N}",
    "mapped": 'mapfile -t L < @.lst; cat "${L[@]}"',
    "substituted-list": "cat $(cat @.lst)",
    "cat-list": "cat $(<@.lst)",
    "grep-of-list": "for f in $(grep -v '^#' @.lst); do cat $f; done",
    "file-descriptor": "exec 3<@/a.txt; read -r l <&3",
    "longest-suffix": 'X=@/a.txt.gz; cat "${X%%.gz}"',
    "entry-by-key": "declare -A M=([x]=a [y]=b); for k in x y; do cat @/${M[$k]}.txt; done",
    "entry": 'A=(a b); cat @/${A[0]}.txt "@/${A[1]}.txt"',
    "xargs-list": "xargs -a @.lst cat",
    "copied-to-target": "cp -t $OUT @/a.txt @/b.txt",
    "listing-changed": "ls @ | grep txt | sed 's,^,@/,' | xargs cat",
    "found-sorted": "find @ -name '*.txt' | sort | while read -r f; do cat $f; done",
    "printed-into": "printf -v F '@/%s.txt' a; cat \"$F\"",
    "read-into-array": "IFS=: read -r -a P <<<'@/a.txt:@/b.txt'; cat \"${P[@]}\"",
    "make-pattern": "make -s -f @.mk @/a.out",
    "make-function": "make -s -f @.mk",
}
_MAKEFILE = """\
FILES := $(wildcard *.txt)
all:
\t@cat $(FILES)
read:
\t@cat $(FILE)
first: a.txt
\t@cat $<
again:
\t@$(MAKE) -s -f sub.mk -C . sub
"""
MORE = {
    "@.sh": 'cat "$1"\n',
    "env.sh": "cat $D/a.txt\n",
    "@.awk": "{ print }\n",
    "@.lib": "cat @/a.txt\n",
    "@/one.lib": "cat @/b.txt\n",
    "@.lst": "@/a.txt\n@/b.txt\n",
    "@/Makefile": _MAKEFILE,
    "@.mk": "define see\ncat $(1)/a.txt\nendef\nall:\n\t$(call see,@)\n%.out: %.txt\n\tcat $<\n",
    "@/sub.mk": "sub:\n\t@cat b.txt\n",
    "@/other.mk": "include @/inner.mk\n",
    "@/inner.mk": "other:\n\t@cat @/a.txt\n",
    **{f"@/{name}.txt": "x\n" for name in ("a", "b", "1", "2")},
    "@.txt": "x\n",
}


def repository() -> dict[str, str]:
    """Every idiom as a script of one template, which is built from `packer`; each file stands in the root as well."""
    files: dict[str, str] = {}
    for name, text in IDIOMS.items():
        for base in ("", "packer/"):
            files |= {f"{base}{path}".replace("@", name): body.replace("@", name) for path, body in MORE.items()}
        files[f"packer/scripts/{name}.sh"] = f"#!/bin/bash\n{_NAME.sub(name, text)}\ntrue\n"
    return files

"""What a shell text runs, and in which folder."""

from __future__ import annotations

import pytest

from tfgen_generators.shell.marks import UNKNOWN
from tfgen_generators.shell.walk import walk

_SCRIPT = (("0", "\0/scripts/run.sh"),)


def ran(text: str) -> list[str]:
    """Each command with its folders; `?` is what only a run knows, `/` before a folder the repository's root."""
    found = walk(text, _SCRIPT)
    shown = [f"{'|'.join(one.folders)}: {' '.join(one.words)}" for one in found.ran if one.words[0] != "cd"]
    return [text.replace("\1", "?").replace("\0/", "/") for text in shown]


COMMANDS: list[tuple[str, list[str]]] = [
    ("cd a && x b", ["a: x b"]),
    ("cd a\nx\ncd ..\ny", ["a: x", ".: y"]),
    ("cd a; cd b/../c; x", ["a/c: x"]),
    ("(cd a; x); y", ["a: x", ".: y"]),
    ("cd a | x; y", [".: x", ".: y"]),
    ("{ cd a; }; x", ["a: x"]),
    ("cd a || exit 1; x", [".: exit 1", "a: x"]),
    ("pushd a; x; popd; y", [".: pushd a", "a: x", "a: popd", ".: y"]),
    ("cd -; x", ["?: x"]),
    ("cd; x", ["~: x"]),
    ("cd /opt; x", ["/opt: x"]),
    ("cd $UNKNOWN; x", ["?: x"]),
    ("if a; then cd b; else cd c; fi; x", [".: a", "b|c: x"]),
    ("if a; then cd b; fi; x", [".: a", "b|.: x"]),
    ("a && cd b; x", [".: a", "b|.: x"]),
    ("[ -d b ] && cd b; x", [".: [ b", "b|.: x"]),
    ("a && cd b || y; x", [".: a", ".: y", "b|.: x"]),
    ("a && cd b || { cd c; y; }; x", [".: a", "c: y", "b|c: x"]),
    ("a && cd b && y; x", [".: a", "b: y", "b|.: x"]),
    ("a && cd b || exit 1; x", [".: a", ".: exit 1", "b: x"]),
    ("cd a && cd b; x", ["a/b: x"]),
    ("cd a || cd b; x", ["a|b: x"]),
    ("cd a || { y; exit; }; x", [".: y", ".: exit", "a: x"]),
    ("cd a >/dev/null && x; y", ["a: x", "a: y"]),
    ("if a && cd b; then x; else y; fi; z", [".: a", "b: x", ".: y", "b|.: z"]),
    ("if ! cd a; then exit 1; fi; x", [".: exit 1", "a: x"]),
    ("x $PWD/y; cd a; z $(pwd)/y", [".: x ./y", "a: pwd", "a: z a/y"]),
    ("case $y in a) cd b ;; *) cd c ;; esac; x", [".|b|c: x"]),
    ("while a; do cd b; done; x", [".: a", ".|b: a", ".|b|b/b: x"]),
    ("for f in a b; do x $f; done", [".: x a", ".: x b"]),
    ('for f in a/*.sh; do . "$f"; done', [".: . a/*.sh"]),
    ("D=a/b; cd $D/c; x", ["a/b/c: x"]),
    ("D=${NOT_SET:-a}; cd ${D}; x", ["a: x"]),
    ("P=a/b.json; x ${P%.json} ${P%/*} ${P##*/} ${P#?}", [".: x a/b a b.json ?"]),
    ('cd "$(dirname "$0")"; ./x', [".: dirname /scripts/run.sh", "/scripts: ./x"]),
    (
        'D=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd); . $D/x',
        [*[".: dirname /scripts/run.sh"], "/scripts: pwd", ".: . /scripts/x"],
    ),
    ("R=$(git rev-parse --show-toplevel); x $R/y", [".: git rev-parse --show-toplevel", ".: x //y"]),
    ("cd a; x $PWD/b", ["a: x a/b"]),
    ("cd $CODEBUILD_SRC_DIR/a; x", ["/a: x"]),
    ("f() { cd a; x $1 $@; }\nf b c; y", ["a: x b b c", "a: y"]),
    ('f() { g=$1; shift; "$@"; }\nf a x b', [".: shift", ".: x b"]),
    ("sudo -u root env A=b timeout -k 1 5m x y", [".: x y"]),
    ("sh -c 'cd a && x'; y", [".: sh -c cd a && x", "a: x", ".: y"]),
    ("bash -euc 'x'", [".: bash -euc x", ".: x"]),
    ("eval 'x y'", [".: eval x y", ".: x y"]),
    ("x=$(y z); `w`", [".: y z", ".: w", ".: ?"]),
    ("x {a,b}/c '{a,b}'", [".: x a/c b/c {a,b}"]),
    ("x 'a b' \"c $D\" e\\ f", [".: x a b c ? e f"]),
    ("A=b x; export C=d; y $C", [".: x", ".: y d"]),
    ("x >out y", [".: x y"]),
    ("[ -f a ] && [[ -d b ]] && x", [".: [ a", ".: [ b", ".: x"]),
    ("x &\ny", [".: x", ".: y"]),
]
TEXTS = [text for text, _ in COMMANDS]


@pytest.mark.parametrize(("text", "wanted"), COMMANDS)
def test_commands_and_their_folders(text: str, wanted: list[str]) -> None:
    assert ran(text) == wanted
    assert walk(text, _SCRIPT).is_whole


def test_what_is_redirected_in_is_read() -> None:
    (found,) = walk("cd a; x <b/c >d").ran[1:]
    assert found.reads == ("b/c",)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('bash -c "$(cat a/x.sh)"', [("bash", "a/x.sh")]),
        ('sh -c "$(<a/x.sh)"', [("bash", "a/x.sh")]),
        ('eval "$(cat a/x.sh)"', [(".", "a/x.sh")]),
        ("eval `cat a/x.sh`", [(".", "a/x.sh")]),
        ("source <(cat a/x.sh)", [(".", "a/x.sh")]),
        (". <(sed s/b/c/ a/x.sh)", [(".", "s/b/c/"), (".", "a/x.sh")]),
        ("bash <(cat a/x.sh)", [("bash", "a/x.sh")]),
        ('bash <<< "$(cat a/x.sh)"', [("bash", "a/x.sh")]),
        ('T=$(cat a/x.sh); eval "$T"', [(".", "a/x.sh")]),
        ('T=$(cat a/x.sh)\nU=$T\nbash -c "$U"', [("bash", "a/x.sh")]),
        ('ssh host "$(cat a/x.sh)"', []),
        ('eval "$(curl https://example.com)"', []),
    ],
)
def test_a_script_that_is_run_by_its_text(text: str, wanted: list[tuple[str, ...]]) -> None:
    assert [one.words for one in walk(text).ran if one.words[0] in (".", "bash") and "/" in one.words[-1]] == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("cd a && x <c", ("a", ("x",), ("c",), ())),
        ("cd a && x >c", ("a", ("x",), (), ("c",))),
        ("cd a && x b | y >d", ("a", ("y",), (), ("d",))),
        ("cd a && sh <<E\nx b\nE", ("a", ("x", "b"), (), ())),
        ("{ cd a; x; } <c", (".", (":",), ("c",), ())),
    ],
)
def test_what_is_redirected_at_the_end_of_a_list_is_its_last_commands(text: str, wanted: tuple[object, ...]) -> None:
    found = [("|".join(one.folders), one.words, one.reads, one.writes) for one in walk(text).ran]
    assert wanted in found


def test_what_is_no_shell_is_split_into_words() -> None:
    found = walk("if x a/b\n# no c/d\ny 'e/f'")
    assert not found.is_whole
    assert {word for one in found.ran for word in one.words} >= {"a/b", "e/f"}
    assert not any("c/d" in one.words for one in found.ran)


def test_the_state_at_the_end_is_what_the_next_text_begins_with() -> None:
    found = walk("cd a; X=b")
    assert (found.folders, dict(found.variables)["X"]) == (("a",), "b")


def test_what_has_no_end_is_cut() -> None:
    found = walk("f() { f; f; }; f\n" + "for a in 1 2 3 4 5 6 7 8 9; do " * 12 + "x a/b" + "; done" * 12)
    assert not found.is_whole
    assert len(found.ran) < 5_000


@pytest.mark.parametrize(
    "text",
    [
        'a=\'eval "$a; $a"\'\neval "$a"',
        "".join(f"sh <<E{number}\n" for number in range(200))
        + "".join(f"E{number}\n" for number in range(199, -1, -1)),
        "a=(x y)\n" + "a=(${a[@]} ${a[@]})\n" * 40 + "cat ${a[@]}",
        "cat $(find " + "a " * 900 + "-name b " * 900 + ")",
    ],
)
def test_what_names_itself_has_an_end(text: str) -> None:
    assert sum(len(one.words) for one in walk(text).ran) < 50_000


def test_what_a_pipe_gives_is_for_its_reader_alone() -> None:
    found = walk("while read a; do x $a; done < <(find b -name c)\nread d\ny $d\ny $a")
    assert [one.words for one in found.ran if one.words[0] in "xy"] == [("x", "b/**/c"), ("y", UNKNOWN), ("y", UNKNOWN)]

"""Shell texts: pipelines, words that may be paths, and what is no shell at all."""

from __future__ import annotations

import itertools
import time

import pytest

from tests import depth
from tfgen_generators.shell.commands import read_pipelines
from tfgen_generators.shell.variables import assigned_in, packer_variables
from tfgen_generators.shell.walk import walk


def _written(text: str) -> str:
    """The pipelines of a text, each with the operators around it; conditions with a `?`."""
    return "  ".join(
        f"{one.before} {' | '.join(' '.join(part.words) for part in one.commands)}{'?' * one.condition} {one.after}"
        for one in read_pipelines(text).found
    ).strip()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a b\nc", "a b ;  ; c ;"),
        ("a | b |& c && d || e &", "a | b | c &&  && d ||  || e &"),
        ("a |\n b | # c\n c", "a | b | c ;"),
        ("a \\\n  b", "a b ;"),
        ("A=1 b 'c d' \"e$f\" g\\ h $'i'", "A=1 b c d e$f g h i ;"),
        ("a 2>&1 >b c <d | e", "a c | e ;"),
        (">b a c", "a c ;"),
        ("a <<E b\nc | d\nE\ne", "a b ;  ; e ;"),
        ("a <<E | b && c\nd | e\nE\nf", "a | b &&  && c ;  ; f ;"),
        ("a <<'E F' || b\nc | d\nE F\ne", "a ||  || b ;  ; e ;"),
        ("if a; then b; elif c | d\nthen e; else f; fi", "a? ;  ; b ;  ; c | d? ;  ; e ;  ; f ;"),
        ("while a; do b; done | c", "a? ;  ; b ;  ; c ;"),
        ("! a | b; c", "a | b? ;  ; c ;"),
        ("{ a; b; } || c", "a ;  ; b }  || c ;"),
        ("(a && b\n)\nc", "( a &&  && b )  ) c ;"),
        ("f() { a; b; }\nf", "function ;  ; a ;  ; b }  ; f ;"),
        ("case $x in a|b) c | d ;; 'e f'|*) g ;; esac", "case ;  ; c | d ;  ; g ;"),
        ("for x in a b; do c; done", "for ;  ; c ;"),
        ("for ((i = 0; i < 3 || j; i++)); do c; done", "for ;  ; i = 0 ;  ; c ;"),
        ('x=$(a | b) y=`a | b`; c <(a | b) "$(d | e)"', "x=$(a | b) y=`a | b` ;  ; c <(a | b) $(d | e) ;"),
        ("x=([/]=1 b)", "x=([/]=1 b) ;"),
        ("((x++)) || a", "(( x++ )) ||  || a ;"),
        ("[ -f a ] && [[ $b =~ ^(c|d)e ]] && f", "[ -f a ] &&  && [[ $b =~ ^(c|d)e ]] &&  && f ;"),
        ("export A=b && unset C", "export A=b &&  && unset C ;"),
        ("time { a; b; }\nc", "time { a ;  ; b }  ; c ;"),
    ],
)
def test_a_text_is_pipelines(text: str, wanted: str) -> None:
    assert _written(text) == wanted
    assert read_pipelines(text).is_whole


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a\nb | c\n)\nd", "a ;"),
        ("a && b\n{{ .Vars }} c", ""),
        ("{{ .Vars }} sudo sh {{ .Path }}", ""),
        ("a\nexec 3<>b\nc", "a ;"),  # not in the grammar
        ("a\ncat <<E &\nb | c\nE\n", "a ;"),  # nor this
        ("a; b 'c", "a ;"),
        ("a\nif b; then c", ""),
        ("a; for b in c; do d; exec 3<>e; f; done", "a ;  ; for ;  ; d ;"),
        ("a\n)\nf() { b; }\n", ""),
        ("if ($x) { a | b }", ""),
        ("a; ((<<E\n", "a ;"),
    ],
)
def test_only_what_stands_before_something_that_is_no_shell_is_known(text: str, wanted: str) -> None:
    assert _written(text) == wanted
    assert not read_pipelines(text).is_whole


@pytest.mark.parametrize(
    "text",
    [
        *("A=b", "a; A=b c", "export A=b", "export 'A=b c'", "env A=b c", "(A=b)", "A+=b", "A=(b)", "((A=1))"),
        *("read -r A", "for A in b; do c; done", ": ${A:=b}", 'echo "${A=b}"', "sh -c 'x; A=b'", "{{ .Vars }} A=b"),
        *("mapfile -t A < b", "while read A; do b; done", "cat <<E\nA=b\nE", 'echo "A=b c" >> x'),
    ],
)
def test_what_is_assigned(text: str) -> None:
    assert "A" in assigned_in(text)


@pytest.mark.parametrize("text", ["a", "echo $A", "a -A=b", "aA=b", "a # A=b", "[ A = b ]"])
def test_what_is_not(text: str) -> None:
    assert "A" not in assigned_in(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("packer build -var x=b -var 'y=c d' -var=z=e -var-file=f g", [("x", "b"), ("y", "c d"), ("z", "e")]),
        ('packer build -var "x=$B" -var y=`c`', [("x", "$B"), ("y", "$")]),
        ("options+=(-var x=b)", [("x", "b")]),
        ("options='-var x=b'", [("x", "$")]),
        ("sh -c 'packer build -var x=b'", [("x", "$")]),
        ("{{ .Vars }} packer build -var 'x=b c'", [("x", "$")]),
    ],
)
def test_variables_for_packer(text: str, wanted: list[tuple[str, str]]) -> None:
    assert packer_variables(text) == wanted


def test_names_that_are_no_utf8_stay_what_they_are() -> None:
    assert walk("a b/\udcff.sh").ran[0].words == (":", "a", "b/\udcff.sh")
    assert walk("a b\0c").ran[0].words == ("a", "b", "c")


#: How long a hostile text is.
_MANY = depth.amount(2_500, 20_000)
HOSTILE = {
    "nested": [*(opened * _MANY + "a" + closed * _MANY for opened, closed in ("()", ("$(", ")"), ('"$(', ')"')))],
    "open": [opened * _MANY for opened in ("(", "{ ", "${x:-", "if a; then ", "case x in ", "a=(", "f() ", "[[ ", "`")],
    "closed": [closed * _MANY for closed in (")", "}", ";;", ">&", "<", "'", '"', "\\", "\0", "\xff", "esac ", "|")],
    "pipes": ["a | " * 1999 + end for end in ("b", ")", "(")] + [("a | " * 20 + "b && ") * 5000 + "("],
    "here-documents": ["<<E\n" * 2000, "cat " + "<<E " * 2000, "cat <<" + "E" * 5000 + "\na", "cat <<E\n$(" * 2000],
    "no shell": [
        'if ($x -eq 1) { Write-Host "a $($b.c)" } else { $y = @{a=1; b=2} }\n' * (_MANY // 7),
        "${var.x} ${jsonencode({a = [1, 2]})}\n" * (_MANY // 7),
        "{{ .Vars }} sudo -S bash {{ .Path }}\n" * (_MANY // 7),
        bytes(range(256)).decode("latin-1") * 400,
        "a \udcff | '\udcff' \"\ud800\n" * (_MANY // 7),
    ],
    "long": [
        "a" * (_MANY * 50),
        "a " * (_MANY * 10),
        "# a\n" * (_MANY * 10),
        "a$b" * (_MANY * 5),
        "'a'\"b\"" * (_MANY * 2),
    ],
    "many": ["a\n" * (_MANY * 10)],
}


@depth.deep
@pytest.mark.parametrize(
    "text", [pytest.param(text, id=f"{name} {at}") for name, texts in HOSTILE.items() for at, text in enumerate(texts)]
)
def test_any_text_is_read_to_its_end_in_time(text: str) -> None:
    begun = time.process_time()
    read_pipelines(text)
    assert all(isinstance(word, str) for ran in walk(text).ran for word in ran.words)
    assert all(map(str.isidentifier, assigned_in(text)))
    assert packer_variables(text) == []
    assert time.process_time() - begun < 60  # what takes the square of the time takes more


def test_tokens_in_any_order_are_read() -> None:
    tokens = ["|", "&&", "(", ")", "$(", "`", '"', "'", "<<E\n", "E\n", "case x in", "esac", "a", "\n", "{", "}", "<("]
    for one in itertools.product(tokens, repeat=3):
        text = " ".join(one)
        assert len(read_pipelines(text).found) <= 3
        assert sum(len(ran.words) for ran in walk(text).ran) <= 16

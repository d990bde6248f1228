"""What a text with Jinja may become: by examples, and held against what Jinja renders."""

from __future__ import annotations

import posixpath
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment, StrictUndefined, TemplateError

from tfgen_generators.ansible.reading.files import read_facts
from tfgen_generators.ansible.reading.nodes import Bindings, Map, Scalar
from tfgen_generators.ansible.reading.possible_texts import list_items, possible_texts, read_lookup, term_texts

_UNKNOWN = ("*",)


def _item(**pairs: str) -> Map:
    found = Map(1)
    found.pairs = {key: Scalar(text, 1) for key, text in pairs.items()}
    return found


_ITEMS: Bindings = {"item": [_item(src="a.j2", kind="x"), _item(kind="y")], "name": [Scalar("n", 1)], "file": None}


def _texts(text: str, bindings: Bindings = _ITEMS) -> tuple[str, ...]:
    """With marks that can be read: `*` for what only a run knows, ROLE and PLAY for the folders."""
    found = possible_texts(text, bindings)
    return tuple(one.replace("\0", "*").replace("\1", "ROLE").replace("\2", "PLAY") for one in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.conf", ("a.conf",)),
        ("{{ x }}.conf", ("*.conf",)),
        ("{{ x.y }}/{{ z }}", ("*/*",)),
        ("{{ 'a' ~ '.conf' }}", ("a.conf",)),
        ("{{ 'a' ~ 1 ~ x ~ '.conf' }}", ("a1*.conf",)),
        ("{{ 'a' + '.conf' }}", ("a.conf",)),
        ("{{ 'a' 'b' }}", ("ab",)),
        ("{{ 1 + 2 }}", _UNKNOWN),
        ("{{ x + 2 }}", _UNKNOWN),
        ("{{ '1' + x }}", ("1*",)),
        ("{{ 'a' if x else 'b' }}.conf", ("a.conf", "b.conf")),
        ("{{ 'a' if x else y }}.conf", ("a.conf", "*.conf")),
        ("{{ ('a' if x else 'b') ~ '.conf' }}", ("a.conf", "b.conf")),
        ("{{ x or 'a' }}", ("*", "a")),
        ("{{ x | default('a') }}", _UNKNOWN),
        ("{{ item.src | default('b') }}", ("a.j2", "b")),
        ("{{ item.src | default(item.kind) }}", ("a.j2", "x", "y")),
        ("{{ item['src'] }}", ("a.j2",)),
        ("{{ '' | default('a', true) }}", ("a",)),
        ("{{ item.kind }}.{{ name }}", ("x.n", "y.n")),
        ("{{ 'd/a.conf' | basename }}", ("a.conf",)),
        ("{{ (x ~ '/a.conf') | basename }}", ("a.conf",)),
        ("{{ x | basename }}", _UNKNOWN),
        ("{{ 'd/a.conf' | dirname }}/b", ("d/b",)),
        ("{{ role_path | dirname }}/b", ("ROLE/../b",)),
        ("{{ ('a' ~ role_path) | dirname }}/b", ("*/b",)),
        ("{{ ('a/' ~ role_path) | dirname }}/b", ("*/b",)),
        ("{{ 'a.conf' | ansible.builtin.basename }}", ("a.conf",)),
        ("{{ ['a', 'b'] | join('/') }}", ("a/b",)),
        ("{{ ['a', x] | join('-') }}.conf", ("a-*.conf",)),
        ("{{ [role_path, 'files', 'a'] | path_join }}", ("ROLE/files/a",)),
        ("{{ ['a', role_path, 'b'] | path_join }}", ("ROLE/b",)),
        ("{{ ['', 'a', 'b/', 'c', ''] | path_join }}", ("a/b/c/",)),
        ("{{ ['a', '/b', x] | path_join }}", ("/b/*",)),
        ("{{ ['a', 'b'] | first }}", ("a",)),
        ("{{ ['a', 'b'] | last }}", ("b",)),
        ("{{ x | ternary('a', 'b') }}", ("a", "b")),
        ("{{ (x == 1) | ternary('a', y) }}.c", ("a.c", "*.c")),
        ("{{ 'a b' | replace(' ', '-') }}", ("a-b",)),
        ("{{ 'A' | lower }}{{ 'b' | upper }}{{ ' c ' | trim }}", ("aBc",)),
        ("{{ '%s-%s.conf' | format('a', x) }}", ("a-*.conf",)),
        ("{{ 'a-%s.conf' % x }}", ("a-*.conf",)),
        ("{{ {'Debian': 'a', 'RedHat': 'b'}[os] }}", ("a", "b")),
        ("{{ {'Debian': 'a', 'RedHat': 'b'}['RedHat'] }}", ("b",)),
        ("{{ 'pre-' ~ x.split('/')[0] ~ '.conf' }}", ("pre-*.conf",)),
        ("{{ 'pre-' ~ (x | no_such_filter) ~ '.conf' }}", ("pre-*.conf",)),
        ("{{ x is no_such_test }}", _UNKNOWN),
        ("{{ playbook_dir }}/{{ role_path }}", ("PLAY/ROLE",)),
        ("{{ '{{ x }}' }}.conf", ("*.conf",)),
        ("{% if x %}a{% else %}b{% endif %}.j2", ("a.j2", "b.j2")),
        ("{% if x %}a{% elif y %}b{% endif %}.j2", ("a.j2", "b.j2", ".j2")),
        ("{% if x %}a{% endif %}{{ y }}.j2", ("a*.j2", "*.j2")),
        ("{% set a = 'b' %}{{ a }}.j2", ("b.j2",)),
        ("{% set a = 'b' %}{% if x %}{% set a = 'c' %}{% endif %}{{ a }}", ("c", "b")),
        ("{% if x %}{% set a = 'c' %}{% endif %}{{ a }}.j2", ("c.j2", "*.j2")),
        ("{% set a %}b{% endset %}{{ a }}.j2", ("b.j2",)),
        ("{% set a, b = x %}{{ a }}.j2", ("*.j2",)),
        ("{% for a in ['b', 'c'] %}{{ a }}/{% endfor %}d", ("b/c/d",)),
        ("{% for a in x %}{{ a }}{% endfor %}.j2", ("*.j2",)),
        ("{% for a in ['b', 'c'] %}{{ a }}{% break %}{% endfor %}", _UNKNOWN),
        ("{% raw %}{{ x }}{% endraw %}.j2", ("{{ x }}.j2",)),
        ("{# {{ x #}a.j2", ("a.j2",)),
        ("{% macro m() %}b{% endmacro %}a.j2", ("a.j2",)),
        ("{{ a b }}.conf", ("*.conf",)),
        ("{% if x %}a.conf", ("*a.conf",)),
        ("a.conf{{ x", _UNKNOWN),
        ("{{ 'x }}.conf", _UNKNOWN),
        ("{{ file }}", ()),
        ("{{ lookup('first_found', x) }}", ()),
        ("{{ lookup('file', 'x') }}.conf", ("*.conf",)),
        ("{{ " + "9" * 5000 + " }}.conf", ("*.conf",)),
        ("{{ " + "(" * 3000 + ")" * 3000 + " }}.conf", ("*.conf",)),
        ("{{ " + "[" * 300 + "]" * 300 + " }}.conf", ("*.conf",)),
        ("{{ 'a' " + "+ 'a' " * 3000 + "}}", _UNKNOWN),
        ("{{ " + "x" * 70_000 + ".y[0] }}.conf", _UNKNOWN),
        ("{{ '\\x01' }}a", ("a",)),
        ("\0\1{{ x }}\3", ("*",)),
    ],
)
def test_what_a_text_may_become(text: str, expected: tuple[str, ...]) -> None:
    assert _texts(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in [1,2,3,4,5,6,7,8,9] %}" * 12 + "{{ 'a' if x else 'b' }}" + "{% endfor %}" * 12,
        ("{% for a in ['" + "a" * 900 + "'] %}{% set b = a ~ a ~ a ~ a %}{% set c = b ~ b ~ b ~ b %}") * 9
        + "{{ c | replace('a', c) }}" + "{% endfor %}" * 9,
        "{% if x %}a{% endif %}" * 500,
        "{{ x | replace('', 'a') }}" + "{{ 'a' | replace('a', 'aaaaaaaaaaaaaaaaaaaaaaaaa')" * 40,
        "{{ '" + "{{ " * 2000 + "x" + " }}" * 2000 + "' }}",
    ],
)  # fmt: skip
def test_what_takes_too_long_is_unknown(text: str) -> None:
    assert _texts(text) == _UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in x %}{{ role_path }}/b{% endfor %}",
        "{% if x %}a{% endif %}" * 20 + " {{ role_path }}/b",
        "{% if x %}{{ role_path }}/b",
        "sh {{ role_path }}/b {% for a in x %}{% if a %}c{% endif %}{% endfor %}",
    ],
)
def test_words_are_found_whatever_the_statements_do(text: str) -> None:
    facts = read_facts("tasks", f"- shell: '{text}'\n".encode())
    assert {name for ref in facts.references for name in ref.names} & {"\1/b", "\1/b\0"}
    facts = read_facts("template", text.encode())
    assert {name for ref in facts.references for name in ref.names} & {"\1/b", "\1/b\0"}


def test_items_of_a_literal_list() -> None:
    assert list_items("['a', 'b' ~ 'c'] + ['d' if x else 'e']") == ("a", "bc", "d", "e")
    assert list_items("['a'] + x") is None
    assert list_items("['a', x]") is None
    assert list_items("x") is None
    assert list_items("a b") is None
    assert term_texts("['a', x]") == ("a", "\0")
    assert term_texts("a b") == ("\0",)


def test_calls_of_lookups() -> None:
    call = read_lookup("lookup('ansible.builtin.file', 'a' ~ name, ['b', 'c'], errors='ignore')", _ITEMS)
    assert call is not None
    assert (call.plugin, call.terms, list(call.keywords)) == ("ansible.builtin.file", ("an", "b", "c"), ["errors"])
    assert read_lookup("lookup(x, 'a')", {}) is None
    assert read_lookup("lookup('file'", {}) is None
    assert read_lookup("lookup", {}) is None


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{% set a = 'b.j2' %}{% include a %}", [("include: a", 1, ("b.j2",))]),
        ("{% for a in ['b.j2', 'c.j2'] %}\n{% include a %}{% endfor %}", [("include: a", 2, ("b.j2", "c.j2"))]),
        ("{% if x %}{% set a = 'b' %}{% endif %}{% extends a %}", [("extends: a", 1, ("b", "\0"))]),
        ("{# {% include 'a' %} #}\n{%- import 'b' as c %}", [("import: 'b'", 2, ("b",))]),
        ("{% raw %}{% include 'a' %}{% endraw %}", []),
        ("{% macro m(a) %}{% include a %}{% endmacro %}{% set a = 'b' %}", [("include: a", 1, ("\0",))]),
        ("{% block b %}{% include 'a' %}{% endblock %}", [("include: 'a'", 1, ("a",))]),
        ("{% for a in x %}{% for b in y %}{% include 'a' ~ b %}", [("include: 'a' ~ b", 1, ("a\0",))]),
        ("{% no_such_tag %}{% include 'a' without context %}", [("include: 'a'", 1, ("a",))]),
        ("{{ a b }}{% from 'a' import b as c, d with context %}", [("from: 'a'", 1, ("a",))]),
        ("{% include ['a', 'b'] ignore missing %}", [("include: ['a', 'b']", 1, ("a", "b"))]),
        ("{% include 'a %}' %}", [("include: 'a %}'", 1, ("a %}",))]),
        ("{{ lookup('file', 'a)' ~ \"b\") }}", [("lookup('file', 'a)' ~ \"b\")", 1, ("a)b",))]),
        ("{{ lookup('template', '{{ x }}.j2') }}", [("lookup('template', '{{ x }}.j2')", 1, ("\0.j2",))]),
    ],
)  # fmt: skip
def test_what_a_template_names(template: str, expected: list[tuple[str, int, tuple[str, ...]]]) -> None:
    facts = read_facts("template", template.encode())
    assert [(ref.label, ref.line, ref.names) for ref in facts.references] == expected


# Jinja itself as the judge

_VALUES = {"x": "some/where", "y": "", "role_path": "/roles/web", "playbook_dir": "/plays"}
_ENVIRONMENT = Environment(
    autoescape=False,
    trim_blocks=True,
    undefined=StrictUndefined,
    extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
)


def _path_join(parts: list[str]) -> str:
    if "" in parts:
        raise ValueError("no folder: what a variable may be is taken to be one")
    return posixpath.join(*parts)


_ENVIRONMENT.filters |= {
    "basename": posixpath.basename,
    "dirname": posixpath.dirname,
    "ternary": lambda value, yes, no: yes if value else no,
    "path_join": _path_join,
}
_TERM = st.sampled_from(
    ["x", "y", "'a'", "'b/c.j2'", "''", "'%s-d'", "7", "role_path", "playbook_dir", "item.src", "item.kind", "v", "w"]
)


def _expressions(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    lists = st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"[{', '.join(parts)}]")
    filters = st.sampled_from(
        ["basename", "dirname", "default('e')", "default(x, true)", "upper", "lower", "trim", "string",
         "replace('a', x)", "replace('b/', 'z')", "ternary('t', v)", "format('f')", "length"]
    )  # fmt: skip
    list_filters = st.sampled_from(["join", "join('/')", "join(v)", "path_join", "first", "last", "length"])
    return st.one_of(
        st.tuples(inner, inner).map(lambda two: f"({two[0]} ~ {two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]} + {two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]} or {two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]} and {two[1]})"),
        st.tuples(inner, inner, inner).map(lambda three: f"({three[0]} if {three[1]} else {three[2]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]} == {two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"{{'a': {two[0]}, '7': {two[1]}}}['a']"),
        st.tuples(inner, inner).map(lambda two: f"{{'some/where': {two[0]}, 'b': {two[1]}}}[x]"),
        st.tuples(inner, filters).map(lambda two: f"({two[0]} | {two[1]})"),
        st.tuples(lists, list_filters).map(lambda two: f"({two[0]} | {two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]} % {two[1]})"),
    )


_EXPRESSION = st.recursive(_TERM, _expressions, max_leaves=6)


def _statements(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(_EXPRESSION, inner, inner).map(lambda p: f"{{% if {p[0]} %}}{p[1]}{{% else %}}{p[2]}{{% endif %}}"),
        st.tuples(_EXPRESSION, inner).map(lambda p: f"{{% if {p[0]} %}}{p[1]}{{% endif %}}"),
        st.tuples(_EXPRESSION, _EXPRESSION, inner).map(
            lambda p: f"{{% for v in [{p[0]}, {p[1]}] %}}{p[2]}{{% endfor %}}"
        ),
        st.tuples(_EXPRESSION, _EXPRESSION, inner).map(
            lambda p: f"{{% for v in ['a', {p[0]}] if {p[1]} %}}{p[2]}{{% endfor %}}"
        ),
        st.tuples(_EXPRESSION, inner).map(lambda p: f"{{% set w = {p[0]} %}}{p[1]}"),
        st.tuples(inner, inner).map(lambda p: f"{{% set w %}}{p[0]}{{% endset %}}{p[1]}"),
        inner.map(lambda text: f"{{% for v in x %}}{text}{{% endfor %}}"),
    )


_OUTPUT = st.one_of(_EXPRESSION.map(lambda text: f"{{{{ {text} }}}}"), st.sampled_from(["a", "/", ".j2", " b "]))
_TEMPLATE = st.recursive(_OUTPUT, _statements, max_leaves=6)


def _pattern(text: str) -> str:
    for mark, path in (("\1/../..", "/"), ("\1/..", "/roles"), ("\1", "/roles/web"), ("\2/..", "/"), ("\2", "/plays")):
        text = text.replace(mark, path)
    return r"\s*" + ".*".join(map(re.escape, text.strip().split("\0"))) + r"\s*"


@settings(max_examples=200, deadline=None)
@given(_TEMPLATE)
def test_what_jinja_renders_is_among_what_may_be(text: str) -> None:
    possible = possible_texts(text, _ITEMS)
    patterns = [re.compile(_pattern(one), re.DOTALL) for one in possible]
    for item in ({"src": "a.j2", "kind": "x"}, {"kind": "y"}):
        values: dict[str, Any] = {**_VALUES, "item": item, "name": "n"}
        try:
            rendered = _ENVIRONMENT.from_string(text).render(values)
        except (TemplateError, TypeError, ValueError, AttributeError, ArithmeticError):
            continue  # a variable that is not set, `%` of a number: Ansible fails as well
        assert any(pattern.fullmatch(rendered) for pattern in patterns), (rendered, possible)

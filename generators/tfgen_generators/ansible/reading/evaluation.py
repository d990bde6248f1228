"""Jinja's syntax trees to the texts that they may become.

Only what the text itself says counts, and the items of a literal loop. No other variable is looked up, since extra
variables and inventories can set any.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jinja2 import nodes

from tfgen_generators.ansible.reading.jinja import parse_expression, parse_template, split_template
from tfgen_generators.ansible.reading.model import DYNAMIC, FOLDERS, FOUND, MISSING
from tfgen_generators.ansible.reading.nodes import Bindings, Node, Scalar, node_at
from tfgen_generators.ansible.reading.values import (
    UNKNOWN,
    Values,
    apply_filter,
    apply_list_filter,
    format_values,
    join,
    may_be_number,
    merged,
    union,
    without_marks,
)

_LOOKUPS = ("lookup", "query", "q")
_FINDERS = ("first_found", "fileglob", "filetree")
_MOST_STEPS = 5000
_DEEPEST = 40
#: Statements that name other templates.
NAMING = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
Scope = dict[str, Values | list[Values]]


class TooMuchError(Exception):
    """The text takes too many steps, or is nested too deeply."""


TOO_MUCH = (TooMuchError, RecursionError)


class Evaluator:
    """Evaluates one text. Its methods raise TOO_MUCH."""

    def __init__(self, bindings: Bindings) -> None:
        self._bindings = bindings
        self._steps = self._depth = 0
        #: Variables that the text sets: their texts, or the items of a list.
        self._scope: Scope = {}
        #: Which templates statements name, by the identity of their nodes.
        self.named: dict[int, Values] = {}

    def text(self, text: str) -> Values:
        """All that a text with Jinja may become; () when a lookup in it gives the file."""
        text = without_marks(text)
        tree = parse_template(text)
        values = self.parts(text) if tree is None else self.output(tree.body)
        return tuple(dict.fromkeys(value.strip() for value in values if value != FOUND and MISSING not in value))

    def parts(self, text: str, statement: Values = UNKNOWN) -> Values:
        """All that a text may become part by part: for one that cannot be parsed, or whose statements do not count."""
        segments = split_template(text)
        if segments is None:
            return UNKNOWN
        found: list[Values] = []
        for kind, source in segments:
            values = self.texts(parse_expression(source)) if kind == "expression" else statement
            found.append((source,) if kind == "text" else values)
        return join(found)

    def _nested(self, text: str, bindings: Bindings) -> Values:
        """All that a text of its own may become, in which no variable of this one is set."""
        if "{{" not in text and "{%" not in text:
            return (without_marks(text),)
        before = self._bindings, self._scope
        self._bindings, self._scope = bindings, {}
        self._enter()
        found = self.text(text)
        self._depth -= 1
        self._bindings, self._scope = before
        return found

    def term(self, node: nodes.Expr) -> Values:
        """All that a lookup's term may become; of a list, its items."""
        items = self.items(node)
        values = self.texts(node) if items is None else union(*items)
        return tuple(text for text in values if text not in (FOUND, MISSING))

    def texts(self, node: nodes.Node | None) -> Values:
        """All that an expression may become as a text."""
        evaluate = _EXPRESSIONS.get(type(node))
        if evaluate is None:
            return UNKNOWN
        self._enter()
        found = evaluate(self, node)
        self._depth -= 1
        return found

    def _enter(self) -> None:
        self._steps += 1
        self._depth += 1
        if self._steps > _MOST_STEPS or self._depth > _DEEPEST:
            raise TooMuchError

    def items(self, node: nodes.Node) -> list[Values] | None:
        """The items of a list, each with all that it may become; None when they are not known."""
        found = self._scope.get(node.name) if isinstance(node, nodes.Name) else None
        if isinstance(node, nodes.List | nodes.Tuple):
            found = [self.texts(item) for item in node.items]
        elif isinstance(node, nodes.Add) and (left := self.items(node.left)) is not None:
            right = self.items(node.right)
            found = None if right is None else left + right
        return found if isinstance(found, list) else None

    # expressions

    def _const(self, node: nodes.Const) -> Values:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return UNKNOWN
        return self._nested(str(value), self._bindings)  # Ansible evaluates the terms of lookups once more

    def _name(self, node: nodes.Name) -> Values:
        if node.name in self._scope:
            found = self._scope[node.name]
            return UNKNOWN if isinstance(found, list) else found
        return (FOLDERS[node.name],) if node.name in FOLDERS else self._bound(node.name, [])

    def _bound(self, name: str, keys: list[str]) -> Values:
        """What a loop variable has at the keys."""
        if name not in self._bindings or name in self._scope:
            return UNKNOWN
        items = self._bindings[name]
        return (FOUND,) if items is None else union(*(self._item_texts(item, keys) for item in items))

    def _item_texts(self, item: Node, keys: Sequence[str]) -> Values:
        node = node_at(item, keys)
        if isinstance(node, Scalar):
            return self._nested(node.text, {})
        return (MISSING,) if node is None else UNKNOWN

    def _item(self, node: nodes.Getattr | nodes.Getitem) -> Values:
        if isinstance(node, nodes.Getitem) and isinstance(node.node, nodes.Dict):
            return self._item_of_literal(node.node, node.arg)
        keys: list[str] = []
        inner: nodes.Node = node
        while isinstance(inner, nodes.Getattr | nodes.Getitem):
            if isinstance(inner, nodes.Getattr):
                keys.insert(0, inner.attr)
            elif isinstance(inner.arg, nodes.Const):
                keys.insert(0, str(inner.arg.value))
            else:
                return UNKNOWN
            inner = inner.node
        return self._bound(inner.name, keys) if isinstance(inner, nodes.Name) else UNKNOWN

    def _item_of_literal(self, literal: nodes.Dict, key: nodes.Expr) -> Values:
        """What a literal map has at a key: of one that only a run knows, any value."""
        wanted = self.texts(key)
        found = [pair.value for pair in literal.items if self._may_be(wanted, self.texts(pair.key))]
        return union(*map(self.texts, found)) if found else UNKNOWN

    @staticmethod
    def _may_be(wanted: Values, key: Values) -> bool:
        return any(DYNAMIC in text for text in (*wanted, *key)) or bool(set(wanted) & set(key))

    def _call(self, node: nodes.Call) -> Values:
        """A lookup that finds files gives one of them."""
        if isinstance(node.node, nodes.Name) and node.node.name in _LOOKUPS and node.args:
            plugin = self.texts(node.args[0])
            if plugin and plugin[0].rsplit(".", 1)[-1] in _FINDERS:
                return (FOUND,)
        return UNKNOWN

    def _filter(self, node: nodes.Filter) -> Values:
        if node.node is None:
            return UNKNOWN
        name = node.name.rsplit(".", 1)[-1]
        arguments = [self.texts(argument) for argument in node.args]
        items = self.items(node.node)
        if items is None:
            return apply_filter(name, self.texts(node.node), arguments)
        return apply_list_filter(name, items, arguments)

    def _format(self, node: nodes.Mod) -> Values:
        items = self.items(node.right)
        return format_values(self.texts(node.left), [self.texts(node.right)] if items is None else items)

    def _concat(self, node: nodes.Concat) -> Values:
        return join([self.texts(part) for part in node.nodes])

    def _add(self, node: nodes.Add) -> Values:
        values = [self.texts(node.left), self.texts(node.right)]
        texts = any(isinstance(side, nodes.Const) and isinstance(side.value, str) for side in (node.left, node.right))
        return UNKNOWN if not texts and all(map(may_be_number, values)) else join(values)

    def _condition(self, node: nodes.CondExpr) -> Values:
        return union(self.texts(node.expr1), self.texts(node.expr2) if node.expr2 else ())

    def _either(self, node: nodes.And | nodes.Or) -> Values:
        return union(self.texts(node.left), self.texts(node.right))

    # statements

    def output(self, body: Sequence[nodes.Node]) -> Values:
        """All that statements may write, one after the other."""
        self._enter()
        found = join([self._statement(node) for node in body])
        self._depth -= 1
        return found

    def _statement(self, node: nodes.Node) -> Values:
        if isinstance(node, nodes.Output):
            parts = node.nodes
            return join([(part.data,) if isinstance(part, nodes.TemplateData) else self.texts(part) for part in parts])
        if isinstance(node, nodes.If):
            return self._if(node)
        if isinstance(node, nodes.For):
            return self._for(node)
        if isinstance(node, nodes.Assign | nodes.AssignBlock):
            return self._assign(node)
        if isinstance(node, NAMING):
            self.named[id(node)] = union(self.named.get(id(node), ()), self.term(node.template))
            return UNKNOWN if isinstance(node, nodes.Include) else ("",)
        return self._unknown_statement(node)

    def _if(self, node: nodes.If) -> Values:
        """Any branch; what the branches set may be what any of them sets."""
        before = self._scope
        scopes: list[Scope] = []
        found: list[Values] = []
        for body in (node.body, *(one.body for one in node.elif_), node.else_):
            self._scope = dict(before)
            found.append(self.output(body))
            scopes.append(self._scope)
        names = dict.fromkeys(name for scope in scopes for name in scope)
        self._scope = {name: merged([scope.get(name, UNKNOWN) for scope in scopes]) for name in names}
        return union(*found)

    def _for(self, node: nodes.For) -> Values:
        """Of a literal list, the body for every item."""
        before = self._scope
        leaves = node.recursive or node.find(nodes.Break) or node.find(nodes.Continue)
        items = None if leaves else self.items(node.iter)
        found: list[Values] = []
        for values in items or [UNKNOWN]:
            self._scope = dict(before)
            self._set(node.target, values)
            body = self.output(node.body)
            found.append(union(body, ("",)) if node.test else body)
        self._scope = dict(before)
        self.output(node.else_)
        self._scope = before
        return join(found) if items else UNKNOWN

    def _assign(self, node: nodes.Assign | nodes.AssignBlock) -> Values:
        if isinstance(node, nodes.AssignBlock):
            body = self.output(node.body)
            self._set(node.target, UNKNOWN if node.filter else body)
        else:
            items = self.items(node.node)
            self._set(node.target, self.texts(node.node) if items is None else items)
        return ("",)

    def _set(self, target: nodes.Node, value: Values | list[Values]) -> None:
        if isinstance(target, nodes.Name):
            self._scope[target.name] = value
        else:
            self._scope.update(dict.fromkeys((name.name for name in target.find_all(nodes.Name)), UNKNOWN))

    def _unknown_statement(self, node: nodes.Node) -> Values:
        """Macros, blocks and the like: which templates they name is noted; no variable is known in them."""
        before = self._bindings, self._scope
        self._bindings, self._scope = {}, {}
        for child in node.iter_child_nodes():
            if isinstance(child, nodes.Stmt):
                self.output([child])
        self._bindings, self._scope = before
        return ("",) if isinstance(node, nodes.Macro | nodes.ExprStmt) else UNKNOWN


_EXPRESSIONS: dict[type[Any], Callable[[Evaluator, Any], Values]] = {
    nodes.Add: Evaluator._add,
    nodes.And: Evaluator._either,
    nodes.Call: Evaluator._call,
    nodes.Concat: Evaluator._concat,
    nodes.CondExpr: Evaluator._condition,
    nodes.Const: Evaluator._const,
    nodes.Filter: Evaluator._filter,
    nodes.Getattr: Evaluator._item,
    nodes.Getitem: Evaluator._item,
    nodes.Mod: Evaluator._format,
    nodes.Name: Evaluator._name,
    nodes.Or: Evaluator._either,
}

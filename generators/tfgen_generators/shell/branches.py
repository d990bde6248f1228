"""The ways through a shell text: lists, branches and loops, and the states of the shell that each may end in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tfgen_generators.shell.expand import Expansion
from tfgen_generators.shell.marks import UNKNOWN
from tfgen_generators.shell.state import State, merged
from tfgen_generators.shell.tree import Tree, kinds

if TYPE_CHECKING:
    from tree_sitter import Node

#: How many folders a command may be in, and how many words of a `for` are tried one by one.
_MOST_FOLDERS, _MOST_WORDS = 8, 64
_DEEPEST = 60
#: Programs that are taken to succeed: where these fail, little else works.
_SURE = kinds(
    ". : cat cd chmod chown cp date declare echo export ln local mkdir mv popd printf pushd pwd readonly rm set shopt",
    "sleep source tar touch trap true typeset umask unset unzip",
)
_CHANGING = frozenset({"cd", "pushd"})
_ENDING, _EXIT = frozenset({"exit", "return"}), frozenset({"exit"})


class Ends(NamedTuple):
    """The states in which a command may end: it succeeds, it fails, and it fails as may well be (None: it will not)."""

    succeeded: State
    failed: State
    likely: State | None


class Branches:
    """Decides what may run. A state is the folders that the shell may be in, and its variables."""

    def __init__(self, tree: Tree, variables: Mapping[str, str]) -> None:
        self._tree = tree
        self._folders: tuple[str, ...] = (".",)
        self._variables = dict(variables)
        self._expansion = Expansion(tree, self._variables, self._folder)
        #: The words that come in by a pipe.
        self._printed: tuple[str, ...] = ()
        #: The state in which the text ends, if its last command succeeds.
        self.succeeded: State | None = None

    def statements(self, nodes: Iterable[Node], depth: int = 0) -> None:
        """Walks nodes one after the other."""
        raise NotImplementedError

    def _node(self, node: Node, depth: int) -> None:
        raise NotImplementedError

    def _folder(self) -> str:
        return self._folders[0] if len(self._folders) == 1 else UNKNOWN

    @property
    def state(self) -> State:
        """The folders and variables that hold now."""
        return self._folders, dict(self._variables)

    def _set(self, state: State) -> None:
        self._folders = state[0] if 0 < len(state[0]) <= _MOST_FOLDERS else (UNKNOWN,)
        self._variables.clear()
        self._variables.update(state[1])

    def _substitutions(self, node: Node, depth: int, but: Sequence[Node] = ()) -> None:
        """Runs what stands in `$( )`, in backquotes and in `<( )`."""
        for part in (one for one in node.children if one not in but):
            if part.type in ("command_substitution", "process_substitution"):
                self._node(part, depth + 1)
            elif part.child_count and depth <= _DEEPEST:
                self._substitutions(part, depth + 1)

    def _branches(self, bodies: Iterable[Iterable[Node]], depth: int, *, otherwise: bool) -> None:
        """One of the bodies runs, or (`otherwise`) none: any of the states after them may hold."""
        before = self.state
        ends = [before] if otherwise else []
        for body in bodies:
            self._set(before)
            self.statements(body, depth + 1)
            ends.append(self.state)
        self._set(merged(ends))

    def _list(self, node: Node, depth: int) -> None:
        """`a && b`, `a || b` as a statement: what follows runs where it has succeeded, and where it may have failed."""
        ends = self._ends(node, depth)
        self._set(merged([ends.succeeded, *([ends.likely] if ends.likely else [])]))
        self.succeeded = ends.succeeded

    def _ends(self, node: Node, depth: int) -> Ends:
        """Walks a command or a list of them."""
        if node.type != "list" or depth > _DEEPEST:
            return self._ends_of_one(node, depth)
        left, operator, right = node.children[0], node.children[1].type, node.children[-1]
        first = self._ends(left, depth + 1)
        if operator == "&&":
            self._set(first.succeeded)
            second = self._ends(right, depth + 1)
            likely = [state for state in (first.likely, second.likely) if state]
            return Ends(second.succeeded, merged([first.failed, second.failed]), merged(likely) if likely else None)
        self._set(first.failed)
        second = self._ends(right, depth + 1)
        if self._is_end(right):
            return Ends(first.succeeded, first.succeeded, None)
        return Ends(merged([first.succeeded, second.succeeded]), second.failed, second.likely)

    def _ends_of_one(self, node: Node, depth: int) -> Ends:
        before = self.state
        self._node(node, depth + 1)
        is_negated = node.type == "negated_command"
        inner = node.named_children[0] if node.type in ("negated_command", "redirected_statement") else node
        program = self._tree.word(inner.children[0]) if inner.type == "command" else ""
        failed = before if program in _CHANGING else self.state
        if is_negated:
            return Ends(failed, self.state, self.state)
        is_sure = program in _SURE or inner.type in ("variable_assignment", "declaration_command")
        return Ends(self.state, failed, None if is_sure else failed)

    def _is_end(self, node: Node, ending: frozenset[str] = _ENDING) -> bool:
        """Whether nothing runs behind a command: `exit`, `{ echo x; exit 1; }`."""
        while node.type in ("compound_statement", "list") and node.named_children:
            node = node.named_children[-1]
        return node.type == "command" and self._tree.word(node.children[0]) in ending

    def _if(self, node: Node, depth: int) -> None:
        parts = [part for part in node.children if part.type in ("elif_clause", "else_clause")]
        own = [part for part in node.children if part not in parts]
        at = next((number for number, part in enumerate(own) if part.type == "then"), len(own))
        asked = [part for part in own[:at] if part.is_named]
        is_complete = any(part.type == "else_clause" for part in parts)
        self.statements(asked[:-1], depth + 1)
        ends = self._ends(asked[-1], depth + 1) if asked else Ends(self.state, self.state, None)
        self._set(ends.succeeded)
        self.statements(own[at:], depth + 1)
        last = next((part for part in reversed(own[at:]) if part.is_named), None)
        after = [] if last is not None and self._is_end(last, _EXIT) else [self.state]
        self._set(ends.failed)
        self._branches([[part] for part in parts] or [[]], depth, otherwise=not is_complete)
        self._set(merged([*after, self.state]))

    def _loop(self, node: Node, depth: int) -> None:
        """Once more where the first time ends in other folders; once for each word that it reads."""
        read = self._printed if len(self._printed) <= _MOST_WORDS else ()
        for number in range(max(len(read), 1)):
            before, self._printed = self._folders, read[number : number + 1] or self._printed
            self._branches([node.children], depth, otherwise=True)
            if self._folders != before:
                self._branches([node.children], depth, otherwise=True)

    def _c_style(self, node: Node, depth: int) -> None:
        """`for ((i = 1; ...))`: what is set there is not known in the body."""
        body = [part for part in node.children if part.type in ("do_group", "compound_statement")]
        self._variables.update(dict.fromkeys(self._expansion.counted(node), UNKNOWN))
        self._branches([body], depth, otherwise=True)

    def _case(self, node: Node, depth: int) -> None:
        self._branches([part.children for part in node.children if part.type == "case_item"], depth, otherwise=True)

    def _for(self, node: Node, depth: int) -> None:
        """The body, once for each word."""
        name = next((self._tree.word(part) for part in node.children if part.type == "variable_name"), "")
        at = next((number for number, part in enumerate(node.children) if part.type == "in"), len(node.children))
        body = [part for part in node.children if part.type in ("do_group", "compound_statement")]
        listed = [part for part in node.children[at + 1 :] if part.is_named and part not in body]
        self._substitutions(node, depth, body)
        words = [word for part in listed for word in self._expansion.split(part)] or [UNKNOWN]
        before = self.state
        ends = [before]
        for word in words if len(words) <= _MOST_WORDS else [UNKNOWN]:
            self._variables[name] = word
            self.statements(body, depth + 1)
            ends.append(self.state)
        self._set((tuple(dict.fromkeys(folder for one, _ in ends for folder in one)), self.state[1]))

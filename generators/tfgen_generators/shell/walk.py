"""What a shell text runs, and in which folder: `cd`, subshells, branches, loops, functions and variables followed.

Nothing is run and nothing is read: scripts that it starts are the caller's to follow. What cannot be known in a word or
a folder is `UNKNOWN` in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from tfgen_generators.shell.branches import Branches
from tfgen_generators.shell.expand import ALL_WORDS
from tfgen_generators.shell.folders import joined
from tfgen_generators.shell.marks import UNKNOWN
from tfgen_generators.shell.printed import handed_on, is_fed, piped, printed, printed_by, scripts_of
from tfgen_generators.shell.ran import Ran, Walked, effective, guessed, text_of
from tfgen_generators.shell.redirections import behind, redirected
from tfgen_generators.shell.state import formatted, give, read_into
from tfgen_generators.shell.tree import Tree, parse

if TYPE_CHECKING:
    from tree_sitter import Node

#: How many commands one text may run here, how many folders a command may be in, how deep a text may be nested.
_MOST, _MOST_FOLDERS, _DEEPEST = 2000, 8, 60
_MOVING = frozenset({"cd", "popd", "pushd"})
_SETTING = frozenset({"getopts", "mapfile", "read", "readarray"})


@lru_cache(maxsize=2000)
def walk(text: str, variables: tuple[tuple[str, str], ...] = (), depth: int = 0) -> Walked:
    """What `text` runs with these variables set: "0" is the path of the script, "PWD" the folder that it begins in.

    `depth` is how deep it is in other texts.
    """
    tree = parse(text)
    if tree is None:
        return Walked(ran=guessed(text), is_whole=False)
    walker = _Walker(tree, dict(variables))
    walker.statements(tree.root.children, depth)
    is_list = [part.type for part in tree.root.named_children if part.type != "comment"][-1:] == ["list"]
    good = walker.succeeded[0] if is_list and walker.succeeded else walker.state[0]
    walker.uncalled()
    whole = tree.is_whole and not walker.is_cut
    folders, values = walker.state
    ran = (*walker.ran, *(() if whole else guessed(text)))
    return Walked(ran=ran, is_whole=whole, folders=folders, variables=tuple(values.items()), good=good)


class _Walker(Branches):
    """One text's walk."""

    def __init__(self, tree: Tree, variables: Mapping[str, str]) -> None:
        super().__init__(tree, variables)
        self.ran: list[Ran] = []
        self.is_cut = False
        self._old: tuple[str, ...] = ()
        self._stack: list[tuple[str, ...]] = []
        self._functions: dict[str, Node] = {}
        self._called: set[str] = set()

    def statements(self, nodes: Iterable[Node], depth: int = 0) -> None:
        """Walks nodes one after the other."""
        for node in nodes:
            self._node(node, depth)

    def _node(self, node: Node, depth: int) -> None:
        if depth > _DEEPEST or len(self.ran) > _MOST:
            self.is_cut = True
        elif handler := _HANDLERS.get(node.type):
            before = self._printed
            handler(self, node, depth)
            self._printed = before
        elif node.is_named:
            self.statements(node.children, depth + 1)

    def _subshell(self, node: Node, depth: int) -> None:
        """What it changes is gone after it."""
        before, stack = self.state, list(self._stack)
        self.statements(node.children, depth + 1)
        self._set(before)
        self._stack = stack

    def _pipeline(self, node: Node, depth: int) -> None:
        start = len(self.ran)
        for part in node.children:
            before = self.state
            self._printed = printed_by(self.ran[start:])
            self._node(part, depth + 1)
            self._set(before)
        fed, text = piped(self.ran[start:])
        self.ran[start:] = fed
        if text:
            self._inner(text, "", depth)

    def _reading(self, node: Node, _depth: int) -> None:
        """`$(< FILE)`."""
        reads = tuple(self._expansion.text(inner) for inner in node.children_by_field_name("destination"))
        self.ran.append(Ran(words=(":",), folders=self._folders, reads=reads, line=node.start_point.row))

    def _function(self, node: Node, _depth: int) -> None:
        self._functions[self._tree.word(node.children[node.children[0].type == "function"])] = node.children[-1]

    def _assign(self, node: Node, depth: int) -> None:
        """`A=b`, `export A=b`. What stands in `$( )` runs."""
        for part in (node,) if node.type == "variable_assignment" else node.children:
            if part.type == "variable_assignment":
                self._substitutions(part, depth)
                name, value = self._expansion.assigned(part)
                self._variables[name] = value

    def _command(self, node: Node, depth: int) -> None:
        inner = node.children[0] if node.type == "redirected_statement" else node
        start = len(self.ran)
        self._substitutions(node, depth)
        if len(self.ran) > start and node.children[-1].type == "file_redirect":  # `< <(find X)`
            self._printed = printed(self.ran[-1])
        self._expansion.shown = {}
        reads, given, writes = redirected(self._tree, self._expansion, node)
        if inner.type not in ("command", "test_command", "declaration_command", "variable_assignment"):
            before = self._folders
            self._printed = self._printed or tuple(given.split())
            self._node(inner, depth + 1)
            reads, given, writes = redirected(self._tree, self._expansion, node)  # with the variables that it sets
            if reads or given or writes:
                own = Ran(words=(":",), folders=before, line=node.start_point.row)
                if inner.type in ("list", "pipeline") and len(self.ran) > start:
                    own = self.ran[-1]  # to the grammar it is the whole list's; it is the last command's
                own = own if own.words[0] not in _MOVING else msgspec.structs.replace(own, words=(":",))
                self._run(msgspec.structs.replace(own, reads=reads, given=given, writes=writes), depth)
            return
        sets = tuple(self._expansion.assigned(part) for part in inner.children if part.type == "variable_assignment")
        if inner.type in ("declaration_command", "variable_assignment"):
            self._assign(inner, depth)
            return
        words = (*self._expansion.words(inner), *(behind(self._expansion, node) if inner is not node else ()))
        line = node.start_point.row
        ran = Ran(words=words, folders=self._folders, reads=reads, sets=sets, line=line, given=given, writes=writes)
        self._run(ran, depth)

    def _run(self, ran: Ran, depth: int) -> None:
        """One command, once it is known what it is: those of the shell's own that matter are done here."""
        ran, shown = effective(ran), tuple(self._expansion.shown)
        if not (words := ran.words):
            self._variables.update(ran.sets)
            if ran.reads or ran.writes:  # `exec 3< FILE`
                self.ran.append(msgspec.structs.replace(ran, words=(":",), sets=()))
            return
        program, arguments = words[0], [word for word in words[1:] if not word.startswith("-")]
        if program in self._functions and depth < _DEEPEST:
            self._called.add(program)
            self._call(self._functions[program], words[1:], depth)
            return
        scripts = tuple(scripts_of(ran, shown))
        if scripts:
            ran = msgspec.structs.replace(ran, words=tuple(word for word in words if word != UNKNOWN))
        path = dict(ran.sets).get("PATH", self._variables.get("PATH", ""))
        self.ran.append(msgspec.structs.replace(ran, path=path) if path else ran)
        self.ran += (*scripts, *handed_on(ran))
        self._done(ran, arguments, depth)

    def _done(self, ran: Ran, arguments: Sequence[str], depth: int) -> None:
        """What a command changes in the shell that runs it."""
        program = ran.words[0]
        if program in ("cd", "pushd"):
            self._stack.append(self._folders)
            self._change(ran.words, arguments)
        elif program == "popd":
            self._folders = self._stack.pop() if self._stack else (UNKNOWN,)
        elif program in _SETTING:
            self._variables.update(read_into(ran, arguments, self._printed, self._variables.get("IFS", "")))
        elif program == "printf" and ran.words[1:2] == ("-v",) and len(ran.words) > 3:
            self._variables[ran.words[2]] = formatted(ran.words[3:])
        elif program == "set" and "--" in ran.words:
            give(self._variables, ran.words[ran.words.index("--") + 1 :])
        elif program == "shift":
            give(self._variables, self._variables.get("@", "").split(ALL_WORDS)[1:])
        elif program == "unset":
            for name in arguments:
                self._variables.pop(name, None)
        elif (text := ran.given if ran.given and is_fed(ran) else text_of(self.ran[-1].words)) is not None:
            self._inner(text, program, depth)

    def _call(self, body: Node, arguments: Sequence[str], depth: int) -> None:
        """A function of the text's own."""
        before = {name: value for name, value in self._variables.items() if name == "@" or name.isdigit()}
        give(self._variables, arguments)
        self._node(body, depth + 10)
        give(self._variables, ())
        self._variables.update(before)

    def uncalled(self) -> None:
        """The functions that nothing here calls: who sources this text may."""
        before = self.state
        for name in [name for name in self._functions if name not in self._called]:
            self._call(self._functions[name], (), 0)
            self._set(before)

    def _change(self, words: Sequence[str], arguments: Sequence[str]) -> None:
        before, old = self._folders, self._old
        target = arguments[0] if arguments else ("~" if len(words) == 1 else UNKNOWN)
        if "PWD" in self._variables:
            self._variables["OLDPWD"] = self._expansion.here()
        self._folders = tuple(dict.fromkeys(joined(folder, target) for folder in before))
        if words[1:] == ("-",) and old:
            self._folders = old
        self._old = before

    def _inner(self, text: str, program: str, depth: int) -> None:
        """`sh -c TEXT`, `eval TEXT`: the commands of that text, in the folders that this one may be in."""
        inner = tuple(sorted({**self._variables, "PWD": self._expansion.here()}.items()))
        found = walk(text, inner, depth + 10) if depth < _DEEPEST else Walked(ran=(), is_whole=False)
        for one in found.ran:
            folders = tuple(dict.fromkeys(joined(own, folder) for own in self._folders for folder in one.folders))
            self.ran.append(msgspec.structs.replace(one, folders=folders[:_MOST_FOLDERS], line=self.ran[-1].line))
        if program == "eval" and any(one.words[0] == "cd" for one in found.ran):
            self._folders = (UNKNOWN,)


_HANDLERS: Mapping[str, Callable[[_Walker, Node, int], None]] = {
    "c_style_for_statement": _Walker._c_style,
    "case_statement": _Walker._case,
    "command": _Walker._command,
    "command_substitution": _Walker._subshell,
    "declaration_command": _Walker._assign,
    "file_redirect": _Walker._reading,
    "for_statement": _Walker._for,
    "function_definition": _Walker._function,
    "if_statement": _Walker._if,
    "list": _Walker._list,
    "pipeline": _Walker._pipeline,
    "process_substitution": _Walker._subshell,
    "redirected_statement": _Walker._command,
    "subshell": _Walker._subshell,
    "test_command": _Walker._command,
    "variable_assignment": _Walker._assign,
    "variable_assignments": _Walker._assign,
    "while_statement": _Walker._loop,
}

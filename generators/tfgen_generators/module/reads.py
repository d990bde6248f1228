"""Everything that Terraform may read by itself, and by what its expressions name, from a module downwards."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tfgen_generators.hcl.expression_reader import template_of
from tfgen_generators.hcl.expressions import AnyExpression, Call, For, Reference, walk
from tfgen_generators.module.configuration import Instance, local_folder, with_each
from tfgen_generators.module.evaluation import Look, bound, evaluate, loop_names
from tfgen_generators.module.file_reads import Pattern, Read, pattern_of
from tfgen_generators.module.functions import glob_texts
from tfgen_generators.module.terraform_file import FILE_FUNCTIONS, PATH_ARGUMENTS, WRITTEN, Arguments, ModuleCall
from tfgen_generators.module.values import ANCHOR, OPEN, UNKNOWN, Value, is_known, texts_in

#: Blocks whose arguments are read by providers.
_PROVIDERS = frozenset({"action", "check", "data", "ephemeral", "provider", "resource"})
_COMMANDS = frozenset({"command", "interpreter", "program"})
_WORDS = re.compile(r"""[^\s"'`;|&()<>=]+""")
_MOST_TEMPLATE = 1 << 20


def reads_of(module: Instance) -> Iterator[Read]:
    """What the expressions of one module read, and not those of the modules that it calls."""
    for path, file in module.files.files.items():
        for line, value in file.locals.values():
            yield from _reads(module, path, line, value, module.look)
        for block in file.blocks:
            yield from _block(module, path, block)


def expression_reads(module: Instance, path: str, line: int, value: AnyExpression) -> Iterator[Read]:
    """What one expression reads in a module, and the values and blocks that it refers to."""
    waiting, seen = [value], set[tuple[str, ...]]()
    while waiting:
        current = waiting.pop()
        yield from _reads(module, path, line, current, module.look)
        for one in walk(current):
            if isinstance(one, Reference) and one.names[:3] not in seen:
                seen.add(one.names[:3])
                waiting += _behind(module, one.names)


def _behind(module: Instance, names: tuple[str, ...]) -> Iterator[AnyExpression]:
    """The expressions that a reference leads to."""
    if names[0] == "local" and len(names) > 1 and names[1] in module.files.locals:
        yield module.files.locals[names[1]]
    labels = names[1:3] if names[0] in ("data", "ephemeral") else names[:2]
    for _, block in module.files.blocks():
        if block.labels == labels:
            yield from (value for name, _, value in block.named if name not in WRITTEN)


def _block(module: Instance, path: str, block: Arguments) -> Iterator[Read]:
    look = with_each(module.look, block.each, 0)
    if block.each is not None:
        yield from _reads(module, path, 0, block.each, module.look)
    for name, line, value in block.named:
        yield from _reads(module, path, line, value, look)
        if block.kind in _PROVIDERS and name not in WRITTEN:
            yield from _argument(path, block, name, line, value, look)


def _argument(path: str, block: Arguments, name: str, line: int, value: AnyExpression, look: Look) -> Iterator[Read]:
    """Paths that a provider reads: those of arguments for it, and what begins with a folder of Terraform's."""
    label = f"{'.'.join((block.kind, *block.labels[:1]))}: {name}"
    for text in (text for one in evaluate(value, look) for text in texts_in(one)):
        if name in _COMMANDS or (name not in PATH_ARGUMENTS and ANCHOR in text):
            for word in _WORDS.findall(text):
                if (name in _COMMANDS and ("/" in word or "." in word)) or ANCHOR in word:
                    yield Read(word[max(word.find(ANCHOR), 0) :], path, line, label)
        elif name in PATH_ARGUMENTS and text.strip(UNKNOWN) and "://" not in text:
            yield Read(text, path, line, label, with_folder=True)


def _reads(module: Instance, path: str, line: int, value: AnyExpression, look: Look) -> Iterator[Read]:
    """The calls of functions that read files, in an expression."""
    waiting: list[tuple[AnyExpression, Look]] = [(value, look)]
    while waiting:
        one, here = waiting.pop()
        if isinstance(one, Call) and one.name in FILE_FUNCTIONS and one.arguments:
            yield from _call(module, path, line, one, here)
        if isinstance(one, For):
            inner = bound(here, loop_names(one, here, 0))
            waiting.append((one.collection, here))
            waiting += [(result, inner) for result in one.results]
        else:
            waiting += [(child, here) for child in one.children()]  # type: ignore[misc]


def _call(module: Instance, path: str, line: int, call: Call, look: Look) -> Iterator[Read]:
    texts = [text for one in evaluate(call.arguments[0], look) for text in _as_path(one)]
    if call.name == "fileset":
        patterns = [text for one in evaluate(call.arguments[-1], look) for text in _as_path(one)]
        for folder in texts:
            for pattern in patterns if len(call.arguments) > 1 else [UNKNOWN]:
                for glob in glob_texts(pattern) if OPEN not in pattern else [UNKNOWN]:
                    yield Read(f"{folder}/{glob}", path, line, f"fileset: {_shown(glob)}")
        return
    for text in texts:
        yield Read(text, path, line, f"{call.name}: {_shown(text)}")
        if call.name == "templatefile":
            yield from _of_template(module, text, call, look)


def _as_path(value: Value) -> list[str]:
    return [value] if isinstance(value, str) else texts_in(value) or [UNKNOWN]


def _of_template(module: Instance, text: str, call: Call, look: Look) -> Iterator[Read]:
    """What a file for `templatefile` reads itself: it knows the values that it is given, and no others."""
    pattern = pattern_of(text, module.modules.root)
    if pattern is None or OPEN in text:
        return
    tree = module.modules.tree
    given = evaluate(call.arguments[1], look) if len(call.arguments) > 1 else []
    names = {name: [value] for one in given if isinstance(one, dict) for name, value in one.items()}
    inner = bound(lambda _names, _depth: [UNKNOWN], names)
    for path in list(pattern.files(tree))[:100]:
        try:
            data = tree.read(path)
        except OSError:
            continue
        if b"file" in data and len(data) < _MOST_TEMPLATE:
            content = template_of(data.decode("utf-8", "replace"))
            calls = (one for one in walk(content) if isinstance(one, Call) and one.name in FILE_FUNCTIONS)
            for one in calls:
                if one.name != "templatefile" and one.arguments:
                    yield from _call(module, path, 0, one, inner)


def _shown(text: str) -> str:
    plain = text.replace(ANCHOR, "")
    return plain if is_known(plain) else Pattern(plain).shown


def sources_of(module: Instance, call: ModuleCall) -> Iterator[tuple[str, str, Pattern | None]]:
    """What a call's source may say, and the folder that it means, or (widened) the pattern of such folders' files."""
    for text in module.sources(call):
        if UNKNOWN not in text:
            folder = local_folder(module.folder, text)
            if folder is not None:
                yield text.strip(), folder, None
            continue
        fixed = text.partition(UNKNOWN)[0]
        if fixed and not fixed.startswith("."):
            continue  # one of a registry, or of a repository of its own
        found = pattern_of(f"{ANCHOR}{module.folder}/{text}" if fixed else text, module.modules.root, with_folder=True)
        if found is not None:
            yield found.shown, "", found

"""From calls and templates to what adopt writes: settings that make the same of each call, and the edited files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from tfgen_generators.adopt.edits import edited
from tfgen_generators.adopt.fold import Edits, Fold, folded, put
from tfgen_generators.adopt.matching import adopted
from tfgen_generators.adopt.model import Adopted, Row
from tfgen_generators.adopt.settings_text import with_edits
from tfgen_generators.adopt.values import CannotSayError, canonical, item_of, passed, variable_of
from tfgen_generators.errors import SettingsError
from tfgen_generators.paths.packer_script import in_form
from tfgen_generators.pipeline.pipeline import Pipeline
from tfgen_generators.root_module.hand_written import META, Given, HandCall, HandWritten
from tfgen_generators.settings.lines import in_toml
from tfgen_generators.settings.model import Settings
from tfgen_generators.sync.hand_written.files import environment_input
from tfgen_generators.sync.model import SyncResult

#: The modules that tfgen ships, whose inputs need no [module.inputs].
_SHIPPED = re.compile(r"(?:^\.\./|//terraform/)modules/codepipeline(?:_v1)?(?:[?]|$)")
FORMS = ("path", "path-without-ending", "file", "file-without-ending")
#: Tables whose keys are for every pipeline.
_FOR_ALL = ("environment", "inputs", "names")
#: What sync would do with these settings, and with these calls left.
Look = Callable[[Settings, str, HandWritten], SyncResult]


class Adoption(msgspec.Struct, frozen=True, kw_only=True):
    """What adopt would do: a row for each image, the new text of tfgen.toml, hand-written files as they would be.

    `synced` is what sync makes of it, None where nothing is adopted. `for_all` is what every pipeline is given
    from now on: table -> keys, with their patterns.
    """

    rows: tuple[Row, ...]
    settings: Settings
    settings_text: str
    edited: Mapping[str, bytes] = msgspec.field(default_factory=dict)
    synced: SyncResult | None = None
    for_all: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)

    @property
    def is_refused(self) -> bool:
        return any(row.action == "refuse" for row in self.rows)


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """What adopt begins with. `fresh`: no pipeline is generated yet; `ours`: all move to the module of `settings`.

    `parse` reads a tfgen.toml in this repository. `declared` are the inputs of that module, None where not known.
    """

    settings: Settings
    text: str
    hand_written: HandWritten
    files: Mapping[str, bytes]
    fresh: bool
    parse: Callable[[str], Settings]
    ours: bool = False
    declared: frozenset[str] | None = None


def make_adoption(start: Start, rows: Sequence[Row], look: Look) -> Adoption:
    """What adopt would do about `rows`. Raises TfgenError."""
    rows = [_moved_to_ours(row, start) if start.ours else row for row in _of_one_module(rows, start)]
    for _ in range(len(rows) + 1):  # what cannot be said is refused, and the others are tried again
        chosen = list(adopted(rows))
        if not chosen:
            break
        try:
            return _tried(start, rows, chosen, look)
        except _Unlike as unlike:
            rows = [_refused(row, unlike) if row.name == unlike.name else row for row in rows]
    synced = look(start.settings, start.text, start.hand_written)
    return Adoption(rows=tuple(rows), settings=start.settings, settings_text=start.text, synced=synced)


class _Unlike(Exception):
    """The generated block of `name` would not pass what its call passes."""

    def __init__(self, name: str, reason: str, fix: str) -> None:
        super().__init__(reason)
        self.name, self.reason, self.fix = name, reason, fix


def _refused(row: Row, unlike: _Unlike) -> Row:
    return replace(row, action="refuse", reason=unlike.reason, fix=unlike.fix)


def _module_of(call: HandCall) -> tuple[object, object]:
    version = call.arguments.get("version")
    return call.arguments["source"].value, version.value if version else None


def _of_one_module(rows: Sequence[Row], start: Start) -> Iterator[Row]:
    """There is one [module]: calls of another one are refused."""
    own = (start.settings.module.source, start.settings.module.version)
    counted = Counter(_module_of(one.call) for one in adopted(rows))
    kept = own if not start.fresh or own in counted or not counted else counted.most_common(1)[0][0]
    for row in rows:
        if start.ours or row.action != "adopt" or row.call is None or _module_of(row.call) == kept:
            yield row
            continue
        shown = f"its module is {_module_of(row.call)[0]}, that of the other pipelines {kept[0]}"
        yield replace(
            row, action="refuse", reason=shown, fix="use one module for all, or run: tfgen adopt --module ours"
        )


def _moved_to_ours(row: Row, start: Start) -> Row:
    """The row with a call of the module of tfgen.toml: with its name of the environment, and what it takes."""
    call = row.call
    if row.action != "adopt" or call is None:
        return row
    ours, kept, dropped = environment_input(start.settings) or call.environment, dict[str, Given](), list[str]()
    for name, given in call.arguments.items():
        new = ours if name == call.environment else name
        if new in META or start.declared is None or new in start.declared:
            kept[new] = given
        else:
            dropped.append(f"{name} ({call.path}:{given.line})")
    source = start.settings.module.source
    reason = f"{source} does not take {', '.join(dropped)}" if dropped else f"its module becomes {source}"
    return replace(row, call=replace(call, arguments=kept, environment=ours), reason=reason)


def _tried(start: Start, rows: Sequence[Row], chosen: Sequence[Adopted], look: Look) -> Adoption:
    module = start.settings.module
    mapped = _module_of(chosen[0].call) == (module.source, module.version) and (
        module.inputs is not None or not start.fresh or bool(_SHIPPED.search(module.source))
    )
    theirs = not start.ours and not mapped
    how = Fold(settings=start.settings, theirs=theirs, fresh=start.fresh, account=_has_account(start))
    for one in chosen:
        try:
            folded([one], how)
        except CannotSayError as error:
            fix = "write it on one line, or in a local value"
            raise _Unlike(one.template.name, f"{one.call.path}:{error.line}: {error}", fix) from None
    edits = folded(chosen, how)
    labels = {one.call.label: one.template.name for one in chosen}
    files = edited(start.files, [one.call for one in chosen], labels)
    left = _left(start.hand_written, chosen)
    for attempt in ("form", "own", "last"):
        settings, text = _settings(start, edits, chosen)
        synced = look(settings, text, left)
        pipelines = {pipeline.name: pipeline for pipeline in synced.pipelines}
        unlike = list(_unlike(chosen, pipelines, settings, synced))
        if not unlike or start.ours:
            break
        if attempt == "last":
            name, input_, _ = unlike[0]
            raise _Unlike(name, f"{input_} would not be what the call passes", "pass it in another way")
        if attempt == "form" and (form := _form(chosen, settings)):
            put(edits, ("packer_script",), "form", form)
            continue
        for name, input_, item in unlike:
            if item is None:
                fix = "pass it in the call, or give it in the tables of single templates"
                raise _Unlike(name, f"tfgen.toml gives every pipeline {input_}, which the call does not pass", fix)
            edits.get(("templates", name, "names"), {}).pop(input_, None)
            put(edits, ("templates", name, "inputs"), input_, item)
    return Adoption(
        rows=tuple(rows),
        settings=settings,
        settings_text=text,
        edited=files,
        synced=synced,
        for_all={table: tuple(map(_in_words, edits[(table,)].items())) for table in _FOR_ALL if edits.get((table,))},
    )


def _in_words(item: tuple[str, Any]) -> str:
    """A key, and the pattern that it has: what each pipeline is given, is another text then."""
    key, value = item
    value = value.get("pattern") if isinstance(value, dict) else value
    return f"{key} = {in_toml(value)}" if isinstance(value, str) and "{name}" in value else key


def _has_account(start: Start) -> bool:
    """Whether the root module declares what bucket names take by default."""
    name = start.settings.names.account_id.removeprefix("local.").encode()
    return any(
        re.search(rb'^\s*"?' + re.escape(name) + rb'"?\s*[=:]', data, re.MULTILINE) for data in start.files.values()
    )


def _settings(start: Start, edits: Edits, chosen: Sequence[Adopted]) -> tuple[Settings, str]:
    edits = {path: values for path, values in edits.items() if values}
    try:
        text = with_edits(start.text, edits, chosen)
        return replace(start.parse(text), packer_dir=start.settings.packer_dir), text
    except SettingsError as error:
        raise _Unlike(chosen[0].template.name, f"tfgen.toml cannot say what it passes: {error}", "") from None


def _left(hand_written: HandWritten, chosen: Sequence[Adopted]) -> HandWritten:
    gone = {(one.call.path, one.call.start) for one in chosen}
    calls = (call for call in hand_written.calls if (call.path, call.start) not in gone)
    return replace(hand_written, calls=tuple(calls))


def _form(chosen: Sequence[Adopted], settings: Settings) -> str:
    """The form of PACKER_SCRIPT that all calls have, "" where they have none."""
    if settings.packer_script.form != "auto":
        return ""
    for form in FORMS:
        if all(one.call.script == in_form(form, one.template.path, settings.packer_dir) for one in chosen):
            return form
    return ""


def _unlike(
    chosen: Sequence[Adopted], pipelines: Mapping[str, Pipeline], settings: Settings, synced: SyncResult
) -> Iterator[tuple[str, str, Any]]:
    """Pipeline, input and what it must be given, where a generated block would pass something else; None: nothing."""
    variable = settings.packer_script.variable
    for one in chosen:
        name = one.template.name
        if name not in pipelines:
            found = sorted(synced.problems, key=lambda problem: problem.path != one.template.path)
            raise _Unlike(name, f"its pipeline cannot be made: {found[0] if found else 'tfgen.toml'}", "")
        made = dict(pipelines[name].values)
        wanted = {key: given for key, given in one.call.arguments.items() if key not in META}
        for key, given in wanted.items():
            item = item_of(given)
            same = {canonical(passed(item))}
            if key == one.call.environment and given.items is not None:
                variables = {each: passed(variable_of(inner)) for each, inner in given.items.items()}
                known = {} if one.call.script is None else {variable: one.call.script}
                same.add(canonical({**variables, **known}))
            if key not in made or canonical(made[key]) not in same:
                yield name, key, item
        for key in made:
            if key not in wanted:
                yield name, key, None

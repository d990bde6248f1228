"""Another name for a pipeline, on purpose: what must stand in tfgen.toml for it."""

from __future__ import annotations

from collections.abc import Container, Iterable

from tfgen_generators.errors import RefusedError, SettingsError, UsageError
from tfgen_generators.generated.ownership import file_name
from tfgen_generators.hcl.write import Interpolated, Value, is_identifier
from tfgen_generators.nearest import did_you_mean
from tfgen_generators.packer.model import Template
from tfgen_generators.packer.names import bucket_part, name_of, name_problem, variant_name
from tfgen_generators.pipeline.pipeline import Pipeline
from tfgen_generators.settings.edit import move_table, set_keys
from tfgen_generators.settings.model import FILE_NAME, Settings

#: The names in AWS that [templates.NAME.names] can hold fast.
_KEPT_NAMES = ("project_name", "artefact_bucket_name")


def check_names(
    settings: Settings, templates: Iterable[Template], old: str, new: str, forgotten: Container[str] = ()
) -> Template:
    """The template called `old`, if it can be called `new`; `forgotten` are names given up. Raises UsageError."""
    by_name = {template.name: template for template in templates}
    if old not in by_name:
        raise UsageError(f"template {old} not found", fix=did_you_mean(old, by_name) or None)
    if old == new:
        raise UsageError(f"{old} already has that name", fix="use another name")
    if not is_identifier(new) or name_problem(new):
        message = f"{new!r} is not a valid pipeline name"
        raise UsageError(message, fix="use letters, digits, - and _, beginning with a letter or _")
    for name, template in by_name.items():
        if name != old and bucket_part(name) == bucket_part(new):
            raise UsageError(f"{new} is already used by {template.path} ({name})", fix="use another name")
    if new in forgotten:
        message = f"{new} is the name of a forgotten pipeline ({file_name(new)})"
        raise UsageError(
            message, fix="use another name, or delete that file when the change has been applied everywhere"
        )
    _check_tables(settings, old, new)
    return by_name[old]


def _check_tables(settings: Settings, old: str, new: str) -> None:
    """That tfgen.toml has no other use for the new name. Raises UsageError."""
    for name, own in settings.templates.items():
        line = settings.line("templates", name)
        if name == new:
            raise UsageError(f"[templates.{new}] already exists in {FILE_NAME}:{line}", fix="remove that table first")
        if name != old and new in own.moved_from:
            message = f"{new} is an old name of {name} (moved_from, {FILE_NAME}:{line})"
            raise UsageError(
                message, fix="use another name, or remove it there when the move has been applied everywhere"
            )
    if {old, new} <= settings.lint.templates.keys():
        line = settings.line("lint", "templates", new)
        raise UsageError(f"[lint.templates.{new}] already exists in {FILE_NAME}:{line}", fix="remove that table first")


def renamed_settings(text: str, settings: Settings, template: Template, new: str, keep: Pipeline | None = None) -> str:
    """tfgen.toml in which `template` is called `new`, also in [lint], and remembers its old name for the `moved` block.

    The names in AWS stay those of `keep`, its pipeline until now, where that is given. Raises SettingsError.
    """
    old = template.name
    own = settings.templates.get(old)
    for parent, tables in ((("templates",), settings.templates), (("lint", "templates"), settings.lint.templates)):
        if old in tables:
            where = f"{FILE_NAME}:{settings.line(*parent, old)}"
            text = move_table(text, (*parent, old), (*parent, new), where=where)
    former = [name for name in (own.moved_from if own else []) if name != new]
    path = _pin(settings, template, new)
    table, moved_from = ("templates", new), [*former, old]
    try:
        text = set_keys(text, table, {"path": path, "moved_from": moved_from}, where=FILE_NAME)
    except SettingsError:
        if path is not None:
            raise
        text = set_keys(text, table, {"moved_from": moved_from}, where=FILE_NAME)  # a pin too many does no harm
    if keep is not None:
        text = set_keys(text, ("templates", new, "names"), _patterns(keep), where=FILE_NAME)
    return text


def _pin(settings: Settings, template: Template, new: str) -> str | None:
    """What `path` must say for the name `new`; None where the template, or its variant, gives that name by itself."""
    if not template.source:
        return template.path if name_of(template.path, settings.packer_dir) != new else None
    image = settings.origin.variants.of_name(template.name)
    own = "" if image is None else variant_name(image.template, image.called)
    return template.source if own != new else None


def _patterns(pipeline: Pipeline) -> dict[str, str]:
    """Patterns that give exactly the names that `pipeline` has. Raises RefusedError when there are none to hold."""
    found = {
        fact: pattern
        for fact in _KEPT_NAMES
        if fact in pipeline.aws_names and (pattern := _pattern(pipeline.aws_names[fact]))
    }
    if not found:
        raise RefusedError(
            "--keep-names: [module.inputs] sets no name that tfgen.toml could keep",
            where=FILE_NAME,
            fix="add the old values to [templates.NAME.inputs] by hand, and rename without --keep-names",
        )
    return found


def _pattern(value: Value) -> str:
    if isinstance(value, str):
        return _literal(value)
    if isinstance(value, Interpolated):
        return "".join(_literal(part) if isinstance(part, str) else "{account_id}" for part in value.parts)
    return ""


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")

"""What gives values to a template: the pipeline's environment, and files of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from tfgen_generators.packer.syntax.values import Value

#: In `ValueSources.set_values`: what any variable may be set to.
ANY_VARIABLE = "*"
#: The same for a variable without a value: `-var-file=$NAME` may give it one.
ANY_UNSET = "?"


class ValueSources(msgspec.Struct, frozen=True, kw_only=True):
    """What a pipeline gives to a template. `environment` is complete but for `unsure` names (None: for any name)."""

    environment: Mapping[str, tuple[str, ...]] = {}
    unsure: frozenset[str] | None = frozenset()
    #: Values that files of values set, by variable.
    set_values: Mapping[str, Sequence[Value]] = {}

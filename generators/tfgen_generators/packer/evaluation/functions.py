"""All of Packer's functions of HCL2, by name. Source: hcl2template/functions.go."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tfgen_generators.packer.evaluation import dates, encodings, formats, lists, numbers, strings
from tfgen_generators.packer.syntax.values import Value

#: Those whose result depends on nothing but their arguments. Not `try` and `can`, which look at expressions.
PURE: Mapping[str, Callable[..., Value]] = {
    **dates.FUNCTIONS,
    **encodings.FUNCTIONS,
    **formats.FUNCTIONS,
    **lists.FUNCTIONS,
    **numbers.FUNCTIONS,
    **strings.FUNCTIONS,
}
#: Those that do not look into the texts that they are given: a piece that is not known stays one.
TRANSPARENT = frozenset(
    {
        *("abspath", "chunklist", "coalescelist", "concat", "element", "flatten", "format", "formatlist", "join"),
        *("keys", "lookup", "merge", "reverse", "setproduct", "slice", "values"),
    }
)
#: Those that also know what to do with a path whose beginning is the template's folder.
OF_PATHS = TRANSPARENT | {"basename", "dirname", "trimspace", "pathexpand"}
#: Those that ask the machine, the clock, chance, a service or a file.
IMPURE = frozenset(
    {
        *("aws_secretsmanager", "aws_secretsmanager_raw", "base64gzip", "bcrypt", "consul_key", "env"),
        *("file", "filebase64", "fileexists", "fileset", "legacy_isotime", "legacy_strftime", "rsadecrypt"),
        *("templatefile", "timestamp", "uuidv4", "vault"),
    }
)
#: Those that look at expressions, or at a type.
SPECIAL = frozenset({"can", "convert", "try"})

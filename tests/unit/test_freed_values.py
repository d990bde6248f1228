"""What is made for one template is freed with the last who asks: lint and affected look for no garbage meanwhile."""

from __future__ import annotations

import gc
import weakref

from tfgen_generators.packer.details import Details
from tfgen_generators.packer.model import Template
from tfgen_generators.packer.syntax.values import Expression
from tfgen_generators.paths.values.possible_values import PossibleValues
from tfgen_generators.paths.values.sources import ValueSources


def test_possible_values_are_freed_without_a_look_for_garbage() -> None:
    gc.disable()
    try:
        template = Template(name="web", path="packer/web.pkr.hcl", format="hcl2", kind="file")
        given = Expression("lower(var.x)", "call", ("lower", Expression("var.x", "ref", ("var", "x"))))
        values = PossibleValues(template, [Details(variables={"x": ["A"]}, locals={"y": given})], ValueSources())
        assert values.texts(Expression("local.y", "ref", ("local", "y"))) == ["a"]
        gone = weakref.ref(values)
        del values
        assert gone() is None
    finally:
        gc.enable()

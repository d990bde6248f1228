"""What becomes of a folder's templates where some files said something else: as a look at the whole folder says."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from random import Random

import pytest

from tfgen_generators.packer.discovery.alone import form_of, is_preset, templates_then
from tfgen_generators.packer.discovery.discover import discover
from tfgen_generators.packer.discovery.facts_cache import FactsCache
from tfgen_generators.packer.discovery.outcome import Outcome
from tfgen_generators.packer.model import Template

_ROUNDS = 40
_WHOLE = 'source "amazon-ebs" "{0}" {{}}\nbuild {{\n  sources = ["source.amazon-ebs.{0}"]\n}}\n'
_TEXTS = (
    *(_WHOLE.format(name) for name in ("a", "b", "c", "a", "b")),
    "# other lines\n\n" + _WHOLE.format("a"),
    _WHOLE.format("a") + 'variable "x" {\n  default = 1\n}\n',
    _WHOLE.format("b").replace("amazon-ebs", "qemu"),
    'source "null" "n" {}\n' + _WHOLE.format("c"),
    'build {\n  sources = ["source.amazon-ebs.a"]\n}\n',
    'source "amazon-ebs" "a" {}\n',
    'variable "x" {}\n',
    'variable "x" {}\n' + _WHOLE.format("b"),
    _WHOLE.format("c").replace("{}", "{\n  ami_name = var.x\n}"),
    _WHOLE.format("a").replace("{}", "{\n  ami_name = var.missing\n}"),
    "locals {\n  l = [1]\n}\n" + _WHOLE.format("a").replace('["source.amazon-ebs.a"]', "local.l"),
    "source {",
    'packer {\n  required_version = ">= 1"\n}\n',
    "x = 1\n",
)
_LEGACY = ('{"builders": [{"type": "null"}]}', '{"builders": [{"type": "qemu"}]}', '{"a": 1}', "{", '{"builders": 1}')
_NAMES = ("a.pkr.hcl", "b.pkr.hcl", "c.pkr.hcl", "d.pkr.hcl", "e.json", "f.json", "g.sh", "h.pkrvars.hcl")


def _text(random: Random, name: str, odd: float) -> str | None:
    if random.random() < 0.15:
        return None
    if name.endswith(".hcl"):
        return random.choice(_TEXTS if random.random() < odd else _TEXTS[:9])
    return random.choice(_LEGACY if random.random() < odd else _LEGACY[:2])


def _looked(root: Path, files: Mapping[str, str | None]) -> dict[str, Template]:
    (root / "packer").mkdir(parents=True)
    for name, text in files.items():
        if text is not None:
            (root / "packer" / name).write_text(text)
    found = discover(root, "packer", cache=FactsCache(details=True))
    return {one.path: one for one in found.templates}


def _said(name: str, text: str) -> Outcome:
    form = form_of(name)
    assert form != "nothing"
    assert form != "unknown"
    found = FactsCache(details=True).said_by(text.encode(), form)
    assert found.digest == hashlib.sha256(text.encode()).hexdigest()
    return found


@pytest.mark.parametrize("seed", range(4))
def test_a_folder_then_is_as_a_look_at_it_says(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    known = 0
    for number in range(_ROUNDS):
        odd = random.choice((0, 0.2, 0.6))
        now = {name: _text(random, name, odd) for name in _NAMES}
        if random.random() < odd / 3:
            now["v.auto.pkrvars.hcl"] = "x = 1\n"
        changed = random.sample(_NAMES, random.randrange(1, 4))
        then = {**now, **{name: _text(random, name, odd) for name in changed}}
        here, there = _looked(tmp_path / f"{number}a", now), _looked(tmp_path / f"{number}b", then)
        said: dict[str, tuple[Outcome, Outcome | None]] = {}
        for name in changed:
            before, after = then[name], now[name]
            if form_of(name) == "nothing" or before == after:
                continue
            if after is None:
                break  # what is not there now is nobody's template: that is never asked
            said[f"packer/{name}"] = _said(name, after), None if before is None else _said(name, before)
        else:
            found = templates_then([*here.values()], said, presets=any(map(is_preset, now)))
            if found is None:
                continue
            known += bool(said)
            assert {one.path: one for one in found} == there, (now, then)
            for one in found:  # details are left out of ==
                assert one.details == there[one.path].details
    assert known > 2


def test_names_and_what_they_stand_for() -> None:
    forms = {name: form_of(name) for name in ("a.pkr.hcl", "a.pkr.json", "a.json", "a.sh", "a.hcl", "a.pkrvars.json")}
    assert list(forms.values()) == ["hcl2", "hcl2-json", "json", "nothing", "nothing", "nothing"]
    assert {form_of(name) for name in (".gitignore", ".a.pkr.hcl", "x.auto.pkrvars.json")} == {"unknown"}


def test_a_template_with_variants_is_not_said() -> None:
    one = Template(name="a", path="packer/a.json", format="json", kind="file", source="variants/a")
    assert templates_then([one], {}, presets=False) is None

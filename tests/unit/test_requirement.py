"""What may be installed: a file by its SHA-256 or a commit by its ID; nothing that a name or a branch decides."""

from __future__ import annotations

import re

import pytest

from tests.documented import ROOT
from tests.pinned import ADDRESS, OLD, REQUIREMENT, WHEEL
from tfgen_generators.errors import TfgenError
from tfgen_generators.settings.requirement import DISTRIBUTION, parse_requirement

_REGEX = r'can\(regex\("(.*)\$", var.tfgen_requirement\)\)'
DIGEST, COMMIT = "0a" * 32, "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
SUM = f"#sha256={DIGEST}"
PINNED = [
    ADDRESS,
    REQUIREMENT,
    f"tfgen-ami @ {ADDRESS}",
    f"tfgen-ami[demo,embedded]@{ADDRESS}",
    f"TFGEN_ami @ {ADDRESS}",
    f"http://localhost:8080/a%20b/{WHEEL}{SUM}",
    f"https://example.com/tfgen_ami-0.2.0-1-py3-none-any.whl{SUM}",
    f"https://example.com/tfgen-ami-0.2.0.tar.gz{SUM}",
    f"file:///opt/wheels/{WHEEL}{SUM}",
    f"git+https://example.com/org/tfgen.git@{COMMIT}",
    f"tfgen-ami[embedded] @ git+ssh://git@example.com:2222/org/tfgen@{COMMIT}",
    f"git+file:///srv/git/tfgen@{COMMIT}",
]
#: What is not, and a word of why.
LOOSE = {
    "": "empty",
    OLD: "only a name",
    DISTRIBUTION: "only a name",
    f"{OLD}==0.1.0": "only a name",
    f"{DISTRIBUTION}==0.2.0": "only a name",
    f"{OLD}[embedded]>=0.1": "only a name",
    f"{DISTRIBUTION}==0.2.0 --hash=sha256:{DIGEST}": "' '",
    f"{OLD}==0.1.0 --index-url x": "' '",
    f"tfgen @ {ADDRESS}": "distribution 'tfgen'",
    f"tfgen-am @ {ADDRESS}": "distribution 'tfgen-am'",
    f"tfgen-ami @ {ADDRESS} ; python_version > '3'": "' '",
    f"https://example.com/{WHEEL}": "#sha256=",
    f"https://example.com/{WHEEL}#sha256=0a0a": "#sha256=",
    f"https://example.com/{WHEEL}#SHA256={DIGEST}": "#sha256=",  # which pip does not look at
    f"https://example.com/{WHEEL}#sha512={DIGEST}": "#sha256=",
    f"https://example.com/{WHEEL}#sha256={DIGEST.upper()}": "lower case",
    f"https://example.com/{WHEEL}{SUM}{SUM}": "not one of",
    f"https://example.com/{WHEEL}{SUM}&egg=x": "'&'",
    f"https://example.com/tfgen-0.1.0-py3-none-any.whl{SUM}": "is not a wheel of tfgen-ami",
    f"https://example.com/tfgen_ami-0.2.0.whl{SUM}": "is not a wheel of tfgen-ami",
    f"https://user:secret@example.com/{WHEEL}{SUM}": "user or a password",
    f"https://secret@example.com/{WHEEL}{SUM}": "user or a password",
    f"git+https://secret@example.com/tfgen@{COMMIT}": "user or a password",
    f"git+ssh://git:secret@example.com/tfgen@{COMMIT}": "not one of",
    f"ftp://example.com/{WHEEL}{SUM}": "not one of",
    f"https://example.com{SUM}": "not one of",
    f"file://example.com/{WHEEL}{SUM}": "not one of",
    f"/opt/{WHEEL}{SUM}": "a path",
    f"dist/{WHEEL}{SUM}": "a path",
    f"./{WHEEL}": "a path",
    f"tfgen-ami @ ./{WHEEL}{SUM}": "' '",
    "git+https://example.com/tfgen": "40 hex digits",
    "git+https://example.com/tfgen@main": "40 hex digits",
    "git+https://example.com/tfgen@v0.2.0": "40 hex digits",
    f"git+https://example.com/tfgen@{COMMIT[:12]}": "40 hex digits",
    f"git+https://example.com/tfgen@{COMMIT}#egg=tfgen": "40 hex digits",
    f"git+https://example.com/tfgen{SUM}": "40 hex digits",
    f"git+http://example.com/tfgen@{COMMIT}": "not one of",
    f"git+git://example.com/tfgen@{COMMIT}": "not one of",
    f"hg+https://example.com/tfgen@{COMMIT}": "#sha256=",
    f"--index-url=https://example.com/{WHEEL}{SUM}": "not one of",
    f"git+ssh://git@-oProxyCommand=x/tfgen@{COMMIT}": "not one of",
    f"git+ssh://git@-x/tfgen@{COMMIT}": "not one of",
    f"https://-x/{WHEEL}{SUM}": "not one of",
    f"tfgen-ami[demo,,embedded] @ {ADDRESS}": "' '",
    f"-rhttps://example.com/{WHEEL}{SUM}": "not one of",
    **{f"https://example.com/{odd}/{WHEEL}{SUM}": repr(odd[0]) for odd in ("$(id)", "`id`", "${{ x }}", ";", "&", "|")},
    f"https://example.com/<a>/{WHEEL}{SUM}": "not one of",
    **{f"{odd}{ADDRESS}": repr(odd[:1]) for odd in ("\n", " ", "'", '"', "\\", "*", "\x00", "\u2028", "\u00e9")},
    **{f"{ADDRESS}{odd}": repr(odd[:1]) for odd in ("\n", "\r\n", "\t", "\n--index-url x", "'; id; '")},
}


@pytest.mark.parametrize("text", PINNED)
def test_what_names_its_bytes_is_taken_as_it_is(text: str) -> None:
    found = parse_requirement(text)
    assert text.endswith(found.address)
    assert found.name == f"tfgen-ami{extras(text)}"
    assert found.is_on_this_machine == ("file://" in text)


def extras(text: str) -> str:
    """As they are written; an address alone gets the extra with Terraform."""
    name, at, _ = text.partition("://")[0].partition("@")
    return "".join(re.findall(r"\[.*\]", name)) if at else "[embedded]"


@pytest.mark.parametrize("text", LOOSE)
def test_what_does_not_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(TfgenError) as error:
        parse_requirement(text)
    assert LOOSE[text] in error.value.message
    assert error.value.fix
    assert "secret" not in str(error.value)


def test_the_dispatchers_module_says_the_same() -> None:
    """Terraform sees values that tfgen cannot: expressions, and calls written by hand."""
    text = (ROOT / "terraform/modules/dispatcher/variables.tf").read_text()
    patterns = [written.replace("\\\\", "\\") + "\\Z" for written in re.findall(_REGEX, text)]
    assert len(patterns) == 2
    assert [text for text in PINNED if not any(re.search(pattern, text) for pattern in patterns)] == []
    wheels = {text for text, why in LOOSE.items() if "is not a wheel of" in why}  # pip refuses these by itself
    assert {text for text in LOOSE if any(re.search(pattern, text) for pattern in patterns)} <= wheels

"""OpenTofu for the tests: a real one where there is one; else, where that will do, Terraform that behaves like it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tfgen.terraform.binary import find_terraform

#: Where a real one is, named by hand or found on PATH. Read at once: the tests hide such variables from themselves.
_NAMED = "TFGEN_TEST_TOFU"
REAL = os.environ.get(_NAMED) or shutil.which("tofu")
LEFT_OUT = f"left out: tests with a real OpenTofu: no tofu found on PATH or in {_NAMED}"

#: The key in OpenTofu's own form, for plans alone.
KEY = """\
key_provider "pbkdf2" "key" {{
  passphrase = "{passphrase}"
}}
method "aes_gcm" "method" {{
  keys = key_provider.pbkdf2.key
}}
plan {{
  method = method.aes_gcm.method
}}
"""
OURS = KEY.format(passphrase="correct-horse-battery")
ANOTHER = KEY.format(passphrase="another-horse-battery")
#: State and plans.
WHOLE = OURS + "state {\n  method = method.aes_gcm.method\n}\n"

#: What OpenTofu 1.12 says, and how it looks on the two commands that read a saved plan.
_STAND_IN = r"""#!/bin/sh
key=$(printf %s "$TF_ENCRYPTION" | cksum | tr -d ' ')
for last; do :; done
refuse() {
  case $1 in
    show) printf '\nError: Couldn'"'"'t show local plan\n\nPlan read error: %s\n' "$2" >&2;;
    *) printf '{"type":"diagnostic","diagnostic":{"severity":"error","summary":"%s","detail":"%s"}}\n' \
      'Failed to load \"p\" as a plan file' "Error: $2";;
  esac
  exit 1
}
case $1 in
  version)
    case $2 in
      -json) echo '{"terraform_version": "1.12.6", "platform": "linux_amd64", "provider_selections": {}}';;
      *) printf 'OpenTofu v1.12.6\non linux_amd64\n';;
    esac
    exit;;
  plan)
    for word; do case $word in -out=*) out=${word#-out=};; esac; done
    "@REAL@" "$@"
    code=$?
    if [ -n "$TF_ENCRYPTION" ] && [ "$code" != 1 ]; then
      data=$(base64 "$out" | tr -d '\n')
      printf '{"meta":{"key_provider.pbkdf2.key":"%s"},"encrypted_data":"%s","encryption_version":"v0"}' \
        "$(printf %s "$key" | base64)" "$data" >"$out"
    fi
    exit "$code";;
  show | apply)
    if [ "$(head -c 1 "$last")" = '{' ]; then
      [ -n "$TF_ENCRYPTION" ] ||
        refuse "$1" 'the given plan file is encrypted and requires a valid encryption configuration to decrypt'
      grep -q "\"$(printf %s "$key" | base64)\"" "$last" ||
        refuse "$1" 'decryption failed for all provided methods'
      sed 's/.*"encrypted_data":"\([^"]*\)".*/\1/' "$last" | base64 -d >"$last.plain"
      command=$1
      shift
      # The plan is the last word; all others are flags without spaces.
      "@REAL@" "$command" $(printf '%s\n' "$@" | sed '$d') "$last.plain"
      code=$?
      rm -f "$last.plain"
      exit "$code"
    fi;;
esac
exec "@REAL@" "$@"
"""


def real_opentofu() -> str:
    """Its path; leaves the test out, and says so, where there is none."""
    if REAL is None:
        pytest.skip(LEFT_OUT)
    return REAL


def stand_in(folder: Path) -> str:
    """Terraform that says that it is OpenTofu, and encrypts plans."""
    file = folder / "opentofu"
    file.write_text(_STAND_IN.replace("@REAL@", find_terraform().argv[0]), encoding="utf-8")
    file.chmod(0o755)
    return str(file)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test with the mark `both` runs with each product; which one, the fixture `product` says."""
    if metafunc.definition.get_closest_marker("both"):
        metafunc.fixturenames[:] = ["product", *(name for name in metafunc.fixturenames if name != "product")]
        metafunc.parametrize("product", ["terraform", "tofu"], indirect=True)


@pytest.fixture
def product(request: pytest.FixtureRequest, _nothing_outside: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """The product that runs, here and in every process started: Terraform as elsewhere, or a real OpenTofu."""
    wanted: str = request.param
    if wanted == "tofu":
        monkeypatch.setenv("TFGEN_TERRAFORM", real_opentofu())
    return wanted

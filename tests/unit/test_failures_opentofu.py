"""OpenTofu's wordings, and those in which the products differ: see test_failures.py."""

from __future__ import annotations

import pytest

from tests.unit.test_failures import failure
from tfgen_generators.errors import TerraformError

EXCLUDED_BY_TERRAFORM = """
Error: Failed to query available provider packages

Could not retrieve the list of available versions for provider hashicorp/aws:
locked provider registry.terraform.io/hashicorp/aws 3.39.0 does not match
configured version constraint >= 5.70.0, < 7.0.0; must use terraform init
-upgrade to allow selection of new versions
"""
EXCLUDED_BY_OPENTOFU = """
│ Error: Failed to resolve provider packages
│
│ Could not resolve provider hashicorp/aws: locked provider
│ registry.opentofu.org/hashicorp/aws 3.39.0 does not match configured version
│ constraint >= 5.70.0, < 7.0.0; must use tofu init -upgrade to allow selection
│ of new versions
"""


@pytest.mark.parametrize(
    ("product", "stderr", "address"),
    [
        ("terraform", EXCLUDED_BY_TERRAFORM, "registry.terraform.io/hashicorp/aws"),
        ("tofu", EXCLUDED_BY_OPENTOFU, "registry.opentofu.org/hashicorp/aws"),
    ],
)
def test_a_constraint_that_excludes_what_is_locked(product: str, stderr: str, address: str) -> None:
    error = failure("", stderr=stderr, product=product, command="init")
    assert error.message == (
        f"{product} init failed (exit code 1): .terraform.lock.hcl has {address} 3.39.0, which the constraint "
        ">= 5.70.0, < 7.0.0 excludes (log: the.log)"
    )
    assert error.fix == (
        f"to take a version that it allows, run: {product} init -upgrade; then commit .terraform.lock.hcl"
    )


#: OpenTofu 1.12's words, Terraform 1.11's of an encrypted state; what `show` says is plain text with broken lines.
NO_KEY_FOR_A_PLAN = "Error: the given plan file is encrypted and requires a valid encryption configuration to decrypt"
NO_KEY_FOR_A_STATE = (
    "Error message: failed to write backup file: Unsupported state file format: This state file is encrypted and can "
    "not be read without an encryption configuration\n\nOpenTofu acquires a state lock to protect the state"
)
OTHER_KEY = (
    "decryption failed for all provided methods\nattempted decryption failed for {}: decryption failed: cipher: "
    "message authentication failed"
)
NOT_THE_KEY = """
Error: Failed to read the given file as a state or plan file

State read error: Error reading p as a statefile: Unsupported state file format: This state file is encrypted and can
not be read without an encryption configuration

Plan read error: couldn't load the provided path as either a local plan file (decryption failed for all
provided methods
attempted decryption failed for plan) or a saved cloud plan
"""
LOAD = 'Failed to load "p" as a plan file'
NO_KEY = "is encrypted, and no key for it is configured"
ANOTHER = "is encrypted with another key than the configured"
CONFIGURE = "configure the key that it was encrypted with: TF_ENCRYPTION, or the encryption block and its variables"


@pytest.mark.parametrize(
    ("command", "summary", "detail", "stderr", "says", "fix"),
    [
        ("apply", LOAD, NO_KEY_FOR_A_PLAN, "", f"the plan {NO_KEY}", CONFIGURE),
        (
            "show",
            "",
            "",
            f"Plan read {NO_KEY_FOR_A_PLAN}",
            f"the plan {NO_KEY}",
            CONFIGURE,
        ),
        ("plan", "Error acquiring the state lock", NO_KEY_FOR_A_STATE, "", f"the state {NO_KEY}", CONFIGURE),
        ("apply", LOAD, OTHER_KEY.format("plan"), "", f"the plan {ANOTHER}", CONFIGURE),
        ("show", "", "", NOT_THE_KEY, f"the plan {ANOTHER}", CONFIGURE),
        ("plan", "Error acquiring the state lock", OTHER_KEY.format("state"), "", f"the state {ANOTHER}", CONFIGURE),
        (
            *("init", "", "", "encryption.key_provider.pbkdf2.k depends on var.pass which is not\n│ available"),
            "the encryption's key is not known: encryption.key_provider.pbkdf2.k needs var.pass, which has no value",
            "set TF_VAR_pass, which every command then finds",
        ),
        (
            *("plan", "Unable to build encryption key data", "passphrase is too short (minimum 16 characters)", ""),
            "the key of the encryption cannot be made",
            "correct TF_ENCRYPTION, or the encryption block and its variables: see above",
        ),
        (
            *("plan", "x", "encountered unencrypted payload without unencrypted method configured", ""),
            "this is not encrypted, and the configuration reads nothing else",
            'for the first run with encryption, add the method "unencrypted" as a fallback',
        ),
    ],
)
def test_encryption(command: str, summary: str, detail: str, stderr: str, says: str, fix: str) -> None:
    error = failure(summary, detail, stderr=stderr, product="tofu", command=command)
    assert type(error) is TerraformError
    assert error.message == f"tofu {command} failed (exit code 1): {says} (log: the.log)"
    assert error.fix == fix


def test_a_state_that_terraform_does_not_know() -> None:
    detail = 'The state file does not have a "version" attribute, which is required to identify the format version.'
    error = failure("Error acquiring the state lock", f"Error message: Unsupported state file format: {detail}")
    assert "the state is none that Terraform knows, and was not changed" in error.message
    assert str(error.fix).startswith("if OpenTofu has encrypted it, use --terraform tofu with its key")
    broken = failure("x", f"Unsupported state file format: The state file could not be parsed as JSON: x\n\n{detail}")
    assert "the state cannot be read, and was not changed" in broken.message
    assert str(broken.fix).startswith("restore a good version")


@pytest.mark.parametrize(("product", "title"), [("terraform", "Terraform"), ("tofu", "OpenTofu")])
def test_advice_names_the_product_that_ran(product: str, title: str) -> None:
    moved = failure("Backend configuration changed", product=product, command="init")
    assert str(moved.fix).startswith(f"run {product} init with -migrate-state")
    denied = failure("x", "AccessDenied: no", product=product)
    assert denied.fix == f"ask for the permission that {title} names above"
    folder = failure("x", "permission denied", product=product)
    assert folder.fix == f"make the file or folder that {title} names above writable"

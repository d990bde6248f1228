"""What stands between Terraform and the provider: it knows the call for the schema, and leaves out what nobody uses."""

from __future__ import annotations

from tests.terraform.conftest import Estate
from tests.terraform.schema_proxy import Calls, reduced

#: :path, which has a number in HPACK's own table, with a value that is kept for the calls after it.
SCHEMA = b"\x44\x95" + bytes.fromhex("6132d745b31aa6d7d761fb9a42d8c622a771272d23")
OTHER = b"\x44\x02/x"
#: A header of another name, kept too.
AGENT = b"\x40\x01a\x01b"
WHOLE = 4  # no other frame belongs to it


def entry(field: int, name: bytes) -> bytes:
    """A resource (2) or a data source (3) of a schema."""
    inner = b"\x0a" + bytes([len(name)]) + name + b"\x12\x01x"
    return bytes([field << 3 | 2, len(inner)]) + inner


def test_the_types_that_are_used_are_left() -> None:
    provider = b"\x0a\x03own"
    kept = provider + entry(2, b"aws_a") + entry(3, b"aws_a")
    assert reduced(kept + entry(2, b"aws_b") + entry(3, b"aws_ab"), frozenset({b"aws_a"})) == kept


def test_the_call_is_known_by_its_text_and_by_its_number() -> None:
    calls = Calls()
    assert not calls.is_schema(WHOLE, b"\x83" + OTHER)
    assert calls.is_schema(WHOLE, b"\x83" + SCHEMA + AGENT)
    assert calls.is_schema(WHOLE, b"\x83\xbf")  # 63: AGENT is the newest, 62
    assert not calls.is_schema(WHOLE, b"\x83\xbe")
    assert not calls.is_schema(WHOLE, b"\x83\xc0")


def test_headers_that_are_not_understood_are_left_to_the_provider() -> None:
    calls = Calls()
    assert calls.is_schema(WHOLE, SCHEMA)
    assert not calls.is_schema(0, SCHEMA)
    assert not calls.is_schema(WHOLE, SCHEMA)


def test_a_type_that_nobody_uses_is_not_known(estate: Estate) -> None:
    """Else all of them have come."""
    unused = "aws_" + "vpn_gateway_attachment"
    estate.generated.write_text(f'resource "{unused}" "x" {{\n}}\nresource "aws_iam_role" "y" {{\n}}\n')
    estate.init()
    said = estate.terraform("validate", "-no-color", expect=1 if estate.attached else None).stderr
    if estate.attached:
        assert "Invalid resource type" in said
        assert 'The argument "assume_role_policy" is required' in said

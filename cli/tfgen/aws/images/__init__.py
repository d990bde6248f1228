"""The account's AMIs as EC2 has them."""

__all__ = ["list", "model", "read", "snapshots", "standing"]

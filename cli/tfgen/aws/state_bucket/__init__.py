"""The bucket and the lock table for Terraform's state."""

__all__ = ["bucket", "lock_table"]

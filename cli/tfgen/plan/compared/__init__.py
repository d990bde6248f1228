"""A plan's branch held against its base: what Terraform reads there, and what the base alone has."""

__all__ = ["behind", "changed_images"]

"""The resources that a module makes for the inputs of one call, as far as its files decide it without Terraform."""

__all__ = ["conversion", "instance", "model", "text"]

"""`tfgen plan` and `tfgen apply`: plans by image, the gate, and applying a saved plan."""

__all__ = ["apply", "gate", "make", "manifest", "markdown", "plan_file", "table"]

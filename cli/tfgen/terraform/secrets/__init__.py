"""What Terraform says, without the values that nobody but the plan's maker may see."""

__all__ = ["redaction"]

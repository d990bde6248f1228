"""Template and settings to a pipeline: inputs of the module block and names in AWS."""

__all__ = ["aws_names", "ci_roles", "cron", "pipeline", "shared", "shared_inputs", "shared_module"]

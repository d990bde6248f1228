"""Who uses an AMI: one module for each kind of user."""

__all__: list[str] = []

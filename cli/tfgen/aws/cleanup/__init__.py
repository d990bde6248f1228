"""What killed builds leave in AWS: finding it and deleting it in order."""

__all__ = ["find", "model", "remove", "roles"]

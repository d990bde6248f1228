"""AWS: the only room that imports boto3 and botocore."""

__all__ = ["accounts", "clients", "codecommit", "failures", "isolation", "pool", "profiles", "session"]

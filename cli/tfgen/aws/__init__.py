"""AWS: the only room that imports boto3 and botocore."""

__all__ = ["clients", "codecommit", "failures", "isolation", "profiles", "session"]

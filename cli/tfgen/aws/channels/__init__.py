"""Channels in AWS: SSM parameters of type aws:ec2:image, their history and labels."""

__all__ = ["launch_templates", "lock", "move", "read", "running"]

"""What differs: template and generated file, generated file and AWS, AMI and code."""

__all__ = ["find"]

"""Services that moto does not have at all, as small as the life of an AMI needs them."""

__all__ = ["dispatch"]

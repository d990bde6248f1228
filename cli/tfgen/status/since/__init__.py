"""What has changed since an AMI was built: the first commit that concerns its image, and all of them."""

__all__ = ["first"]

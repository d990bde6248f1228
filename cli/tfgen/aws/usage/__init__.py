"""Who uses an AMI: one module for each kind of user, each asked with all pages."""

__all__ = ["ask", "model", "permissions", "references"]

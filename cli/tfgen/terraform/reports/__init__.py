"""What Terraform reports: events, plans by image, and a record of each run."""

__all__ = ["events", "images", "plan", "record", "show"]

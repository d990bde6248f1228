"""What Terraform reports: events, plans by image, and a record of each run."""

__all__ = ["actions", "events", "images", "merged", "plan", "record", "show", "summarizer"]

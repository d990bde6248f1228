"""`tfgen graph`: the graph as SVG, DOT, Mermaid and JSON."""

__all__ = ["channels", "diagram", "document", "dot", "estate", "image", "mermaid", "read", "svg"]

"""`tfgen graph`: the graph as SVG, DOT, Mermaid and JSON."""

__all__ = ["diagram", "document", "dot", "estate", "image", "mermaid", "origins", "placement", "read", "svg", "widths"]

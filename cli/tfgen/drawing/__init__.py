"""Pictures of the graph: what a diagram is, and Mermaid, DOT and SVG of one."""

"""An escalation as text, as a tree for the terminal, as a Mermaid diagram and as a picture. Knows no vendor."""

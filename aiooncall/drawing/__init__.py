"""An escalation as text, as a tree, as a Mermaid diagram and as a picture; what pictures and pages are made of.

Knows no vendor.
"""

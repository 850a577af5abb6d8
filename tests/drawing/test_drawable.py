"""What shows itself where a value is shown."""

from __future__ import annotations

from aiooncall.datadog import EscalationPolicy, EscalationStep, User


def test_notebooks_show_the_picture() -> None:
    """A notebook asks a value for its picture by the name that IPython has for it, and gets what `svg` draws."""
    policy = EscalationPolicy(name="Checkout", steps=[EscalationStep(targets=[User(id="u", name="Ann Lee")])])
    assert policy._repr_svg_() == policy.svg()

"""The table of rules is up to date."""

from __future__ import annotations

import ast

from tests.mutants import ROOT
from tests.rules import RULES, without


def test_each_rule_stands_where_the_table_says() -> None:
    """What stands for each rule is there once, and what is there without it is still Python."""
    for rule in RULES:
        ast.parse(without(rule, ROOT))
    assert len({rule.name for rule in RULES}) == len(RULES)

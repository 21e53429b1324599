"""Who qualifies, and why: three-valued rules over the facts of a household. Pure: data in, verdicts out."""

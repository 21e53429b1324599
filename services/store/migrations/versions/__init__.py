"""One file for each step of the history, numbered."""

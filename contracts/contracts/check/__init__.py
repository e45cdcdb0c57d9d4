"""Keeps the committed contracts true: what is generated is current, what was released stays readable."""

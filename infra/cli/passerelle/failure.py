"""The one error of the command: a sentence for the person, shown without a traceback; the exit status is 1."""


class Failure(Exception):
    """Says what is wrong and what to do about it."""

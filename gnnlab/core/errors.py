"""Errors as one sentence."""

from __future__ import annotations

KNOWN = (ValueError, OSError, KeyError, RuntimeError, ImportError)
"""What is raised with a sentence for whoever can mend it."""


def sentence(error: Exception) -> str:
    """Write an error on one line; of a kind that says little by itself, name the kind.

    Example:
        >>> sentence(KeyError("no such key"))
        'no such key'
        >>> sentence(ZeroDivisionError("division by zero"))
        'division by zero (ZeroDivisionError; GNNLAB_DEBUG=1 shows where)'
    """
    text = error.args[0] if isinstance(error, KeyError) and error.args else error
    kind = type(error).__name__
    known = "" if isinstance(error, KNOWN) else f" ({kind}; GNNLAB_DEBUG=1 shows where)"
    return " ".join(str(text).split()) + known

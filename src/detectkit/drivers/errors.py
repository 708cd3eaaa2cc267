"""What can go wrong on a wire; each error names the instrument's address and the way out."""

from __future__ import annotations

from detectkit.core import DetectkitError


class LinkError(DetectkitError, OSError):
    """A link cannot be opened, or it broke: cable out, peer gone, port taken."""


class LinkTimeoutError(LinkError, TimeoutError):
    """The instrument did not answer in time."""


class InstrumentError(DetectkitError, RuntimeError):
    """The instrument answers, but refuses a setting, reports a fault, or is another one."""

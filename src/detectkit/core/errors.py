"""Every error detectkit raises on purpose: a builtin for `except`, a name for the reader."""

from __future__ import annotations


class DetectkitError(Exception):
    """Base class of all errors that detectkit raises on purpose."""


class UsageError(DetectkitError, ValueError):
    """An argument or option has a value that is not allowed."""


class ShapeError(DetectkitError, ValueError):
    """Arrays or blocks do not fit together."""


class FormatError(DetectkitError, ValueError):
    """A file's content breaks its own format; names file, offset, expected and found."""


class UnknownFormatError(FormatError):
    """No reader recognises the content of a file."""


class MissingSideFileError(DetectkitError, FileNotFoundError):
    """A recording cannot be read without a second file that is not there."""


class MissingDependencyError(DetectkitError, ImportError):
    """An optional package is needed; the message says which extra installs it."""


class PipelineError(DetectkitError, ValueError):
    """A pipeline, step or setting cannot work on this data."""

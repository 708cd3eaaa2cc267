"""What the command's exit code means; scripts rely on it."""

from __future__ import annotations

from enum import IntEnum

from detectkit.core import (
    DetectkitError,
    MissingDependencyError,
    MissingSideFileError,
    PipelineError,
    UsageError,
)


class ExitCode(IntEnum):
    """Exit codes of every command."""

    DONE = 0
    WRONG_USE = 2
    INPUT_UNUSABLE = 3
    DONE_WITH_WARNINGS = 4
    OUTPUT_FAILED = 5


MEANING = {
    ExitCode.DONE: "done",
    ExitCode.WRONG_USE: "wrong use: an option, a setting or a pipeline",
    ExitCode.INPUT_UNUSABLE: "the input cannot be used",
    ExitCode.DONE_WITH_WARNINGS: "done, with warnings that matter",
    ExitCode.OUTPUT_FAILED: "the output could not be written",
}


def code_of(error: DetectkitError | OSError) -> ExitCode:
    """Return the exit code for an error."""
    if isinstance(error, UsageError | PipelineError | MissingDependencyError):
        return ExitCode.WRONG_USE
    if isinstance(error, OSError) and not isinstance(error, MissingSideFileError):
        return ExitCode.OUTPUT_FAILED
    return ExitCode.INPUT_UNUSABLE

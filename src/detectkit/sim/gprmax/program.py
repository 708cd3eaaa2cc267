"""gprMax as a program: where it is, running it on one thread, reading what it wrote."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detectkit.core import DetectkitError, FormatError, MissingDependencyError

VARIABLE = "DETECTKIT_GPRMAX"
LAST_LINES = 12
LOOK_S = 0.1

Progress = Callable[[int], None]


class GprMaxError(DetectkitError, RuntimeError):
    """gprMax ended with an error, or without a result."""


@dataclass(frozen=True, slots=True)
class Program:
    """The command that starts gprMax.

    Parameters
    ----------
    command
        Without the input file, for example ``("/opt/gprmax/bin/python", "-m", "gprMax")``.
    """

    command: tuple[str, ...]

    @classmethod
    def find(cls, path: str | os.PathLike[str] | None = None) -> Program:
        """Return gprMax: the Python of its environment, that environment, or a command.

        Parameters
        ----------
        path
            None: the variable ``DETECTKIT_GPRMAX``, else a command ``gprMax`` on the path.

        Raises
        ------
        MissingDependencyError
            Nothing there that can be started.
        """
        given = os.environ.get(VARIABLE) if path is None else os.fspath(path)
        if given and (Path(given) / "bin" / "python").exists():
            given = str(Path(given) / "bin" / "python")
        found = shutil.which(given or "gprMax")
        if found is None:
            where = f"no program at {given}" if given else "no gprMax on this machine's path"
            msg = (
                f"{where}. gprMax (GPL) is a program of its own: "
                "`python3 -m venv gprmax && gprmax/bin/pip install 'gprMax>=4.0.1'`, then set "
                f"{VARIABLE}=$PWD/gprmax/bin/python"
            )
            raise MissingDependencyError(msg)
        is_python = Path(found).name.startswith("python")
        return cls((found, "-m", "gprMax") if is_python else (found,))

    def run(self, scene: Path, *, cases: int, progress: Progress | None = None) -> list[Path]:
        """Compute a scene on one thread and return its output files, one per case.

        Parameters
        ----------
        scene
            Input file; the program runs in its folder and leaves ``gprmax.log`` there.
        cases
            How many outputs it makes.
        progress
            Called with the number of cases done.

        Raises
        ------
        GprMaxError
            It failed: with its last lines.
        """
        outputs = _outputs(scene, cases)
        for old in outputs:
            old.unlink(missing_ok=True)
        log = scene.with_name("gprmax.log")
        command = [*self.command, scene.name, "--hide-progress-bars", "--allow-underresolved"]
        settings = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
        with log.open("wb") as told:
            running = subprocess.Popen(  # noqa: S603 - the program the user named, no shell
                command, cwd=scene.parent, stdout=told, stderr=subprocess.STDOUT, env=settings
            )
            try:
                _watch(running, outputs, progress)
            finally:
                if running.poll() is None:
                    running.kill()
                    running.wait()
        missing = [one.name for one in outputs if not one.exists()]
        if running.returncode or missing:
            raise GprMaxError(_trouble(running.returncode, missing, log))
        return outputs


def _outputs(scene: Path, cases: int) -> list[Path]:
    if cases == 1:
        return [scene.with_suffix(".h5")]
    return [scene.with_name(f"{scene.stem}{number}.h5") for number in range(1, cases + 1)]


def _watch(
    running: subprocess.Popen[bytes], outputs: list[Path], progress: Progress | None
) -> None:
    """Wait; a case is done when the output of the next is there, or the program has ended."""
    told = 0
    while running.poll() is None:
        time.sleep(LOOK_S)
        done = sum(one.exists() for one in outputs) - 1
        if progress is not None and done > told:
            progress(done)
            told = done
    if progress is not None and not running.returncode:
        progress(len(outputs))


def _trouble(code: int, missing: list[str], log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    last = "\n".join(line for line in lines if line.strip())[-4000:].splitlines()[-LAST_LINES:]
    what = f"gprMax ended with code {code}" if code else f"gprMax left out {', '.join(missing)}"
    return f"{what}; all it said is in {log}. Its last lines:\n" + "\n".join(last)


def read_traces(path: Path, *, receivers: int) -> tuple[npt.NDArray[np.float32], float]:
    """Return the field across the plane at every receiver, and the interval in s.

    Parameters
    ----------
    path
        Output of gprMax: data sets ``rxs/rx1/Ez`` and so on, attribute ``dt``.
    receivers
        How many are expected.

    Returns
    -------
    tuple
        Float32 (receivers, samples) in V/m; sample k is at k times the interval.

    Raises
    ------
    FormatError
        A receiver or the interval is missing.
    """
    import h5py

    with h5py.File(path, "r") as file:
        names = [f"rxs/rx{number}/Ez" for number in range(1, receivers + 1)]
        missing = [name for name in names if name not in file]
        if missing or "dt" not in file.attrs:
            lacks = ", ".join(missing) or "attribute dt"
            msg = f"{path.name}: expected gprMax's field of {receivers} receivers; found no {lacks}"
            raise FormatError(msg)
        field = np.stack([np.asarray(file[name], np.float32) for name in names])
        return field, float(file.attrs["dt"])

"""Who may import whom, and what `import detectkit` costs."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {
    "scipy",
    "numba",
    "h5py",
    "cv2",
    "matplotlib",
    "pyproj",
    "typer",
    "rich",
    "xarray",
    "torch",
}


def test_rooms_keep_their_layers() -> None:
    """The contracts of import-linter in pyproject.toml."""
    program = shutil.which("lint-imports", path=Path(sys.executable).parent.as_posix())
    assert program, "install the tests' extra: pip install -e '.[test]'"
    done = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("module", ["detectkit", "detectkit.core"])
def test_start_up_loads_numpy_at_most(module: str) -> None:
    code = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert HEAVY.isdisjoint(done.stdout.split())


def imported(text: str) -> Iterator[str]:
    """Yield the top-level name of every absolute import, at any depth of the code."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").partition(".")[0]


@pytest.mark.parametrize(
    "path", sorted((ROOT / "src/detectkit/core").glob("*.py")), ids=lambda p: p.stem
)
def test_core_needs_numpy_and_the_standard_library_only(path: Path) -> None:
    """An allow-list: the contract in pyproject.toml can only name what it knows of."""
    allowed = {"numpy", "detectkit", *sys.stdlib_module_names}
    assert set(imported(path.read_text(encoding="utf-8"))) <= allowed


def test_imports_inside_functions_are_seen() -> None:
    assert set(imported("import a.b\ndef f():\n    from c.d import e\n")) == {"a", "c"}

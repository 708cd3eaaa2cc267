"""Text files beside a recording: a damaged one is reported, and the data still open."""

from __future__ import annotations

from pathlib import Path

from detectkit.io.notice import Notice

LARGEST_BYTES = 256 * 1024 * 1024


def side_text(path: Path) -> tuple[str, tuple[Notice, ...]]:
    """Return the text of a side file and what was wrong with it.

    UTF-8, and Latin-1 where it is none; a file that cannot be read arrives as an empty text
    with a warning.
    """
    content, notices = _content(path)
    return _decoded(content), notices


def side_lines(path: Path) -> tuple[list[tuple[int, str]], tuple[Notice, ...]]:
    """Return (byte offset, text without blanks around) of each line that is not empty."""
    content, notices = _content(path)
    lines: list[tuple[int, str]] = []
    offset = 0
    for line in content.splitlines(keepends=True):
        if line.strip():
            lines.append((offset, _decoded(line).strip()))
        offset += len(line)
    return lines, notices


def _content(path: Path) -> tuple[bytes, tuple[Notice, ...]]:
    try:
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            text = f"{size:,} bytes are too many for such a file; it is not read"
            return b"", (Notice("warning", text, path.name),)
        return path.read_bytes(), ()
    except OSError as error:
        return b"", (Notice("warning", f"cannot be read: {error}", path.name),)


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")

"""A process that records 1.6 MB/s and prints what it acknowledges, until it is killed.

Segments are short, so that kills fall between two files as well. Run by `test_kill`.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from detectkit.io.journal import Recorder

from .journals import record

RECORDS_PER_S = 800
RECORD_BYTES = 2048


def acknowledge(recorder: Recorder) -> None:
    told = -2
    while True:
        if (durable := recorder.durable_seq) != told:
            told = durable
            sys.stdout.write(f"{told}\n")
            sys.stdout.flush()
        time.sleep(0.001)


def main() -> None:
    recorder = Recorder(
        Path(sys.argv[1]), sync_s=0.05, segment_bytes=300_000, segment_s=0.3, minimum_free_bytes=0
    )
    recorder.start()
    threading.Thread(target=acknowledge, args=(recorder,), daemon=True).start()
    start, seq = time.monotonic(), 0
    while True:
        due = int((time.monotonic() - start) * RECORDS_PER_S)
        for one in (record(number, size=RECORD_BYTES) for number in range(seq, due)):
            recorder.put(
                one.source, one.kind, one.data, arrival_ns=one.arrival_ns, utc_ns=one.utc_ns
            )
        seq = max(seq, due)
        time.sleep(0.002)


if __name__ == "__main__":
    main()

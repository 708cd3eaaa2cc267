"""How many frames were lost on the way, where datagrams may come late or twice."""

from __future__ import annotations

from dataclasses import dataclass, field

WINDOW = 32
MOST_SENDERS = 64


@dataclass(slots=True)
class Window:
    """The last `WINDOW` sequence numbers of one sender.

    A number counts as lost once it leaves the window unseen; a jump back by more than the window
    is a restart of the sender.
    """

    received: int = 0
    lost: int = 0
    repeated: int = 0
    restarts: int = 0
    _top: int = -1
    _seen: int = 0
    _checksums: dict[int, int] = field(default_factory=dict)

    def heard(self, sequence: int, checksum: int) -> bool:
        """Note a frame; return False for a repetition of one that is in the window."""
        ahead = 0 if self._top < 0 else (sequence - self._top + 128) % 256 - 128
        if self._top < 0 or ahead <= -WINDOW:
            self._begin(sequence)
        elif ahead > 0:
            self._advance(ahead)
        elif self._seen >> -ahead & 1 and self._checksums.get(sequence) == checksum:
            self.repeated += 1
            return False
        else:
            self._seen |= 1 << -ahead
        self._checksums[sequence] = checksum
        self.received += 1
        return True

    def reset(self) -> None:
        """Expect any number next; what was lost while the link was down is not counted."""
        self._top = -1

    def _begin(self, sequence: int) -> None:
        self.restarts += self._top >= 0
        self._top = sequence
        self._seen = (1 << WINDOW) - 1  # what came before is not missed
        self._checksums.clear()

    def _advance(self, ahead: int) -> None:
        self._top = (self._top + ahead) % 256
        self._seen = (self._seen << ahead) | 1
        gone = self._seen >> WINDOW
        self.lost += ahead - gone.bit_count()
        self._seen &= (1 << WINDOW) - 1


class Losses:
    """A window for each sender, by system and component; at most `MOST_SENDERS` of them."""

    def __init__(self) -> None:
        self.senders: dict[tuple[int, int], Window] = {}

    def heard(self, sender: tuple[int, int], sequence: int, checksum: int) -> bool:
        """Note a frame of a sender; return False for a repetition."""
        if sender not in self.senders:
            if len(self.senders) >= MOST_SENDERS:
                return True
            self.senders[sender] = Window()
        return self.senders[sender].heard(sequence, checksum)

    def reset(self) -> None:
        """Begin anew with every sender: the link was opened anew. The counts stay."""
        for window in self.senders.values():
            window.reset()

    def share(self, sender: tuple[int, int]) -> float:
        """Return the share of a sender's frames that were lost, 0 to 1; NaN when none came."""
        window = self.senders.get(sender)
        if window is None or window.received == 0:
            return float("nan")
        return window.lost / (window.lost + window.received)

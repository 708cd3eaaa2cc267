"""Addresses of instruments: ``scheme:where?option=value``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from detectkit.core import UsageError

EXAMPLES: Mapping[str, str] = {
    "serial": "serial:/dev/ttyUSB0?baud=115200",
    "tcp": "tcp://192.168.0.10:23",
    "tcp-listen": "tcp-listen://0.0.0.0:4001",
    "udp": "udp://192.168.1.100:21210",
    "udp-listen": "udp-listen://0.0.0.0:14550",
    "replay": "replay:recorded.bin?rate=11520",
}
"""An example of each scheme of `open_transport`."""

OF_FILES = ("serial", "replay")
LISTENING = ("tcp-listen", "udp-listen")


@dataclass(frozen=True, slots=True)
class Address:
    """An address taken apart.

    Parameters
    ----------
    text
        The whole, as given.
    scheme
        What stands before the colon.
    path
        Device or file, of the schemes that have one.
    host, port
        Where in the network, of the others; port 0 lets a listener choose.
    options
        What stands after the question mark.
    """

    text: str
    scheme: str
    path: str = ""
    host: str = ""
    port: int = 0
    options: Mapping[str, str] = field(default_factory=dict)

    def only(self, *names: str) -> None:
        """Refuse options other than these, with the list of them."""
        unknown = sorted(set(self.options) - set(names))
        if unknown:
            allowed = f"takes {', '.join(names)}" if names else "takes no options"
            msg = f"{self.text}: option {unknown[0]!r} is not known; {self.scheme} {allowed}"
            raise UsageError(msg)

    def number(self, name: str, default: float) -> float:
        """Return an option as a number above 0."""
        text = self.options.get(name)
        if text is None:
            return default
        try:
            value = float(text)
        except ValueError:
            value = 0.0
        if not 0.0 < value < float("inf"):
            msg = f"{self.text}: {name}={text} must be a number above 0"
            raise UsageError(msg)
        return value

    def choice(self, name: str, allowed: Sequence[str], default: str) -> str:
        """Return an option that has a few allowed values."""
        text = self.options.get(name, default)
        if text not in allowed:
            msg = f"{self.text}: {name}={text} must be one of {', '.join(allowed)}"
            raise UsageError(msg)
        return text


def parse_address(text: str) -> Address:
    """Take an address apart.

    Raises
    ------
    UsageError
        Unknown scheme, no device, no host or no port; lists the schemes with examples.

    Examples
    --------
    >>> parse_address("tcp://192.168.0.10:23").port
    23
    >>> parse_address("serial:/dev/ttyUSB0?baud=9600").options
    {'baud': '9600'}
    """
    scheme, colon, rest = text.partition(":")
    if not colon or scheme not in EXAMPLES:
        raise _refused(text, "its scheme is not known")
    if scheme in OF_FILES:
        path, _, query = rest.partition("?")
        if not path or path.startswith("//"):
            raise _refused(text, "it names no device or file, or has // before it")
        return Address(text, scheme, path=path, options=_options(text, query))
    return _in_the_network(text, scheme)


def _in_the_network(text: str, scheme: str) -> Address:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise _refused(text, str(error)) from error
    if not parts.netloc or parts.path.strip("/") or parts.username is not None:
        raise _refused(text, "it is not //host:port")
    if port is None or (port == 0 and scheme not in LISTENING):
        raise _refused(text, "it names no port")
    if not host and scheme not in LISTENING:
        raise _refused(text, "it names no host")
    options = _options(text, parts.query)
    return Address(text, scheme, host=host or "0.0.0.0", port=port, options=options)  # noqa: S104 - an empty host of a listener means every interface


def _options(text: str, query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError as error:
        raise _refused(text, "its options are not name=value, joined by &") from error
    return dict(pairs)


def _refused(text: str, reason: str) -> UsageError:
    examples = "; ".join(EXAMPLES.values())
    return UsageError(f"address {text!r} cannot be used: {reason}; addresses look like {examples}")

"""The NIC-500's REST interface, by the standard library only."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

from detectkit.core import UsageError
from detectkit.drivers import InstrumentError, LinkError

SCHEMES = ("http://", "tcp://")
TIMEOUT_S = 5.0
NOT_RUNNING = 4003

REASONS: Mapping[int, str] = {
    8: "a value is out of range; look at points, interval and period",
    9: "it does not know this command; is the SDK mode activated?",
    11: "it cannot read the format of a value",
    1006: "the device could not be initialised; switch the NIC-500 off and on",
    4001: "the GPR is not powered or not connected; look at its cable and battery",
    4003: "the GPR is not running",
    4004: "the GPR is running already; stop it first",
    4005: "the GPR has not been set up",
    4013: "this GPR is not supported by the SDK",
    4016: "the GPR has no receiver; look at its cables",
    4017: "the GPR has more than one receiver",
    4018: "transmitter and receiver have different frequencies; use a matching pair",
}
WARNINGS: Mapping[int, str] = {
    912: "a setting was not known to it and changed nothing",
    913: "a setting was rounded",
    919: "no transmitter was found: it records noise only",
}


class RefusedError(InstrumentError):
    """The NIC-500 answered with an error code.

    Parameters
    ----------
    words
        What it refused and why.
    code
        Its status code.
    """

    def __init__(self, words: str, code: int) -> None:
        super().__init__(words)
        self.code = code


def is_rest_address(address: str) -> bool:
    """Tell whether an address names the REST interface, not a recorded or relayed stream."""
    return address.startswith(SCHEMES)


class Rest:
    """Asks and commands one NIC-500.

    Parameters
    ----------
    address
        ``tcp://host:port`` or ``http://host:port`` of the REST interface.

    Attributes
    ----------
    host
        Where the data socket is too.
    warnings
        What it warned of, newest last, without repetitions.
    """

    def __init__(self, address: str) -> None:
        parts = urllib.parse.urlsplit(address)
        if not is_rest_address(address) or not parts.hostname or parts.port is None:
            msg = f"nic500: address {address!r} must look like tcp://192.168.20.221:8080"
            raise UsageError(msg)
        self.host = parts.hostname
        self.warnings: list[str] = []
        self._address = address
        self._base = f"http://{parts.netloc}/api"
        # No proxy: the instrument is on a cable, whatever the environment says.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(self, resource: str, *, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
        """Return the data of a resource (``"nic/status"``, "" for the interface itself)."""
        return self._call(urllib.request.Request(self._url(resource)), resource, timeout_s)  # noqa: S310 - always http

    def put(self, resource: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """Change a resource; return its data as they are now."""
        form = urllib.parse.urlencode({"data": json.dumps(data)}).encode()
        request = urllib.request.Request(self._url(resource), data=form, method="PUT")  # noqa: S310 - always http
        return self._call(request, resource, TIMEOUT_S)

    def _url(self, resource: str) -> str:
        return f"{self._base}/{resource}" if resource else self._base

    def _call(
        self, request: urllib.request.Request, resource: str, timeout_s: float
    ) -> dict[str, Any]:
        answer = self._answer(request, timeout_s)
        what = f"{request.get_method()} {resource or 'api'}"
        try:
            reply = json.loads(answer)
            status = reply.get("status", {})
            code = int(status.get("status_code", 0))
            data = reply["data"] or {} if "data" in reply else reply  # nic/status has no "data"
            kind = str(status.get("type", "ERROR" if code else "SUCCESS"))
        except (ValueError, AttributeError, TypeError) as error:
            msg = f"{self._address} answers {what} with {answer[:60]!r}; is this a NIC-500?"
            raise InstrumentError(msg) from error
        if not isinstance(data, dict):
            msg = f"{self._address} answers {what} with data {data!r}, not a table"
            raise InstrumentError(msg)
        self._judge(what, code, kind, str(status.get("message", "")))
        return data

    def _answer(self, request: urllib.request.Request, timeout_s: float) -> bytes:
        try:
            with self._opener.open(request, timeout=timeout_s) as response:
                return bytes(response.read())
        except urllib.error.HTTPError as error:  # errors come with a body of JSON all the same
            with error:
                return error.read()
        except (OSError, http.client.HTTPException) as error:
            msg = (
                f"{self._address}: the NIC-500 does not answer {request.full_url} ({error}); look "
                "at its power, cable and address, and that the SDK mode is activated"
            )
            raise LinkError(msg) from error

    def _judge(self, what: str, code: int, kind: str, message: str) -> None:
        if code == 0:
            return
        if kind == "WARNING" or code in WARNINGS:
            words = f"{what}: {WARNINGS.get(code, message)} ({code})"
            if words not in self.warnings:
                self.warnings.append(words)
            return
        reason = REASONS.get(code, message or "no reason given")
        msg = f"{self._address}: the NIC-500 refuses {what}: {reason} (code {code})"
        raise RefusedError(msg, code)

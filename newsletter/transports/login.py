"""Both sides of a login by SMTP AUTH (RFC 4954); for private lines only."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from binascii import Error as Base64Error

from newsletter.errors import CredentialsError, TransportError
from newsletter.transports.dialogue import Line, Reply

_ACCEPTED = 235
_GO_ON = 334
_HINT = "check username and password in [delivery.smtp]; some providers want a password made for programs"


async def log_in(
    line: Line, offered: str, username: str, password: str, *, peer: str, patience: float
) -> None:
    """Logs in with the first of PLAIN, LOGIN and CRAM-MD5 that is among the `offered` ways.

    Raises CredentialsError when the server knows no such user and password, TransportError when it cannot
    tell now. Neither ever shows a secret, even when the server repeats it.
    """
    user, secret = username.encode("utf-8"), password.encode("utf-8")
    whole = b64encode(b"\0" + user + b"\0" + secret)
    shown = {whole.decode(): "…", b64encode(secret).decode(): "…", password: "…"}
    ways = offered.upper().split()
    if "PLAIN" in ways:
        reply = await _say(line, b"AUTH PLAIN " + whole, patience)
    elif "LOGIN" in ways:
        reply = await _say(line, b"AUTH LOGIN", patience)
        for answer in (user, secret):
            if reply.code == _GO_ON:
                reply = await _say(line, b64encode(answer), patience)
    elif "CRAM-MD5" in ways:
        reply = await _say(line, b"AUTH CRAM-MD5", patience)
        if reply.code == _GO_ON:
            digest = hmac.new(secret, _challenge(reply, peer), "md5").hexdigest()
            reply = await _say(line, b64encode(user + b" " + digest.encode("ascii")), patience)
    else:
        raise CredentialsError(
            f"{peer} offers no login that we know ({offered or 'none at all'})",
            hint="some servers offer it on port 465 or 587 only; if this one wants none, leave username out",
        )
    if reply.code == _ACCEPTED:
        return
    words = str(reply)
    for part, instead in shown.items():
        words = words.replace(part, instead) if part else words
    if 400 <= reply.code < 500:
        raise TransportError(f"{peer} cannot check our login now: {words}", code="login-later")
    raise CredentialsError(f"{peer} does not accept our user name and password: {words}", hint=_HINT)


async def _say(line: Line, octets: bytes, patience: float) -> Reply:
    line.send(octets + b"\r\n")
    return await line.reply(patience)


def _challenge(reply: Reply, peer: str) -> bytes:
    try:
        return b64decode(reply.lines[0], validate=True)
    except Base64Error as error:
        raise TransportError(
            f"{peer} gives a challenge that cannot be read: {reply}", code="nonsense"
        ) from error


class LoginDesk:
    """The server's side, for the sink: PLAIN and LOGIN, one attempt."""

    def __init__(self, username: str, password: str) -> None:
        self._expected = [username.encode("utf-8"), password.encode("utf-8")]
        self._plain = False
        self._answers: list[bytes] = []

    def begin(self, argument: str) -> str:
        """The reply to `AUTH argument`."""
        way, _, initial = argument.partition(" ")
        self._plain = way.upper() == "PLAIN"
        if not self._plain and way.upper() != "LOGIN":
            return "504 5.5.4 PLAIN or LOGIN"
        if initial:
            return self.take(initial)
        return "334 " if self._plain else "334 VXNlcm5hbWU6"

    def take(self, line: str) -> str:
        """The reply to one more line: 334 goes on, 235 is welcome."""
        try:
            self._answers.append(b64decode(line, validate=True))
        except Base64Error:
            return "501 5.5.2 Not base64"
        if self._plain:
            self._answers = self._answers[0].split(b"\0")[1:]
        elif len(self._answers) == 1:
            return "334 UGFzc3dvcmQ6"
        return "235 2.7.0 Welcome" if self._answers == self._expected else "535 5.7.8 Who are you?"

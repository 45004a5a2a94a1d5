"""Both sides of a login by SMTP AUTH (RFC 4954); for private lines only."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Collection

from newsletter.errors import CredentialsError, TransportError
from newsletter.transports.dialogue import Reply
from newsletter.transports.line import Line

AUTO = "auto"
WAYS = ("plain", "login", "cram-md5", "xoauth2")
"""The ways that we know. `AUTO` takes the first three in this order; a token is never tried as a password."""

_ACCEPTED = 235
_GO_ON = 334
_HINT = "check username and password in [delivery.smtp]; some providers want a password made for programs"
_TOKEN_HINT = "access tokens last for an hour or so: has something put a new one where password points?"  # noqa: S105 - words about one


async def log_in(
    line: Line, offered: str, username: str, secret: str, *, auth: str = AUTO, peer: str, patience: float
) -> None:
    """Logs in by `auth`, or by the first way of ours that is among the `offered` ones.

    `secret` is the password, or the access token for XOAUTH2. Raises CredentialsError when the server does
    not accept them, TransportError when it cannot tell now. Neither ever shows a secret, even when the server
    repeats it.
    """
    ways = offered.upper().split()
    wanted = WAYS[:-1] if auth == AUTO else (auth,)
    way = next((way for way in wanted if way.upper() in ways), "")
    if not way:
        known = "no login that we know" if auth == AUTO else f"no login by {auth}"
        raise CredentialsError(
            f"{peer} offers {known} ({offered or 'none at all'})",
            hint="some servers offer it on port 465 or 587 only; if this one wants none, leave username out",
        )
    dialogue = _Dialogue(line, username.encode("utf-8"), secret.encode("utf-8"), peer, patience)
    match way:
        case "plain":
            reply = await dialogue.plain()
        case "login":
            reply = await dialogue.login()
        case "cram-md5":
            reply = await dialogue.cram_md5()
        case _:
            reply = await dialogue.xoauth2()
    if reply.code == _ACCEPTED:
        return
    words = _without(str(reply), dialogue.secrets)
    if 400 <= reply.code < 500:
        raise TransportError(f"{peer} cannot check our login now: {words}", code="login-later")
    what, hint = ("access token", _TOKEN_HINT) if way == "xoauth2" else ("password", _HINT)
    raise CredentialsError(f"{peer} does not accept our user name and {what}: {words}", hint=hint)


class _Dialogue:
    """The client's lines, one method a way; `secrets` is what must not be shown."""

    def __init__(self, line: Line, user: bytes, secret: bytes, peer: str, patience: float) -> None:
        self.secrets: set[str] = set()
        self._line = line
        self._user = user
        self._secret = secret
        self._peer = peer
        self._patience = patience

    async def plain(self) -> Reply:
        """RFC 4616, in one line."""
        return await self._say(b"AUTH PLAIN ", b"\0" + self._user + b"\0" + self._secret)

    async def login(self) -> Reply:
        """Name and password each on a line of its own, as many servers still want it."""
        reply = await self._say(b"AUTH LOGIN")
        for answer in (self._user, self._secret):
            if reply.code == _GO_ON:
                reply = await self._say(b"", answer)
        return reply

    async def cram_md5(self) -> Reply:
        """RFC 2195: the password itself does not travel."""
        reply = await self._say(b"AUTH CRAM-MD5")
        if reply.code != _GO_ON:
            return reply
        try:
            challenge = b64decode(reply.octets[0], validate=True)
        except Base64Error as error:
            said = f"{self._peer} gives a challenge that cannot be read: {reply}"
            raise TransportError(said, code="nonsense") from error
        digest = hmac.new(self._secret, challenge, "md5").hexdigest()
        return await self._say(b"", self._user + b" " + digest.encode("ascii"))

    async def xoauth2(self) -> Reply:
        """Google's and Microsoft's way; a refusal explains itself first and wants an empty line back."""
        token = b"user=" + self._user + b"\1auth=Bearer " + self._secret + b"\1\1"
        reply = await self._say(b"AUTH XOAUTH2 ", token)
        return await self._say(b"") if reply.code == _GO_ON else reply

    async def _say(self, command: bytes, answer: bytes = b"") -> Reply:
        encoded = b64encode(answer)
        for secret in (encoded, b64encode(self._secret), self._secret):
            self.secrets.add(secret.decode("utf-8"))
        self._line.send(command + encoded + b"\r\n")
        return await self._line.reply(self._patience)


def _without(words: str, secrets: Collection[str]) -> str:
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        words = words.replace(secret, "…")
    return words


class LoginDesk:
    """The server's side, for the sink: PLAIN, LOGIN and XOAUTH2, one attempt."""

    offers = "PLAIN LOGIN XOAUTH2"

    def __init__(self, username: str, password: str) -> None:
        user, secret = username.encode("utf-8"), password.encode("utf-8")
        self._expected = {
            "PLAIN": [b"\0" + user + b"\0" + secret],
            "LOGIN": [user, secret],
            "XOAUTH2": [b"user=" + user + b"\1auth=Bearer " + secret + b"\1\1"],
        }
        self._way = ""
        self._answers: list[bytes] = []

    def begin(self, argument: str) -> str:
        """The reply to `AUTH argument`."""
        way, _, initial = argument.partition(" ")
        self._way = way.upper()
        if self._way not in self._expected:
            return f"504 5.5.4 {self.offers}"
        if initial:
            return self.take(initial)
        return "334 VXNlcm5hbWU6" if self._way == "LOGIN" else "334 "

    def take(self, line: str) -> str:
        """The reply to one more line: 334 goes on, 235 is welcome."""
        try:
            self._answers.append(b64decode(line, validate=True))
        except Base64Error:
            return "501 5.5.2 Not base64"
        if self._answers == self._expected[self._way]:
            return "235 2.7.0 Welcome"
        if self._way == "LOGIN" and len(self._answers) == 1:
            return "334 UGFzc3dvcmQ6"
        if self._way == "XOAUTH2" and len(self._answers) == 1:
            return "334 eyJzdGF0dXMiOiI0MDAifQ=="
        return "535 5.7.8 Who are you?"

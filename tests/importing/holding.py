"""Files that are held in memory, for the tests of this room."""

from newsletter.errors import ContentError
from newsletter.importing.posts import LeftOut, Post


class Held:
    """Files by their names."""

    def __init__(self, files: dict[str, str | bytes]) -> None:
        self._files = {name: data.encode() if isinstance(data, str) else data for name, data in files.items()}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._files))

    def read(self, name: str) -> bytes:
        data = self._files[name]
        if data == b"!":
            raise ContentError("It cannot be read.", file=name)
        return data


def a_post(found: Post | LeftOut) -> Post:
    assert isinstance(found, Post), found
    return found


def left_out(found: Post | LeftOut) -> LeftOut:
    assert isinstance(found, LeftOut), found
    return found

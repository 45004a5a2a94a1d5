from pathlib import Path

import pytest

from newsletter.config import Secret, resolve_secret
from newsletter.errors import ConfigurationError


def nothing(_name: str) -> str:
    raise FileNotFoundError(2, "No such file or directory")


def test_a_secret_from_the_environment() -> None:
    assert resolve_secret(Secret("env", "PASSWORD"), {"PASSWORD": " s3cret "}, nothing) == " s3cret "


def test_a_secret_from_the_first_line_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cret\r\nand a remark\n")

    found = resolve_secret(Secret("file", "password"), {}, lambda name: (tmp_path / name).read_text())

    assert found == "s3cret"


def test_a_secret_of_several_lines(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("-----BEGIN KEY-----\nabc\n-----END KEY-----\n\n")

    found = resolve_secret(
        Secret("file", "key.pem"), {}, lambda name: (tmp_path / name).read_text(), whole=True
    )

    assert found == "-----BEGIN KEY-----\nabc\n-----END KEY-----"


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        (Secret("env", "PASSWORD"), "the environment variable PASSWORD is not set or empty"),
        (Secret("file", "password"), "the file password cannot be read (No such file or directory)"),
    ],
)
def test_a_secret_that_is_not_there(secret: Secret, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        resolve_secret(secret, {}, nothing, key="delivery.smtp.password", file="newsletter.toml", line=7)

    (problem,) = caught.value.problems
    assert problem.message == f"delivery.smtp.password: {words}."
    assert (problem.file, problem.line, problem.code) == ("newsletter.toml", 7, "no-secret")


def test_an_empty_file_and_one_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")

    for name, words in (("empty", "is empty"), ("binary", "it is not text")):
        with pytest.raises(ConfigurationError, match=words):
            resolve_secret(Secret("file", name), {}, lambda name: (tmp_path / name).read_text())


def test_a_secret_is_written_as_its_reference() -> None:
    assert str(Secret("env", "PASSWORD")) == "env:PASSWORD"

import subprocess
import sys
import time

import pytest

from newsletter import __version__
from newsletter.cli import table
from newsletter.cli.app import group
from tests.cli.running import Run

HEAVY = (
    "click",
    "sqlalchemy",
    "alembic",
    "requests",
    "feedparser",
    "jinja2",
    "ssl",
    "asyncio",
    "markdown_it",
    "yaml",
    "mjml",
    "PIL",
    "pybtex",
    "email_validator",
)


def python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    ).stdout


def loaded_after(*arguments: str) -> set[str]:
    code = f"""
import sys
from newsletter.cli import main
main({list(arguments)!r})
print("MODULES", *(name for name in {HEAVY!r} if name in sys.modules))
"""
    return set(python(code).splitlines()[-1].split()[1:])


def test_help_imports_nothing_that_it_does_not_need() -> None:
    assert loaded_after("--help") == set()


@pytest.mark.parametrize("command", table.COMMANDS)
def test_the_help_of_a_command_imports_nothing_slow(command: str) -> None:
    assert loaded_after(command, "--help") == {"click"}


def test_help_is_there_in_under_three_times_the_start_of_python() -> None:
    def best(*arguments: str) -> float:
        times = []
        for _ in range(10):
            begun = time.perf_counter()
            subprocess.run([sys.executable, *arguments], capture_output=True, check=True, timeout=60)
            times.append(time.perf_counter() - begun)
        return min(times)

    assert best("-m", "newsletter", "--help") < 3 * best("-c", "pass")


def test_help_is_the_same_with_and_without_click(run: Run) -> None:
    plain = run("--help")

    assert plain.out == run("-h").out == run("-C", "somewhere", "--help").out == table.help_text()
    assert plain.code == 0
    assert all(len(line) <= 100 for line in plain.out.splitlines())


def test_without_a_command_help_is_shown_and_the_exit_code_says_so(run: Run) -> None:
    ran = run()

    assert ran.code == 2
    assert ran.err.strip() == table.help_text().strip()


@pytest.mark.parametrize("name", table.COMMANDS)
def test_the_table_and_the_commands_agree(name: str) -> None:
    import click

    context = click.Context(group)
    command = group.get_command(context, name)

    assert command is not None
    assert command.name == name
    assert command.help
    assert {"json", "quiet", "verbose"} <= {parameter.name for parameter in command.params}
    for inner in getattr(command, "commands", {}).values():
        assert {"json", "quiet", "verbose"} <= {parameter.name for parameter in inner.params}


def test_version(run: Run) -> None:
    assert run("--version").out == f"newsletter {__version__}\n"


def test_python_can_run_the_package() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "newsletter", "--version"], capture_output=True, text=True, timeout=60
    )

    assert (ran.returncode, ran.stdout) == (0, f"newsletter {__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("chekc",), "No such command 'chekc'. Did you mean 'check'?"),
        (("subscribers", "imprt"), "No such command 'imprt'. Did you mean 'import'?"),
        (("check", "--jsn"), "No such option '--jsn'. Did you mean '--json'?"),
        (("--foo", "check"), "No such option '--foo'"),
        (("new",), "Missing argument 'TITLE...'"),
        (("-C",), "Option '-C' requires an argument"),
    ],
)
def test_what_is_not_understood(run: Run, arguments: tuple[str, ...], words: str) -> None:
    ran = run(*arguments)

    assert ran.code == 2
    assert ran.out == ""
    assert words in ran.err


def test_a_shell_can_complete_commands() -> None:
    code = """
import os
os.environ.update(_NEWSLETTER_COMPLETE="bash_complete", COMP_WORDS="newsletter su", COMP_CWORD="1")
from newsletter.cli import main
main([])
"""
    assert python(code) == "plain,subscribers\n"

"""The table of commands: name, module of `newsletter.cli` (imported on use), one line of help."""

USAGE = "newsletter [-C DIR] [--json] [-q | -v] COMMAND [ARGUMENT ...]"

SECTIONS = (
    (
        "Write",
        (
            ("init", "init", "Start a new publication in a folder."),
            ("new", "new", "Start a new issue, as a draft."),
            ("check", "check", "Find what is wrong, with file, line and mend."),
            ("build", "build", "Compile an issue to look at it before sending."),
            ("doctor", "doctor", "See whether mail from here will arrive, and what to mend."),
        ),
    ),
    (
        "Gather",
        (
            ("feeds", "feeds", "See what the feeds hold that no issue has used."),
            ("compose", "compose", "Write a draft issue from what is new in the feeds."),
            ("import-posts", "import_posts", "Bring older writing in, as archived issues."),
        ),
    ),
    (
        "Send",
        (
            ("test", "test", "Send an issue to yourself, marked as a test."),
            ("send", "send", "Send an issue to its readers, each exactly once."),
            ("status", "status", "See how far a mailing is, and what became of it."),
            ("why", "why", "Tell what happened to one reader, and why."),
            ("pause", "steer", "Let no further message leave for now."),
            ("resume", "send", "Go on with a mailing where it stopped."),
            ("retry", "steer", "Try deferred deliveries now instead of later."),
            ("cancel", "steer", "Stop a mailing for good."),
            ("resolve", "resolve", "Settle deliveries of which nobody knows if they arrived."),
        ),
    ),
    (
        "Publish",
        (
            ("archive", "archive", "Build the public site of all issues."),
            ("theme", "theme", "How mail and archive look: list, copy, check."),
            ("subscribers", "subscribers", "The list: add, import, list."),
        ),
    ),
)

OPTIONS = (
    ("-C DIR", "Work on the publication in DIR instead of here."),
    ("--json", "Print the result as JSON."),
    ("-q, --quiet", "Say nothing but results and errors."),
    ("-v, --verbose", "Say more."),
    ("--version", "Print the version."),
    ("-h, --help", "Print this; after a command, what that command does."),
)

EXIT_CODES = (
    (0, "Done."),
    (1, "It failed, or `check` or `doctor` found something to mend."),
    (2, "The command line was not understood."),
    (3, "Something in newsletter.toml, a template or a credential is wrong."),
    (4, "Sent, but some deliveries were refused or are in doubt."),
    (75, "Not now: the server or another process is busy. Try again later."),
    (130, "Interrupted; everything is saved."),
    (141, "Whoever read the output stopped reading."),
)

COMMANDS = {name: (module, line) for _, rows in SECTIONS for name, module, line in rows}


def help_text() -> str:
    """What `newsletter --help` prints."""
    lines = [f"Usage: {USAGE}", ""]
    lines += ["Write in Markdown, check, send and archive a newsletter from plain files.", ""]
    width = max(len(first) for first in (*COMMANDS, *(option for option, _ in OPTIONS)))
    for title, rows in (
        *((title, [(n, h) for n, _, h in rows]) for title, rows in SECTIONS),
        ("Options", OPTIONS),
    ):
        lines += [f"{title}:", *(f"  {first:<{width}}  {line}" for first, line in rows), ""]
    lines.append(
        "The weekly routine: newsletter new, check, build, send. `newsletter COMMAND --help` tells more."
    )
    return "\n".join(lines) + "\n"

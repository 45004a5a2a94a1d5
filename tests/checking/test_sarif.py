from __future__ import annotations

import json

from newsletter.checking.rules import RULES
from newsletter.checking.sarif import to_sarif
from newsletter.errors import Level, Problem

PROBLEMS = [
    Problem("missing-alt", "No words.", "issues/a b.md", 7, "Say it."),
    Problem("raw-html", "HTML.", "issues/a.md", 0),
    Problem("no-publication", "Nothing here."),
    Problem("past-date", "Past.", "issues/ü.md", 1, level=Level.WARNING),
]


def test_a_log_as_code_hosts_read_it() -> None:
    log = json.loads(json.dumps(to_sarif(PROBLEMS, "1.2.3", lambda file: file and f"letter/{file}")))
    assert (log["version"], set(log)) == ("2.1.0", {"$schema", "version", "runs"})
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("newsletter", "1.2.3")
    rules = driver["rules"]
    assert [rule["id"] for rule in rules] == [*RULES, "raw-html", "no-publication"]
    first, second, third, fourth = run["results"]
    assert first == {
        "ruleId": "missing-alt",
        "ruleIndex": list(RULES).index("missing-alt"),
        "level": "error",
        "message": {"text": "No words.\nSay it."},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "letter/issues/a%20b.md"},
                    "region": {"startLine": 7},
                }
            }
        ],
    }
    assert rules[first["ruleIndex"]]["shortDescription"]["text"] == RULES["missing-alt"].description
    assert rules[first["ruleIndex"]]["defaultConfiguration"] == {"level": "error"}
    assert second["locations"] == [{"physicalLocation": {"artifactLocation": {"uri": "letter/issues/a.md"}}}]
    assert third["locations"] == []
    assert fourth["level"] == "warning"
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])


def test_nothing_found_is_a_log_too() -> None:
    assert to_sarif([], "1")["runs"][0]["results"] == []

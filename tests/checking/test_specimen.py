from newsletter.checking.specimen import PICTURES, REFERENCES, specimen
from newsletter.document import Citation, Picture
from newsletter.writing.walk import walk


def test_the_specimen_holds_what_it_says() -> None:
    issue = specimen()
    nodes = [node for node, _ in walk(issue.body)]

    assert len(issue.body.nuggets) == 4
    assert issue.body.nuggets[-1].members_only
    cited = {cite.key for node in nodes if isinstance(node, Citation) for cite in node.cites}
    assert cited == set(REFERENCES)
    assert {node.src for node in nodes if isinstance(node, Picture)} == set(PICTURES)

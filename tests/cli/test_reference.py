import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_reference", ROOT / "docs/generate_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["configuration", "commands", "rules"])
def test_the_reference_is_what_the_code_says(name: str) -> None:
    """Run `python docs/generate_reference.py` when this fails."""
    path = ROOT / f"docs/reference/{name}.md"

    assert path.read_text(encoding="utf-8") == generator().pages()[path]

"""Reading reference files: BibTeX and CSL-JSON, each to references and problems."""

from __future__ import annotations

from newsletter.writing.bibtex import BibtexFile, read_bibtex
from newsletter.writing.csl import read_csl_json

__all__ = ["BibtexFile", "read_bibtex", "read_csl_json"]

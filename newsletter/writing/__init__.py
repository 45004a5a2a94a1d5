"""Issue files become issues: front matter, the Markdown dialect, references and citations."""

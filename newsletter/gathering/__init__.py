"""Feed entries become drafts: what is new, in our dialect, as the text of an issue. Pure decisions."""

"""From a file of an article to a searchable generation on disk; imports nothing of ours."""

"""One module per file format; each turns decoded text or bytes into drafts of articles."""

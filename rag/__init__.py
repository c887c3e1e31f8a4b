"""From a question to an answer whose every sentence cites the exact characters of an article."""

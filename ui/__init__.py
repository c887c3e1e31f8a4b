"""The faces of one call: terminal and web page."""

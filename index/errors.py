"""Every error that Youju raises for a reason its user can act on.

    YoujuError
    ├── UsageError            what was asked for cannot be done as asked (exit status 2)
    ├── UnreadableError       one file cannot become an article (a row in the report, never a stop)
    ├── RemoteError           a server that was asked for help cannot give it
    └── UnusableIndexError    the index on disk cannot serve
        ├── IndexMissingError     there is none yet
        ├── IndexMismatchError    it was built by another format, embedder or dimension
        ├── IndexDamagedError     a file of it is missing or does not match its hash
        └── IndexLockedError      another process is writing it

A message says what happened, where, and the command to run next.
"""


class YoujuError(Exception):
    """The root: catch this to catch everything that Youju raises on purpose."""


class UsageError(YoujuError):
    """The request itself is wrong: a path that is not there, a date that is none."""


class UnreadableError(YoujuError):
    """A file, or a record inside one, cannot become an article. The message is the reason."""


class RemoteError(YoujuError):
    """A server that was asked for help is away, or does not answer as it should."""


class UnusableIndexError(YoujuError):
    """The index on disk cannot serve."""


class IndexMissingError(UnusableIndexError):
    """There is no index in the folder."""


class IndexMismatchError(UnusableIndexError):
    """The index was built with another format version, embedder or dimension."""


class IndexDamagedError(UnusableIndexError):
    """A file of the generation is missing or differs from the hash in its manifest."""


class IndexLockedError(UnusableIndexError):
    """Another process is writing to the index."""

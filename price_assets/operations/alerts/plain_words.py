"""What Python says of a connection that failed, in words for whoever is on call."""

import re

_WORDS = (
    (r"certificate verify failed: (.+?) \(_ssl", r"its certificate does not verify: \1"),
    (r"Failed to resolve|Name or service not known|name resolution|No address associated|nodename nor servname", "there is no such host"),
    (r"Connection refused", "nobody listens at that host and port"),
    (r"timed out", "no answer in time"),
    (r"WRONG_VERSION_NUMBER|wrong version number|record layer failure", "it does not speak TLS at that port"),
    (r"unexpectedly closed|closed connection without|Connection reset|Connection aborted|EOF occurred|Broken pipe", "it closed the connection"),
    (r"[Nn]etwork is unreachable|No route to host", "there is no way to that host"),
)
_LONGEST = 300


def plainly(cause: str) -> str:
    """One line; of what is not known here, the text itself."""
    for pattern, words in _WORDS:
        if found := re.search(pattern, cause):
            return found.expand(words)
    return " ".join(cause.split())[:_LONGEST]

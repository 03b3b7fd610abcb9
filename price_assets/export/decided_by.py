"""Who decided something, and why: what the register keeps for good, and shows to others."""

from price_assets.errors import UsageError
from price_assets.setting_values import CONTROL


def decided_by(by: str, reason: str) -> tuple[str, str]:
    """Both as one line each, without white space at their ends. Raises UsageError where one of them says nothing, or holds a control character."""
    said = {name: " ".join(text.split()) for name, text in (("by", by), ("reason", reason))}
    for name, text in said.items():
        if not any(letter.isalnum() for letter in text):  # nor does the … of the command that a message holds
            raise UsageError(f"{name!r} says nothing: the register keeps who decided and why.")
        if CONTROL.search(text):
            raise UsageError(f"{name!r} holds a control character: write plain text.")
    return said["by"], said["reason"]

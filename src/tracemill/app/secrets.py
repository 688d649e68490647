"""Credentials by reference: a project folder names where a secret is, never the secret itself."""

import os
from pathlib import Path

PLACEHOLDER = "replace-me"  # what the starter writes where a secret belongs


class SecretMissing(ValueError):
    """A reference that leads nowhere, and what to do."""


def resolve(reference: str, folder: Path) -> str:
    """Return the secret behind `env:NAME` or `file:PATH` (relative to the project folder); a plain user name may stand itself."""
    kind, _, rest = reference.partition(":")
    if kind == "env":
        value = os.environ.get(rest)
        if value is None:
            raise SecretMissing(f"environment variable {rest} is not set; export {rest}=… or use file:")
        return value
    if kind == "file":
        path = folder / rest
        try:
            return path.read_text().strip()
        except OSError as error:
            do = "write the secret there, readable by the hub only"
            raise SecretMissing(f"{path} cannot be read ({error.strerror}); {do}") from None
    if kind == "plain":
        return rest
    raise SecretMissing(f"{reference.partition(':')[0]!r} is no reference; write env:NAME, file:secrets/name or plain:user")

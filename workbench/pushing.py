"""Sending a visitor's export to the Hub: by whose login, and what is said before and after. For the Export tab.

A token comes with the visitor's own login on a Space, or is the one that this machine is logged in with; it is never a
parameter of an endpoint, and never kept. On a shared page the machine's own token is nobody's.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ggez_core.errors import OutputError
from ggez_core.progress import Progress, silent

from .service import Service
from .settings import Settings

if TYPE_CHECKING:
    from ggez_core.publishing.upload import Pushed

_OAUTH = ("OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "OAUTH_SCOPES", "OPENID_PROVIDER_URL")  # set with hf_oauth: true


@dataclass(frozen=True)
class Login:
    """How a visitor may log in. button: by the Hub's own page, as on a Space with OAuth. local: as this machine is."""

    button: bool
    local: bool

    @property
    def possible(self) -> bool:
        """Whether anything can be pushed from here."""
        return self.button or self.local

    @classmethod
    def here(cls, settings: Settings, environment: Mapping[str, str] = os.environ) -> Login:
        """What this process offers."""
        if settings.shared:
            return cls(all(environment.get(name) for name in _OAUTH), False)
        from huggingface_hub import get_token

        return cls(False, get_token() is not None)


def push_export(
    service: Service,
    session: str,
    name: str,
    repo: str,
    *,
    public: bool,
    update: bool,
    token: str | None,
    progress: Progress = silent,
) -> Pushed:
    """Send one of the visitor's own exports to `repo` (owner/name), as `ggez push` does.

    token: of the visitor's login; without one a page of one's own machine takes its login. Raises OutputError for no
    login, an export that isn't there, and whatever the Hub refuses; Cancelled once the visitor stopped it.
    """
    from ggez_core.publishing import push

    if token is None and service.settings.shared:
        raise OutputError("you aren't signed in; press Sign in with Hugging Face first")
    folder = service.exports.made(service.ticket(session), name)
    with service.errands.run(session, "push") as errand:
        watched = errand.watched(progress)
        return push(folder, repo.strip(), public=public, update=update, token=token, progress=watched)

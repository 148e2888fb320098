"""Pushes a whole output folder to a model repository of the Hub: looked at first, then changed by one commit.

Weights are uploaded before the commit, a file at a time; what has arrived isn't sent again, so a push that was stopped
goes on with the same command, and a repository never holds half a model. The token is the client's own (HF_TOKEN, or
`hf auth login`) or the caller's; it is never written or logged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from ..checkpoints import open_checkpoint
from ..checkpoints.sources import is_hub_id
from ..errors import DataError, OutputError
from ..markdown import one_line
from ..merging import Recipe
from ..merging.to_disk import RECIPE_FILE
from ..progress import Progress, Step, silent
from .lineage import CARD, parents

if TYPE_CHECKING:
    from huggingface_hub import HfApi

T = TypeVar("T")

WEIGHTS = ".safetensors"
_SUFFIXES = {WEIGHTS, ".json", ".txt", ".model", ".jinja", ".tiktoken", ".md", ".yaml", ".png"}
_NAMES = {"LICENSE", "NOTICE"}
_HUBS_OWN = {".gitattributes"}  # a new repository has it
_WEIGHTS = re.compile(r".*\.safetensors(\.index\.json)?")


@dataclass(frozen=True)
class Upload:
    """What a push would do. files: by their paths in the repository. exists: whether the repository is there already.

    head: its commit, on which ours will be put. overwritten, deleted: files of it that change, or are weights of an
    earlier model beside which ours would be mistaken. notes: what a person should know before, one line each.
    """

    folder: Path
    repo: str
    private: bool
    exists: bool
    files: Mapping[str, Path]
    nbytes: int
    head: str | None = None
    overwritten: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    token: str | None = field(default=None, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "repo": self.repo,
            "private": self.private,
            "new": not self.exists,
            "files": sorted(self.files),
            "bytes": self.nbytes,
            "overwritten": list(self.overwritten),
            "deleted": list(self.deleted),
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class Pushed:
    """A push that was done. commit: None where nothing had changed."""

    upload: Upload
    url: str
    commit: str | None

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {**self.upload.as_dict(), "url": self.url, "commit": self.commit}


def push(
    folder: str | Path,
    repo: str,
    *,
    public: bool = False,
    update: bool = False,
    message: str | None = None,
    token: str | None = None,
    progress: Progress = silent,
) -> Pushed:
    """Upload an output folder to `repo` (owner/name); see `planned_upload` and `upload`."""
    return upload(planned_upload(folder, repo, public=public, update=update, token=token), message, progress=progress)


def planned_upload(
    folder: str | Path, repo: str, *, public: bool = False, update: bool = False, token: str | None = None
) -> Upload:
    """Check the folder and look at the repository; changes nothing.

    public: a new repository is private without it, and one that is public already is refused. update: allow a
    repository that holds something. token: by default the one that the Hub's client is logged in with.
    Raises CheckpointError for a folder that isn't a whole checkpoint; OutputError for files that don't belong there, a
    repository's name that is none, no login, or a repository that would have to be told about by `public` or `update`.
    """
    from huggingface_hub import HfApi, get_token
    from huggingface_hub.errors import RepositoryNotFoundError

    if not is_hub_id(repo):
        raise OutputError(f"{repo[:100]!r}: no name of a repository; write it like owner/name")
    out = Path(folder).expanduser()
    files = _files(out)
    nbytes = sum(path.stat().st_size for path in files.values())
    token = token or get_token()
    if token is None:
        raise OutputError(f"{repo}: you aren't logged in to the Hub; run `hf auth login`, or set HF_TOKEN")
    api = HfApi(token=token)

    def look() -> Any:
        try:
            return api.model_info(repo, timeout=20)
        except RepositoryNotFoundError:  # or a private one of others, or a wrong token: they answer alike
            return None

    info = _asked(repo, token, look)
    if info is None:
        return Upload(out, repo, not public, False, files, nbytes, notes=_notes(out), token=token)
    held = sorted({sibling.rfilename for sibling in info.siblings or ()} - _HUBS_OWN)
    if held and not update:
        raise OutputError(
            f"{repo}: exists and holds {len(held):,} files ({', '.join(held[:3])}, …); choose another name, or write "
            "over them with --update"
        )
    if not info.private and not public:
        raise OutputError(f"{repo}: is public already, and this would be seen by everybody; add --public to say so")
    notes = _notes(out)
    if info.private and public:
        notes += (f"{repo}: is private and stays so; make it public in its settings",)
    return Upload(
        out, repo, bool(info.private), True, files, nbytes, info.sha,
        overwritten=tuple(name for name in held if name in files),
        deleted=tuple(name for name in held if name not in files and _stale(name, files)),
        notes=notes, token=token,
    )  # fmt: skip


def upload(planned: Upload, message: str | None = None, *, progress: Progress = silent) -> Pushed:
    """Do what was planned: make the repository if it is new, upload the files, commit them at once.

    `progress` is told bytes, file by file; a callback that raises Cancelled leaves the repository as it was. Raises
    OutputError for what the Hub refuses, and where it can't be reached: the same again goes on.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    api, repo = HfApi(token=planned.token), planned.repo
    said = one_line(message or f"Upload {planned.folder.resolve().name} with the GG-EZ Workbench")[:200]
    additions = [CommitOperationAdd(name, str(path)) for name, path in planned.files.items()]
    deletions = [CommitOperationDelete(name, is_folder=False) for name in planned.deleted]
    head = planned.head
    if not planned.exists:
        _create(api, planned)
        head = _asked(repo, planned.token, lambda: api.model_info(repo, timeout=20)).sha
    done = 0
    for addition in additions:
        progress(Step(done, planned.nbytes, "bytes", addition.path_in_repo))
        _asked(repo, planned.token, partial(api.preupload_lfs_files, repo, [addition], free_memory=False))
        done += addition.upload_info.size
    progress(Step(done, planned.nbytes, "bytes", "committing"))
    made = _asked(
        repo,
        planned.token,
        lambda: api.create_commit(repo, [*additions, *deletions], commit_message=said, parent_commit=head),
    )
    return Pushed(planned, f"{api.endpoint}/{repo}", None if made.oid == head else made.oid)


def _create(api: HfApi, planned: Upload) -> None:
    _asked(planned.repo, planned.token, lambda: api.create_repo(planned.repo, private=planned.private, exist_ok=False))


def _files(folder: Path) -> Mapping[str, Path]:
    """What is uploaded, small files first; hidden ones aren't. Raises for what makes the folder no whole output."""
    if not folder.is_dir():
        raise OutputError(f"{folder}: no such folder; name one that `ggez merge` wrote")
    checkpoint = open_checkpoint(folder)  # reads every header, and refuses files that are cut short or missing
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        within = path.relative_to(folder)
        if any(part.startswith(".") for part in within.parts):
            continue
        name = within.as_posix()
        if path.is_symlink():
            raise OutputError(f"{path}: is a link, which isn't followed; put the file itself there")
        if not path.is_file():
            continue
        if path.suffix not in _SUFFIXES and path.name not in _NAMES:
            raise OutputError(f"{path}: isn't part of a model's folder (weights are {WEIGHTS} only); move it elsewhere")
        found[name] = path
    weights = {file.resolve() for group in checkpoint.groups for file in group.files}
    strays = [name for name, path in found.items() if path.suffix == WEIGHTS and path.resolve() not in weights]
    if strays:
        raise OutputError(f"{folder / strays[0]}: belongs to no component of the model; move it elsewhere")
    return MappingProxyType(dict(sorted(found.items(), key=lambda item: (item[1].suffix == WEIGHTS, item[0]))))


def _notes(folder: Path) -> tuple[str, ...]:
    """What a person should know before strangers see the folder."""
    notes = []
    if not (folder / CARD).is_file():
        notes.append(f"{folder}: has no model card; `ggez card {folder}` writes one")
    if (folder / RECIPE_FILE).is_file():
        recipe = Recipe.read(folder / RECIPE_FILE)
        found = parents(recipe)
        notes += [parent.warning for parent in found if parent.warning]
        local = [
            p.source for p in found if not p.hub_id and ("/" in p.source or "\\" in p.source) and ":" not in p.source
        ]
        if local:
            notes.append(f"{RECIPE_FILE} and the weights' metadata name a folder of this machine: {local[0]}")
    return tuple(notes)


def _stale(name: str, files: Mapping[str, Path]) -> bool:
    """Whether a file of the repository would be taken for weights of ours: safetensors where ours lie too."""
    folders = {PurePosixPath(own).parent for own in files if own.endswith(WEIGHTS)}
    return bool(_WEIGHTS.fullmatch(name)) and PurePosixPath(name).parent in folders


def _asked(repo: str, token: str | None, ask: Callable[[], T]) -> T:
    """What the Hub answers. Raises OutputError in one line, without the token."""
    from huggingface_hub.errors import HfHubHTTPError

    try:
        return ask()
    except HfHubHTTPError as error:
        status = getattr(error.response, "status_code", 0)
        raise OutputError(f"{repo}: {_refused(status, _reason(error, token))}") from None
    except ValueError as error:
        raise DataError(f"{CARD}: its front matter isn't the Hub's ({_reason(error, token)}); correct it") from None
    except Exception as error:  # no network, a broken connection: what is raised depends on the HTTP library
        raise OutputError(
            f"{repo}: the Hub can't be reached ({_reason(error, token)}); run it again: what has arrived isn't sent "
            "twice"
        ) from None


def _refused(status: int, reason: str) -> str:
    known = {
        401: "the Hub doesn't take the login; run `hf auth login` again with a token that may write",
        404: "isn't there any more; run it again",
        403: "the login may not write there; use a token with write access, or a name of your own",
        409: "exists, and your login can't see it; choose another name",
        412: "was changed by someone else meanwhile, so nothing was written; run it again",
        429: "the Hub asks to wait; run it again in a few minutes: what has arrived isn't sent twice",
    }
    return known.get(status, f"the Hub refuses it ({reason}); correct that, or try again later")


def _reason(error: Exception, token: str | None) -> str:
    said = one_line(str(error))[:300] or type(error).__name__
    return said.replace(token, "…") if token else said

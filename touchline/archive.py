"""A backup as one file: an uncompressed tar of its folder (sealed text does not compress), readable by its owner alone."""

from __future__ import annotations

import contextlib
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.errors import FolderInUse
from ledger.folder import KEYS_FILE, RECORD_FILE, private_file
from ledger.lock import FolderLock
from touchline.exits import Exit, Refused

SUFFIX = ".tar"
_NAMES = (RECORD_FILE, KEYS_FILE)


def is_archive(place: Path) -> bool:
    """A file rather than a folder: it ends in .tar."""
    return place.suffix == SUFFIX


@contextmanager
def beside(file: Path) -> Iterator[Path]:
    """A private folder on the same disk, gone afterwards. What a killed run left there, keys and all, the next clears away."""
    parent, prefix = file.absolute().parent, f".{file.name}.part-"
    parent.mkdir(parents=True, exist_ok=True)
    for left in parent.glob(prefix + "*"):
        with contextlib.suppress(FolderInUse), FolderLock(left):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=parent) as name, FolderLock(Path(name)):
        yield Path(name) / "data"


def pack(folder: Path, file: Path) -> None:
    """Whole or not at all; never over a file that is there."""
    fresh = folder.parent / file.name
    private_file(fresh)
    with tarfile.open(fresh, "w") as archive:
        for name in _NAMES:
            archive.add(folder / name, name, filter=_plain)
    with fresh.open("rb+") as written:
        os.fsync(written.fileno())
    try:
        os.link(fresh, file)  # unlike a rename it never replaces
    except FileExistsError:
        raise taken(file) from None
    except OSError:  # a file system without links
        if file.exists():
            raise taken(file) from None
        os.replace(fresh, file)


def unpack(file: Path, folder: Path) -> None:
    """The two files of a backup. Raises Refused for anything else."""
    folder.mkdir(mode=0o700)
    try:
        with tarfile.open(file) as archive:
            for name in _NAMES:
                found = archive.extractfile(name)
                if found is None:
                    raise KeyError(name)
                private_file(folder / name)
                with found, (folder / name).open("wb") as out:
                    shutil.copyfileobj(found, out, 1 << 20)
    except (tarfile.TarError, KeyError, EOFError):
        raise Refused(
            Exit.USAGE, f"{file} 不是完整的备份。", f"{file} is no whole backup of Touchline."
        ) from None
    except FileNotFoundError:
        raise Refused(Exit.UNKNOWN, f"没有 {file}。", f"There is no {file}.") from None


def taken(file: Path) -> Refused:
    return Refused(
        Exit.USAGE, f"{file} 已存在，不会覆盖。", f"{file} is there already; it is never overwritten."
    )


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mode = 0o600
    return info

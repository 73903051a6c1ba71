"""Small static files, read where they are asked for.

The page's first sight is sixty of them. Starlette's own way hands each to a thread four times, which costs more than the
reading, and ten times more while gradio is being imported in another thread. Which files may be had is starlette's to say.
"""

from __future__ import annotations

import stat
from mimetypes import guess_type
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

FOREVER = "private, max-age=31536000, immutable"


class SmallFiles(StaticFiles):
    """A folder of files that fit into memory one by one. A browser asks after each time, so that an update is seen at once; one
    whose address begins with a mark, such as `=0f3a/desk.js`, it may keep.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or that the browser's own copy is still right. Raises HTTPException."""
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405)
        mark, _, rest = path.partition("/")
        kept = mark.startswith("=")         # its address says what is in it: see app/room.py
        try:
            full, found = self.lookup_path(rest if kept else path)
        except (OSError, ValueError):       # a name that no file system takes
            found = None
        if found is None or not stat.S_ISREG(found.st_mode):
            raise HTTPException(404)
        headers = {"cache-control": FOREVER if kept else "no-cache", "etag": f'"{found.st_mtime_ns:x}-{found.st_size:x}"'}
        if self.is_not_modified(Headers(headers), Headers(scope=scope)):
            return NotModifiedResponse(Headers(headers))
        return Response(Path(full).read_bytes(), media_type=guess_type(full)[0] or "application/octet-stream", headers=headers)

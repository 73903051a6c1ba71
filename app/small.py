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


class SmallFiles(StaticFiles):
    """A folder of files that fit into memory one by one."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or that the browser's own copy is still right. Raises HTTPException."""
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405)
        try:
            full, found = self.lookup_path(path)
        except (OSError, ValueError):       # a name that no file system takes
            found = None
        if found is None or not stat.S_ISREG(found.st_mode):
            raise HTTPException(404)
        headers = {"etag": f'"{found.st_mtime_ns:x}-{found.st_size:x}"'}
        if self.is_not_modified(Headers(headers), Headers(scope=scope)):
            return NotModifiedResponse(Headers(headers))
        return Response(Path(full).read_bytes(), media_type=guess_type(full)[0] or "application/octet-stream", headers=headers)

"""Reaching: any picture of a film by its number, forwards and backwards, in a cell (`apart`) that decodes only what leads to it.

    film      0 1 2 3 4 5 6 7 8 9           K: pictures that stand for themselves
              K         K                   picture 7: seek to 5, decode 5 and 6, hand 7 out

Picture k is the one that `films.read_film` yields as its k-th; here it is found again by its time. Where a file's times cannot
be trusted to count pictures (transport streams, AVI, GIF, pictures that nobody sees), it is read from its beginning instead.
The first half of this file runs in the process that asks, the rest in a cell.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path

import numpy as np

from engine.errors import BadMedia
from engine.media.apart import LIMIT, ask
from engine.media.kinds import FILM_FILE, head

AT_ONCE = 4096              # pictures that one cell is asked for: their times must fit into one message
BACKWARDS = 192 << 20       # bytes of pictures that are held while a film runs backwards
COUNTED = frozenset({"h264", "hevc", "prores", "mjpeg", "dnxhd", "vp9", "libvpx-vp9", "av1", "libdav1d", "mpeg4", "png", "ffv1", "qtrle"})


@dataclass(frozen=True, eq=False)
class Index:
    """When each picture of a film is shown, in ticks of its file; and where decoding can begin."""

    stamps: np.ndarray      # (N,) int64, ascending; empty where the file must be read from its beginning
    keys: list[int]         # of the pictures that stand for themselves, ascending
    seeks: list[int]        # where to seek for each of those: files keep them in the order of decoding


class Film:
    """One film file, open to any picture of it. `notes` collects what a person should know of it.

    deep    pictures of more than 8 bits come as uint16
    """

    def __init__(self, path: str | Path, deep: bool = False):
        self.path = Path(path)
        self.deep = deep
        self.notes: dict[str, None] = {}
        self.index: Index | None = None

    def pictures(self, numbers: Sequence[int]) -> Iterator[np.ndarray]:
        """These pictures, (H, W, 3) uint8, or uint16; their numbers rise, or they fall. Memory stays flat either way.

        A picture that is broken in the file is the one before it. Raises BadMedia for a file in which none of them is.
        """
        if self.index is None:
            head(self.path, FILM_FILE)
            seen = self.path.stat()
            self.index = _index(self.path, seen.st_size, seen.st_mtime_ns)
        backwards = len(numbers) > 1 and numbers[1] < numbers[0]
        at, several = 0, 8 if backwards else AT_ONCE
        while at < len(numbers):
            stop = at + 1
            if backwards:       # as many as go back to one key, and as memory holds
                key = self._key(numbers[at])
                while stop < len(numbers) and stop - at < several and self._key(numbers[stop]) == key:
                    stop += 1
                found = list(self._forwards(numbers[stop - 1 : at - 1 if at else None : -1] if stop - at > 1 else numbers[at:stop]))
                several = max(8, min(AT_ONCE, BACKWARDS // found[0].nbytes))
                yield from reversed(found)
            else:
                stop = min(len(numbers), at + several)
                yield from self._forwards(numbers[at:stop])
            at = stop

    def _key(self, number: int) -> int:
        if not len(self.index.stamps):
            return 0
        return bisect_right(self.index.keys, int(self.index.stamps[min(number, len(self.index.stamps) - 1)])) - 1

    def _forwards(self, numbers: Sequence[int]) -> Iterator[np.ndarray]:
        """Exactly as many pictures as numbers, whatever the file holds."""
        options: dict = {"numbers": list(numbers), "deep": self.deep}
        if len(self.index.stamps):
            wanted = [int(self.index.stamps[min(number, len(self.index.stamps) - 1)]) for number in numbers]
            options |= {"stamps": wanted, "seek": self.index.seeks[max(self._key(numbers[0]), 0)]}
        count, last = 0, None
        cell = ask("reach", self.path, LIMIT, **options)
        try:
            for said, picture in cell:
                if picture is None:
                    self.notes[said["note"]] = None
                    continue
                while count < said["at"]:       # some could not be read
                    yield picture if last is None else last
                    count += 1
                yield picture
                count, last = count + 1, picture
        except BadMedia:
            if last is None:
                raise
        finally:
            cell.close()
        if last is None:
            raise BadMedia(f"{self.path.name} has no picture {numbers[0]} that can be read.")
        if count < len(numbers):
            self.notes["Cut short or damaged: its last picture stays where others are missing."] = None
        while count < len(numbers):
            yield last
            count += 1


@lru_cache(maxsize=64)
def _index(path: Path, size: int, changed: int) -> Index:
    """Of a file as it is now: clips of one take, one behind the other, ask for it once."""
    said = {words["what"]: np.frombuffer(data.tobytes(), np.int64) for words, data in ask("times", path)}
    none = np.empty(0, np.int64)
    keys = said.get("keys", none).reshape(-1, 2)
    return Index(said.get("stamps", none), keys[:, 0].tolist(), keys[:, 1].tolist())


# ---- in the cell

def times(file, name: str) -> Iterator[tuple[dict, np.ndarray | None] | None]:
    """Says when each picture is shown, and from where decoding can begin; nothing where that does not count them."""
    from engine.media import seeing

    stamps, keys = _times(file, name, seeing) if seeing._kind(file, name) in ("mov", "matroska") else ([], [])
    seen: list[int] = []
    for stamp in stamps:
        if stamp is None:
            yield None
        else:
            seen.append(stamp)
    whole = sorted(seen)
    # Times that are missing or there twice, or pictures before the first that stands for itself, do not count pictures.
    if -1 in keys or len(set(whole)) != len(whole) or not keys or min(keys)[0] != whole[0]:
        whole, keys = [], []
    if whole:
        yield {"what": "stamps"}, _bytes(whole)
        yield {"what": "keys"}, _bytes(chain.from_iterable(sorted(keys)))


def _times(file, name: str, seeing) -> tuple[Iterator[int | None], list]:
    keys: list = []

    def each() -> Iterator[int | None]:
        with seeing._opened(file, name, seeing._kind(file, name)) as container:
            stream = seeing._stream(container, name)
            if stream.codec_context.name not in COUNTED:
                keys.append(-1)
                return
            for count, packet in enumerate(seeing._packets(container, stream)):
                if count % seeing.TICK == 0:
                    yield None
                if not packet.size or packet.is_discard:
                    continue
                if packet.pts is None:
                    keys.append(-1)
                    return
                if packet.is_keyframe:
                    keys.append((packet.pts, packet.pts if packet.dts is None else packet.dts))
                yield packet.pts

    return each(), keys


def _bytes(values) -> np.ndarray:
    return np.frombuffer(np.array(list(values), np.int64).tobytes(), np.uint8).reshape(-1, 1, 1)


def reach(file, name: str, numbers: list[int], stamps: list[int] | None = None, seek: int = 0, deep: bool = False) -> Iterator[tuple[dict, np.ndarray | None] | None]:
    """Says {"at": index} with each picture that is asked for, and {"note": sentence}. `stamps`: their times, from a `seek` on."""
    from engine.media import seeing
    from engine.media.light import UNSITED, Eye

    if stamps is None:
        yield from _read(file, name, numbers, deep, seeing)
        return
    eye = Eye(deep=deep)
    with seeing._opened(file, name, seeing._kind(file, name)) as container:
        stream = seeing._stream(container, name)
        decoder = seeing._decoder(stream)
        eye.aspect, eye.tick, eye.left = stream.sample_aspect_ratio, stream.time_base, decoder.name in UNSITED
        at = 0
        for frame in _frames(container, stream, decoder, seek, stamps[0], seeing):
            if frame is None or not (frame.interlaced_frame or eye.graph) and frame.pts < stamps[at]:
                yield None
                continue
            for time, picture in eye.see(frame):
                stamp = round(time / float(stream.time_base))
                while at < len(stamps) and stamps[at] < stamp:
                    at += 1
                if at < len(stamps) and stamps[at] == stamp:
                    yield {"at": at}, picture
                    at += 1
            if at == len(stamps):
                break
        else:
            for time, picture in eye.see(None):
                if at < len(stamps) and round(time / float(stream.time_base)) == stamps[at]:
                    yield {"at": at}, picture
                    at += 1
    for note in eye.notes:
        yield {"note": note}, None


def _frames(container, stream, decoder, seek: int, wanted: int, seeing) -> Iterator:
    """Decoded frames from a seek on; from further back where the file's own idea of it lands behind what is wanted."""
    import av

    while True:
        if seek > 0:
            container.seek(seek, stream=stream, backward=True)
            decoder.flush_buffers()
        landed = None
        for packet in seeing._packets(container, stream):
            if landed is None and packet.size:
                landed = packet.pts if packet.pts is not None else packet.dts
                if landed is not None and landed > wanted and seek > 0:
                    break
            try:
                frames = decoder.decode(packet)
            except EOFError:
                frames = []
            except (av.FFmpegError, ValueError):
                frames = []
            yield from (frame for frame in frames if frame.pts is not None)
            if not frames:
                yield None
        else:
            yield from seeing._rest(decoder)
            return
        seek = max(seek - max(int(2 / stream.time_base), 1), 0)
        if seek == 0:
            container.seek(0, stream=stream, backward=True)
            decoder.flush_buffers()


def _read(file, name: str, numbers: list[int], deep: bool, seeing) -> Iterator[tuple[dict, np.ndarray | None] | None]:
    wanted, count, at = list(numbers), 0, 0
    for said in seeing.film(file, name, deep=deep):
        if said is None or said[1] is None:
            yield said
            continue
        if at < len(wanted) and count == wanted[at]:
            yield {"at": at}, said[1]
            at += 1
        else:
            yield None
        count += 1
        if at == len(wanted):
            return

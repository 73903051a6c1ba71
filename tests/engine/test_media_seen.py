"""Films as a person would see them, whatever camera, phone or program wrote them: each made here by the real ffmpeg."""

from __future__ import annotations

import struct
from fractions import Fraction

import av
import numpy as np
import pytest
import sharing
from pixels import scene

from engine import media
from engine.errors import BadMedia, BadRequest
from engine.media.light import tone_mapped

QUARTERS = "color=red:s=64x48:r=10:d=0.5[a];color=lime:s=64x48:r=10:d=0.5[b];color=blue:s=64x48:r=10:d=0.5[c];color=white:s=64x48:r=10:d=0.5[d];"
FOUR = QUARTERS + "[a][b]hstack[e];[c][d]hstack[f];[e][f]vstack"          # red and lime over blue and white, 128x96


def made(path, *arguments, source=FOUR):
    sharing.ffmpeg("-filter_complex", source, *arguments, path)
    return path


def seen(path, **kwargs):
    return np.stack(list(media.read_film(path, **kwargs)))


def corners(picture):
    """Its four quarters as letters, line by line: r, g, b, w, k for red, green, blue, white, black."""
    height, width = picture.shape[:2]
    places = [(height // 4, width // 4), (height // 4, 3 * width // 4), (3 * height // 4, width // 4), (3 * height // 4, 3 * width // 4)]
    names = {(1, 0, 0): "r", (0, 1, 0): "g", (0, 0, 1): "b", (1, 1, 1): "w", (0, 0, 0): "k"}
    return "".join(names.get(tuple(int(value > 128) for value in picture[place]), "?") for place in places)


# ---- turned, stretched, odd

@pytest.mark.parametrize("matrix, expected, size", [
    ((1, 0, 0, 1),   "rgbw", (128, 96)),
    ((0, 1, -1, 0),  "brwg", (96, 128)),        # a quarter to the right: a phone held upright
    ((-1, 0, 0, -1), "wbgr", (128, 96)),
    ((0, -1, 1, 0),  "gwrb", (96, 128)),
    ((-1, 0, 0, 1),  "grwb", (128, 96)),        # mirrored: a phone's own camera
    ((1, 0, 0, -1),  "bwrg", (128, 96)),
    ((0, 1, 1, 0),   "rbgw", (96, 128)),
])
def test_a_film_is_turned_as_the_camera_was_held(tmp_path, matrix, expected, size):
    """The matrix of the track's head, written by hand: x' = a x + c y, y' = b x + d y (ISO 14496-12)."""
    data = bytearray(made(tmp_path / "a.mp4", "-pix_fmt", "yuv420p").read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    a, b, c, d = (value << 16 for value in matrix)
    data[at:at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    (tmp_path / "a.mp4").write_bytes(data)
    notes = []
    pictures = seen(tmp_path / "a.mp4", notes=notes)
    assert corners(pictures[0]) == expected
    assert pictures.shape == (5, size[1], size[0], 3)
    assert (lambda found: (found.width, found.height))(media.probe(tmp_path / "a.mp4")) == size
    assert notes == ([] if expected == "rgbw" else ["Turned as the camera was held."])


def test_what_ffmpeg_says_is_turned_is_turned(tmp_path):
    made(tmp_path / "a.mp4", "-pix_fmt", "yuv420p")
    sharing.ffmpeg("-display_rotation", "-90", "-i", tmp_path / "a.mp4", "-c", "copy", tmp_path / "b.mp4")
    sharing.ffmpeg("-i", tmp_path / "b.mp4", tmp_path / "c.mp4")        # it turns the pixels itself, for other players
    assert corners(seen(tmp_path / "b.mp4")[0]) == corners(seen(tmp_path / "c.mp4")[0]) == "brwg"


def test_a_matrix_that_is_no_right_angle_leaves_the_film_as_it_is(tmp_path):
    data = bytearray(made(tmp_path / "a.mp4", "-pix_fmt", "yuv420p").read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    data[at:at + 36] = struct.pack(">9i", 50_000, 40_000, 0, -40_000, 50_000, 0, 0, 0, 1 << 30)
    (tmp_path / "a.mp4").write_bytes(data)
    assert corners(seen(tmp_path / "a.mp4")[0]) == "rgbw"


@pytest.mark.parametrize("aspect, width", [("2/1", 256), ("64/45", 182), ("1/1", 128), ("1/2", 64)])
def test_pixels_that_are_not_square_are_made_square(tmp_path, aspect, width):
    path = made(tmp_path / "a.mp4", "-pix_fmt", "yuv420p", source=f"{FOUR},setsar={aspect}")
    assert seen(path).shape == (5, 96, width, 3) and corners(seen(path)[0]) == "rgbw"
    assert media.probe(path).width == width


@pytest.mark.parametrize("codec, pixels", [("libx264", "yuv444p"), ("libvpx-vp9", "yuv420p"), ("ffv1", "yuv420p")])
def test_odd_sizes_are_read(tmp_path, codec, pixels):
    path = made(tmp_path / "a.mkv", "-c:v", codec, "-pix_fmt", pixels, source=f"{FOUR},format=gbrp,crop=101:67:0:0")
    assert seen(path).shape == (5, 67, 101, 3) and corners(seen(path)[0])[0] == "r"


# ---- colours

@pytest.mark.parametrize("codec, pixels, suffix", [
    ("libx264", "yuv420p10le", "mp4"), ("libx265", "yuv420p10le", "mp4"), ("libx264", "yuv422p10le", "mov"), ("libvpx-vp9", "yuv420p10le", "webm"),
    ("prores_ks", "yuv422p10le", "mov"), ("ffv1", "yuv420p16le", "mkv"), ("libsvtav1", "yuv420p10le", "mp4"), ("ffv1", "gray16le", "mkv"),
    ("libx264", "gray", "mp4"), ("qtrle", "rgb24", "mov"), ("mjpeg", "yuvj420p", "avi"), ("mpeg2video", "yuv420p", "ts"), ("mpeg4", "yuv420p", "avi"),
])
def test_every_depth_and_codec_ends_in_eight_bits(tmp_path, codec, pixels, suffix):
    path = made(tmp_path / f"a.{suffix}", "-c:v", codec, "-pix_fmt", pixels)
    pictures = seen(path)
    assert pictures.shape == (5, 96, 128, 3) and pictures.dtype == np.uint8
    if "gray" not in pixels:
        assert corners(pictures[0]) == corners(pictures[-1]) == "rgbw"
        assert abs(pictures[2, 72, 96].astype(int) - 255).max() <= 3
    assert media.probe(path).pictures == 5


@pytest.mark.parametrize("height, matrix", [(96, "bt601"), (720, "bt709")])
def test_a_film_that_names_no_matrix_is_read_by_its_size(tmp_path, height, matrix):
    """SD is BT.601 and HD is BT.709 where nobody says: taken for the other, green shifts by 30 and more."""
    made(tmp_path / "a.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv444p",
         source=f"color=0x20a040:s=128x{height}:r=5:d=0.2,scale=out_color_matrix={matrix}:out_range=tv,format=yuv444p,setparams=colorspace=unknown")
    assert np.abs(seen(tmp_path / "a.mkv")[0].astype(int) - (0x20, 0xA0, 0x40)).max() <= 4


@pytest.mark.parametrize("transfer, hlg", [("smpte2084", False), ("arib-std-b67", True)])
def test_high_dynamic_range_is_toned_down(tmp_path, transfer, hlg):
    """A ramp of grey in ten bits: white paper is near white, what is brighter goes on rising, nothing turns round."""
    made(tmp_path / "a.mp4", "-c:v", "libx265", "-x265-params", f"lossless=1:log-level=none:transfer={transfer}:colorprim=bt2020:colormatrix=bt2020nc",
         source="color=black:s=512x64:r=5:d=0.4,format=yuv420p10le,geq=lum='64+X*876/511':cb=512:cr=512,"
                f"setparams=color_primaries=bt2020:color_trc={transfer}:colorspace=bt2020nc:range=tv")
    notes = []
    ramp = seen(tmp_path / "a.mp4", notes=notes)[0, 32].astype(int)
    assert notes == ["High dynamic range: tone-mapped to 8 bits."]
    assert np.abs(ramp - ramp[:, :1]).max() <= 2                         # grey stays grey
    grey = ramp[:, 0]
    assert (np.diff(grey) >= -1).all() and grey[0] <= 1 and grey[-1] == 255
    paper = 511 * (0.75 if hlg else 0.5807)                             # the codes of 203 nits (BT.2408, table 1)
    assert abs(grey[round(paper)] - 240) <= 6


def test_tone_mapping_arrives_where_it_says():
    def pq(nits):
        y = (nits / 10_000) ** 0.1593017578125
        return round(65535 * ((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y)) ** 78.84375)

    for nits, expected in ((0, 0), (26, 100), (203, 240), (1000, 255), (10_000, 255)):
        grey = tone_mapped(np.full((1, 1, 3), pq(nits), np.uint16), False)[0, 0]
        assert np.abs(grey.astype(int) - expected).max() <= 1, (nits, grey)
    red = tone_mapped(np.array([[[pq(400), pq(4), pq(4)]]], np.uint16), False)[0, 0].astype(int)
    assert red[0] > 200 > 60 > red[1]           # bright red stays red


# ---- transparent

@pytest.mark.parametrize("codec, pixels, suffix", [("prores_ks", "yuva444p10le", "mov"), ("qtrle", "argb", "mov"), ("libvpx-vp9", "yuva420p", "webm"),
                                                   ("libvpx", "yuva420p", "webm"), ("png", "rgba", "mov"), ("ffv1", "yuva420p", "mkv")])
def test_what_is_transparent_in_a_film_lies_on_black(tmp_path, codec, pixels, suffix):
    clear = "[g];color=white@1:s=64x96:r=10:d=0.5[o];color=white@0:s=64x96:r=10:d=0.5,format=rgba[n];[o]format=rgba[p];[p][n]hstack,alphaextract[m];[g][m]alphamerge"
    alone = ["-auto-alt-ref", "0"] if "vpx" in codec else []         # libvpx codes no transparency with frames out of order
    path = made(tmp_path / f"a.{suffix}", "-c:v", codec, "-pix_fmt", pixels, *alone, source=FOUR + clear)
    notes = []
    pictures = seen(path, notes=notes)
    assert corners(pictures[0]) == corners(pictures[-1]) == "rkbk" and "Transparent: laid on black." in notes


def test_a_transparent_gif_and_webp_lie_on_black_as_films_and_on_white_as_pictures(tmp_path):
    from PIL import Image

    frames = [Image.new("RGBA", (16, 16), (200, 40, at, 255)) for at in (0, 90)]
    for frame in frames:
        frame.paste((0, 0, 0, 0), (4, 4, 12, 12))        # a hole: at an edge, WebP would crop the frame instead
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=100, disposal=2)
    sharing.ffmpeg("-i", tmp_path / "a.gif", "-c:v", "libwebp_anim", "-pix_fmt", "yuva420p", tmp_path / "a.webp")
    for name in ("a.gif", "a.webp"):
        film = seen(tmp_path / name)
        assert len(film) == media.probe(tmp_path / name).pictures == 2
        assert film[0, 8, 8].tolist() == [0, 0, 0] and abs(int(film[1, 1, 1, 0]) - 200) < 12
        assert media.read_picture(tmp_path / name)[8, 8].tolist() == [255, 255, 255]
        assert abs(media.probe(tmp_path / name).duration - 0.2) < 0.02


def test_an_animated_webp_cut_short_is_a_sentence(tmp_path):
    from PIL import Image

    frames = [Image.fromarray(np.random.default_rng(at).integers(0, 256, (32, 32, 3), dtype=np.uint8)) for at in range(8)]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], duration=100)
    whole = (tmp_path / "a.webp").read_bytes()
    for part, sentence in ((30, "a.webp is no film that can be read, or it is cut short"), (len(whole) // 2, "a.webp is no film")):
        (tmp_path / "a.webp").write_bytes(whole[:part])
        for read in (media.probe, lambda path: list(media.read_film(path))):
            with pytest.raises(BadMedia, match=sentence):
                read(tmp_path / "a.webp")


def test_an_animated_png_is_a_film(tmp_path):
    from PIL import Image

    frames = [Image.new("RGB", (16, 16), (at, 0, 0)) for at in (0, 90, 200)]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:], duration=100)
    assert seen(tmp_path / "a.png")[:, 0, 0, 0].tolist() == [0, 90, 200]
    frames[0].save(tmp_path / "b.png")
    with pytest.raises(BadMedia, match="b.png is a single picture: no film"):
        media.probe(tmp_path / "b.png")


# ---- time

def numbered(path, times, codec="ffv1", suffix="mkv"):
    """Pictures whose brightness is their number, at the given times in seconds."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=1000)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for number, at in enumerate(times):
            frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 10 * number + 20, np.uint8), format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = round(at * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def numbers(path, **kwargs):
    return [round((int(picture[16, 16, 0]) - 20) / 10) for picture in media.read_film(path, **kwargs)]


@pytest.mark.parametrize("codec, name", [("ffv1", "a.mkv"), ("libx264", "a.mp4")])
@pytest.mark.parametrize("times, rate, expected", [
    ((0, 0.1, 0.5, 0.6, 1.0),    10, [0, 1, 1, 1, 1, 2, 3, 3, 3, 3]),      # held while nothing new comes
    ((0, 0.1, 0.2, 0.3, 0.4),     5, [0, 2]),                              # and left out when it comes too often
    ((0, 0.25, 0.5, 0.75, 1.0),   4, [0, 1, 2, 3]),
    ((0, 0.25, 0.5, 0.75, 1.0),   8, [0, 0, 1, 1, 2, 2, 3, 3]),
    ((5, 5.1, 5.5, 5.6, 6.0),    10, [0, 1, 1, 1, 1, 2, 3, 3, 3, 3]),      # a film that begins late begins at once
])
def test_a_variable_rate_keeps_its_time(tmp_path, codec, name, times, rate, expected):
    path = numbered(tmp_path / name, times, codec)
    found = numbers(path, rate=rate)
    assert found[:len(expected)] == expected and set(found[len(expected):]) <= {len(times) - 1}
    # The last picture stays as long as its file says, and files that do not say give it about one more stride.
    assert abs(len(found) / rate - (times[-1] - times[0])) < 0.3
    assert numbers(path) == list(range(len(times)))


@pytest.mark.parametrize("rate", [0, -1, 1001, float("nan")])
def test_a_rate_that_is_none_is_refused(tmp_path, rate):
    with pytest.raises(BadRequest, match="up to 1,000 pictures a second"):
        list(media.read_film(numbered(tmp_path / "a.mkv", (0, 1)), rate=rate))


def test_real_footage_of_a_variable_rate_keeps_its_length(real):
    path = real("fire_vfr.mp4")
    assert abs(len(list(media.read_film(path, 16))) / 16 - media.probe(path).duration) < 0.15


def test_a_film_that_does_not_say_how_long_it_is_is_counted(tmp_path):
    """As a browser records: WebM written into a pipe, without index, duration and lengths."""
    made(tmp_path / "a.webm", "-c:v", "libvpx-vp9")
    sharing.ffmpeg("-i", tmp_path / "a.webm", "-c", "copy", "-f", "webm", "-live", "1", tmp_path / "b.webm")
    with av.open(str(tmp_path / "b.webm")) as container:
        assert container.duration is None
    found = media.probe(tmp_path / "b.webm")
    assert (found.pictures, round(found.duration, 1), round(found.rate)) == (5, 0.5, 10)
    assert len(seen(tmp_path / "b.webm", rate=20)) == 10


def test_interlaced_film_is_filled_in(tmp_path):
    """A bar that jumps between two fields shows as a comb; afterwards lines differ no more than their neighbours."""
    bars = "color=black:s=128x96:r=20:d=1[z];color=white:s=16x96:r=20:d=1[w];[z][w]overlay=x='20+8*n':y=0"
    made(tmp_path / "p.mp4", "-pix_fmt", "yuv420p", source=bars)
    path = made(tmp_path / "i.mp4", "-pix_fmt", "yuv420p", "-flags", "+ildct+ilme", "-x264-params", "interlaced=1:crf=1", source=f"{bars},interlace=lowpass=0")
    with av.open(str(path)) as container:
        raw = next(frame for at, frame in enumerate(container.decode(video=0)) if at == 3)
        assert raw.interlaced_frame
    notes = []
    pictures = seen(path, notes=notes)

    def comb(picture):
        grey = picture[..., 1].astype(int)
        return np.abs(grey[1:-1:2] - (grey[:-2:2] + grey[2::2]) // 2).mean()

    assert len(pictures) == 10 and notes == ["Interlaced: the missing lines were filled in."]
    assert comb(pictures[3]) < 0.35 * comb(raw.to_ndarray(format="rgb24"))


# ---- what is in it besides

def test_a_film_without_pictures_is_said(tmp_path):
    for name in ("a.mp4", "a.mkv"):
        made(tmp_path / name, "-c:a", "aac", source="sine=d=0.3")
        for read in (media.probe, lambda path: list(media.read_film(path))):
            with pytest.raises(BadMedia, match="has no moving pictures in it"):
                read(tmp_path / name)


def test_a_cover_is_no_film_and_does_not_hide_one(tmp_path):
    media.write_picture(tmp_path / "cover.png", scene())
    made(tmp_path / "song.m4a", "-c:a", "aac", source="sine=d=0.3")
    sharing.ffmpeg("-i", tmp_path / "song.m4a", "-i", tmp_path / "cover.png", "-map", "0", "-map", "1", "-c", "copy", "-disposition:v:0", "attached_pic", tmp_path / "a.mp4")
    with pytest.raises(BadMedia, match="has a cover picture but no moving pictures in it"):
        media.probe(tmp_path / "a.mp4")
    made(tmp_path / "film.mp4", "-pix_fmt", "yuv420p")
    sharing.ffmpeg("-i", tmp_path / "cover.png", "-i", tmp_path / "film.mp4", "-map", "0", "-map", "1", "-c", "copy", "-disposition:v:0", "attached_pic",
                   tmp_path / "b.mp4")
    assert corners(seen(tmp_path / "b.mp4")[0]) == "rgbw" and len(seen(tmp_path / "b.mp4")) == 5


def test_of_several_films_it_is_the_one_marked_as_default(tmp_path):
    two = f"{FOUR},split[x][y];[x]negate,scale=64:48[n]"
    made(tmp_path / "a.mkv", "-map", "[n]", "-map", "[y]", "-c:v", "ffv1", "-disposition:v:0", "0", "-disposition:v:1", "default", source=two)
    assert seen(tmp_path / "a.mkv").shape == (5, 96, 128, 3) and corners(seen(tmp_path / "a.mkv")[0]) == "rgbw"


def test_sound_and_subtitles_beside_a_film_do_not_matter(tmp_path):
    (tmp_path / "a.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nhello\n")
    made(tmp_path / "f.mp4", "-pix_fmt", "yuv420p")
    sharing.ffmpeg("-i", tmp_path / "a.srt", "-f", "lavfi", "-i", "sine=d=0.5", "-i", tmp_path / "f.mp4", "-map", "0", "-map", "1", "-map", "2", "-c:v", "copy",
                   "-c:s", "srt", "-c:a", "flac", tmp_path / "a.mkv")
    assert len(seen(tmp_path / "a.mkv")) == media.probe(tmp_path / "a.mkv").pictures == 5


def test_a_film_that_changes_its_size_is_fitted_to_its_first(tmp_path):
    made(tmp_path / "a.ts", "-c:v", "mpeg2video")
    made(tmp_path / "b.ts", "-c:v", "mpeg2video", source=f"{FOUR},scale=64:48")
    (tmp_path / "c.ts").write_bytes((tmp_path / "a.ts").read_bytes() + (tmp_path / "b.ts").read_bytes())
    notes = []
    pictures = seen(tmp_path / "c.ts", notes=notes)
    assert len(pictures) >= 9 and corners(pictures[0]) == corners(pictures[-1]) == "rgbw"
    assert "Its pictures change size: all are scaled to the first." in notes


# ---- cut short

@pytest.mark.parametrize("suffix, codec", [("mp4", "libx264"), ("webm", "libvpx-vp9"), ("mkv", "libx264"), ("avi", "mpeg4"), ("ts", "mpeg2video"), ("gif", "gif")])
def test_of_a_film_cut_short_what_can_be_read_is_read(tmp_path, suffix, codec):
    path = made(tmp_path / f"a.{suffix}", "-c:v", codec, "-g", "5", *(["-movflags", "+faststart"] if suffix == "mp4" else []), *(["-pix_fmt", "yuv420p"] if suffix != "gif" else []),
                source="testsrc2=s=128x96:r=10:d=4")
    whole = path.read_bytes()
    path.write_bytes(whole[:int(len(whole) * 0.6)])
    notes = []
    count = sum(1 for _ in media.read_film(path, notes=notes))
    assert 10 <= count < 40
    if suffix == "mp4":         # only an index knows what is missing
        assert notes == ["Damaged or cut short: what can be read was read."]
    path.write_bytes(whole[:300] if suffix != "ts" else whole[:188 * 3])
    with pytest.raises(BadMedia) as caught:
        list(media.read_film(path))
    assert str(caught.value).endswith(".") and "a." in str(caught.value)


def test_a_film_with_a_hole_in_it_goes_on_behind_it(tmp_path):
    path = made(tmp_path / "a.mp4", "-g", "5", "-pix_fmt", "yuv420p", "-movflags", "+faststart", source="testsrc2=s=128x96:r=10:d=4")
    data = bytearray(path.read_bytes())
    middle = (data.index(b"mdat") + len(data)) // 2
    data[middle:middle + 400] = bytes(400)
    path.write_bytes(data)
    assert len(list(media.read_film(path))) >= 35

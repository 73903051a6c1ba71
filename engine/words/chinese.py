"""Chinese: the paper world's words in Chinese, and a prompt made of them put into the English that the built-in model was taught.

    一只红色的小船在夜里向左航行      ->  a small red boat sails to the left at night
    夜晚的海上，a fox 在雪地里       ->  at night on the sea, a fox in the snow

A dictionary and the order of one clause, no more: what a thing is like stands before it, what it does after it, then where and
when. English in a prompt stays where it is, and so does Chinese that is not in the dictionary, which is said.
The built-in model is told every prompt so (`Words.told`), and what is not known is marked where it stands.
Knows words. Knows no model and no torch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import product

from engine.training.paperworld import captions as said

_RUN = re.compile(r"[\u3400-\u9fff][\u3400-\u9fff\s，。！？；：、…“”《》（）]*")
_STOPS = {"，": ",", "、": ",", "；": ";", "：": ":", "。": ".", "！": "!", "？": "?", "…": ".", "“": "", "”": "", "《": "", "》": "", "（": ",", "）": ","}
# What is written with other characters where they were not simplified: those that the dictionary has.
_SIMPLER = str.maketrans("紅橙黃綠藍藍棕顏艘輛個隻條車氣熱汽輪火蒸飛魚鳥機樹屋燈風教漢畫筆皮顆座東頭鏡緩邊側後際裡裏間溫雲霧陰晴時傍晚亮陽礁積塊轉動進過遠環繞離開靠從來還沒有為這麼紙藝術剪彩龍霓墨攝線獨兩幾個穩種隨邁駕駛滾滑遊遊擴拉搖頂層樓棟幢間麗漸飄蕩潔淨廣場鎮鄉農莊園與並衝蓋長寬",
                         "红橙黄绿蓝蓝棕颜艘辆个只条车气热汽轮火蒸飞鱼鸟机树屋灯风教汉画笔皮颗座东头镜缓边侧后际里里间温云雾阴晴时傍晚亮阳礁积块转动进过远环绕离开靠从来还没有为这么纸艺术剪彩龙霓墨摄线独两几个稳种随迈驾驶滚滑游游扩拉摇顶层楼栋幢间丽渐飘荡洁净广场镇乡农庄园与并冲盖长宽")

THINGS = {
    "boat": "船 船只 轮渡 渔船", "sailing boat": "帆船", "ship": "轮船 海船", "balloon": "气球", "hot air balloon": "热气球", "car": "汽车 轿车 车 车子", "train": "火车 列车",
    "steam train": "蒸汽火车", "rocket": "火箭", "spaceship": "飞船 宇宙飞船 太空船", "fish": "鱼 鱼儿", "bird": "鸟 鸟儿", "butterfly": "蝴蝶", "fox": "狐狸", "robot": "机器人",
    "person": "人 行人 人物 男人 女人 男孩 女孩 男子 女子 老人 孩子 小孩 路人", "walker": "步行者 散步的人", "tree": "树 树木", "house": "房子 房屋 屋子 房", "cottage": "小屋 木屋",
    "lighthouse": "灯塔", "windmill": "风车", "church": "教堂", "chapel": "小教堂", "ball": "球 皮球", "beach ball": "沙滩球", "burger": "汉堡 汉堡包", "paintbrush": "画笔 毛笔 刷子",
}
COLOURS = {"red": "红 鲜红 深红 大红", "orange": "橙 橘 橙黄", "yellow": "黄 金 金黄", "green": "绿 翠绿 碧绿", "blue": "蓝 天蓝 深蓝 蔚蓝", "purple": "紫", "pink": "粉 粉红", "brown": "棕 褐 咖啡", "white": "白 雪白 洁白", "black": "黑 漆黑"}
SIZES = {"small": "小 小小 微小 小型", "large": "大 巨大 高大 大型"}
PLACES = {
    "on the sea": "海 大海 海面 海上 水面 海里", "on the ocean": "海洋 大洋 洋面", "by the sea": "海边 海岸 海滨", "in the desert": "沙漠", "among the dunes": "沙丘",
    "in a meadow": "草原 田野 原野 草坪", "in the grass": "草地 草丛", "on a green meadow": "绿草地 青草地", "in the snow": "雪地 雪原 雪中 雪里 雪", "in a snowy land": "雪国 冰天雪地", "in winter": "冬天 冬季 冬日",
    "in the city": "城市 都市 城里 市区", "in a town": "小镇 镇上 城镇", "in a city street": "街道 街上 街头 大街 马路", "in a coral reef": "珊瑚礁 珊瑚", "under water": "水下 海底 水底 水中 水里 海中",
    "on the reef": "礁石", "in space": "太空 宇宙", "in outer space": "外太空", "on the moon": "月球 月亮上", "in the sky": "天空 空中 天上", "in a block world": "方块世界", "in a world of blocks": "积木世界",
}
TIMES = {
    "at dawn": "黎明 拂晓 破晓 凌晨", "in the morning": "早晨 早上 清晨 晨间 上午", "at sunrise": "日出", "by day": "白天 白昼 日间", "at noon": "中午 正午", "in daylight": "日光 阳光",
    "at dusk": "黄昏 暮色", "in the evening": "傍晚", "at sunset": "日落 夕阳 落日", "at night": "夜 夜里 夜晚 夜间 晚上 黑夜 深夜 夜色 夜幕 午夜",
}
WEATHERS = {
    "in clear weather": "晴天 晴", "under a clear sky": "晴空 晴朗 晴朗天空 晴朗的天空", "in the rain": "雨 雨天 雨中 雨里 大雨 小雨", "while it rains": "下雨 下着雨", "in falling snow": "飘雪 大雪 飞雪 雪花飘落",
    "while it snows": "下雪 下着雪", "in fog": "雾 大雾 雾中 雾里 浓雾 雾气", "in the mist": "薄雾",
}
STYLES = {"paper-cut": "剪纸 纸雕", "paper craft": "纸艺", "watercolour": "水彩 水彩画", "ink": "水墨 墨水 水墨画", "neon": "霓虹 霓虹灯", "blocks": "积木 方块"}
SIDES = {"left": "左", "right": "右"}
VERBS = {
    "sails": "航行 行船", "drifts": "漂流 飘 漂 飘动 飘荡 漂荡", "floats": "漂浮 飘浮", "drives": "行驶 开 驶 奔驰 驶过", "steams along": "飞驰", "flies": "飞 飞行 飞翔 飞过", "swims": "游 游动 游泳 游过",
    "flutters": "飞舞 翩翩起舞", "trots": "小跑 跑 奔跑 跑过", "walks": "走 行走 散步 步行 走过", "rolls": "滚 滚动", "slides": "滑动 滑行", "moves": "移动 前进 运动", "rises": "上升 升起 升空 往上升",
    "falls": "下降 落下 坠落 下落 掉落", "bounces up and down": "弹跳 跳动 蹦跳 上下弹跳 跳跃", "spins around": "旋转 转动 打转 自转", "comes closer": "靠近 走近 驶近 飞近 接近", "hovers": "悬停 悬浮",
    "stands still": "静止 不动 静止不动 停着 站着 站立 矗立 停住 静立", "leaves footprints": "留下脚印 留下足迹",
}
HOW = {"slowly": "慢慢 缓缓 缓慢 慢速", "quickly": "快速 飞快 迅速 很快"}
BESIDE = {"left of": "左边 左侧 左方", "right of": "右边 右侧 右方", "above": "上方 上面 上空", "behind": "后面 后方 背后 后边", "in front of": "前面 前方 前边", "beside": "旁边 旁", "on": "上", "in": "里 中"}
CAMERAS = {
    "the camera is still": "静止 固定 不动 保持静止", "the camera tilts up": "向上摇 上摇 上移 向上移动", "the camera tilts down": "向下摇 下摇 下移 向下移动",
    "the camera pushes in": "推近 推进 拉近 靠近 前推 向前推 向前推进 前进", "the camera pulls out": "拉远 拉开 后退 后拉 向后拉 远离", "the camera orbits around it": "环绕 围绕 绕行 旋转 环绕拍摄 围绕它旋转 绕着它转",
}
MANY = {"a": "一 这 那 某", "two": "两 二", "three": "三", "four": "四", "five": "五", "many": "许多 很多"}
MEASURES = "只 条 艘 辆 列 个 座 棵 架 颗 枚 头 间 栋 幢 位 名 支 把 台 匹 盏 朵 叶".split()
PASSED = "的 地 得 着 了 在 正在 有 是 着的 穿着 身穿 一片".split()
SOFT = "里 中 上 下 内 间 时 时候 时分 之 正 穿 画 风格 片".split()       # passed over too, but not where they may be part of a word that is not known
OTHER = {"and": "和 与 以及", "without": "没有", "not": "不", "looping": "循环 循环播放"}
_RANKS = {"thing": 0, "beside": 0, "other": 0, "does": 1, "place": 2, "time": 3, "weather": 4, "style": 5, "camera": 6}


@dataclass(frozen=True)
class Lexed:
    """One word of Chinese in a prompt, or a stretch of it that is not known."""

    start: int          # characters of the prompt, [start, stop)
    stop: int
    written: str        # without the spaces in it
    kind: str           # "thing", "verb", ...; "" is passed over, "?" is not in the dictionary
    english: str        # what it says; as it is written where it is not known


@dataclass(frozen=True)
class Reading:
    """A prompt in English, as far as it could be read."""

    text: str
    words: tuple[Lexed, ...] = ()       # the Chinese in it, in order

    @property
    def unknown(self) -> tuple[str, ...]:
        """Chinese that is not in the dictionary, each once: it stands in the text as it was written."""
        return tuple(dict.fromkeys(word.written for word in self.words if word.kind == "?"))

    @property
    def sentence(self) -> str:
        """How it was read."""
        return f"Read as: {self.text.rstrip('.')}."

    @property
    def note(self) -> str:
        """What a person should know of it, as sentences."""
        lost = f" Not in the dictionary, and left as it is: {', '.join(self.unknown[:8])}." if self.unknown else ""
        return f"{self.sentence}{lost}"


def has_any(prompt: str) -> bool:
    """Whether there is Chinese in a prompt."""
    return _RUN.search(prompt) is not None


def without(prompt: str) -> str:
    """A prompt with spaces where it is Chinese: all else stands where it stood."""
    return _RUN.sub(lambda match: " " * len(match.group()), prompt)


def read(prompt: str) -> Reading:
    """A prompt with all its Chinese put into the paper world's English.

    >>> read("一只红色的小船在夜里").text
    'a small red boat at night'
    >>> read("a fox 在雪地里, ink style").text
    'a fox in the snow, ink style'
    """
    words: list[Lexed] = []

    def english(match: re.Match) -> str:
        before = prompt[:match.start()].rstrip()
        text = _run(match.group(), match.start(), words, article=not before or before[-1] in ",.;:!?")
        return f" {text} "

    text = " ".join(_RUN.sub(english, prompt).split())
    return Reading(re.sub(r"\s+([,.;:!?])", r"\1", text), tuple(words))


def _run(run: str, start: int, words: list[Lexed], article: bool) -> str:
    """One stretch of Chinese that begins at `start` of the prompt, clause by clause; its words are put behind `words`."""
    out = ""
    for match in re.finditer(r"[^，。！？；：、…“”《》（）]+|[，。！？；：、…“”《》（）]+", run):
        clause = match.group()
        if clause[0] in _STOPS:
            stop = next((_STOPS[letter] for letter in clause if _STOPS[letter]), "")
            out = out.rstrip() + (f"{stop} " if stop and out.strip() else " ")
        else:
            lexed = _lexed(clause, start + match.start())
            words += lexed
            out += _clause(lexed, article or bool(out.strip()))
    return out.strip()


def _clause(words: list[Lexed], article: bool) -> str:
    """One clause: things with what they are like, what they do, then where, when, the weather, the look and the camera."""
    parts = _Parts(article)
    for word in words:
        parts.take(word.kind, word.english)
    return parts.text()


class _Parts:
    """A clause while it is read."""

    def __init__(self, article: bool):
        self.article, self.like = article, {}       # what is said of the next thing: many, size, colour, coat
        self.parts: list[tuple[str, str]] = []      # (kind, English), in order
        self.does: dict[str, str] = {}              # verb, how, side
        self.late: list[str] = []                   # "left of a house", before anybody stands there

    def take(self, kind: str, word: str) -> None:
        """The next word."""
        if kind in ("many", "size", "colour", "coat"):
            self.like[kind] = f"{self.like[kind]} and {word}" if kind == "colour" and kind in self.like else word
            if kind == "coat" and self.parts and self.parts[-1][0] == "thing":
                self.parts.append(("thing", f"in a {self.like.pop('colour', '')} coat".replace("  ", " ")))
                del self.like["coat"]
        elif kind == "thing":
            self.parts.append((kind, self._thing(word)))
            self.article = True
        elif kind in ("verb", "how", "side"):
            if not self.does:
                self.parts.append(("does", ""))
            self.does[kind] = f"{self.does[kind]} and {word}" if kind == "verb" and kind in self.does else word
        elif kind == "beside":
            self._beside(word)
        elif kind:
            self._flush(kind == "?")
            self.parts.append((kind, word))

    def _thing(self, noun: str) -> str:
        like, self.like = self.like, {}
        coat, colour, many = "coat" in like, like.get("colour", ""), like.get("many", "a" if self.article else "")
        plural = many not in ("", "a") and noun != "fish"
        if plural:
            noun = {"butterfly": "butterflies", "fox": "foxes", "person": "people", "church": "churches", "paintbrush": "paintbrushes"}.get(noun, f"{noun}s")
        words = [word for word in (like.get("size", ""), "" if coat else colour, noun) if word]
        if many == "a":
            many = "an" if words[0][0] in "aeiou" else "a"
        return " ".join(filter(None, (many, *words, f"in a {colour} coat".replace("  ", " ") if coat else "")))

    def _beside(self, word: str) -> None:
        """`A 在 B 左边` is "A left of B", and `B 左边有 A` the same."""
        things = [number for number, (kind, _) in enumerate(self.parts) if kind == "thing"]
        if not things:
            return
        if len(things) > 1:
            self.parts.insert(things[-1], ("beside", word))
        elif word not in ("on", "in"):      # what stands there is yet to come
            self.late.append(f"{word} {self.parts.pop(things[0])[1]}")

    def _flush(self, of: bool = False) -> None:
        """What is said of nothing, or `of` what is not known, stands as it is: `红色` alone is red."""
        if of or set(self.like.values()) != {"a"}:
            self.parts += [("other", word) for word in self.like.values()]
        self.like = {}

    def text(self) -> str:
        """All of it in the order in which the model was taught it."""
        self._flush()
        does = self._does(next((word for kind, word in self.parts if kind == "thing"), ""))
        parts = [(kind, does if kind == "does" else word) for kind, word in self.parts]
        at = next((number + 1 for number, (kind, _) in enumerate(parts) if kind == "thing"), len(parts))
        parts[at:at] = [("beside", word) for word in self.late]
        ranked, rank = [], 0
        for kind, word in parts:
            rank = _RANKS.get(kind, rank)       # what is not known goes with what it stands behind
            ranked.append((rank, word))
        ranked.sort(key=lambda one: one[0])
        plain = " ".join(word for rank, word in ranked if rank < _RANKS["style"])
        return ", ".join(filter(None, (plain, *(word for rank, word in ranked if rank >= _RANKS["style"]))))

    def _does(self, thing: str) -> str:
        if not self.does:
            return ""
        noun = next((word for word, names in said.NOUNS.items() if any(thing.split(" in a ")[0].endswith(name) for name in names)), "")
        verb, *more = (self.does.get("verb") or said.GAITS.get(noun, "moves")).partition(" ")
        side = f"to the {self.does['side']}" if "side" in self.does else ""
        return " ".join(filter(None, (verb, *("".join(more).split()), self.does.get("how", ""), side)))


def _lexed(clause: str, start: int) -> list[Lexed]:
    """The words of a clause that begins at `start` of the prompt. Together they are all of it but its spaces."""
    words, longest = _words()
    places = [start + at for at, letter in enumerate(clause) if not letter.isspace()]
    text = "".join(clause.split())
    simple = text.translate(_SIMPLER)
    # The fewest strange letters, then the fewest words: 雨中下降 is 雨中, 下降 and not 雨中下, 降. From each place on: (cost, size of its word).
    best: list[tuple[int, int]] = [(0, 0)] * (len(text) + 1)
    for at in reversed(range(len(text))):
        known = [(best[at + size][0] + 1, -size) for size in range(1, min(longest, len(text) - at) + 1) if simple[at:at + size] in words]
        best[at] = min([*known, (best[at + 1][0] + 100, 0)])
    found: list[tuple[str, str, str]] = []      # kind, English, as it is written
    at = 0
    while at < len(text):
        size = -best[at][1]
        found.append((*(words[simple[at:at + size]] if size else ("?", text[at])), text[at:at + (size or 1)]))
        at += size or 1
    whole: list[tuple[str, str, str]] = []
    for kind, english, written in reversed(found):
        # 白云 is no white thing but a cloud, which is not known: one letter before such a word is part of it.
        strange = bool(whole) and whole[-1][0] == "?"
        if strange and (kind in ("?", "soft") or len(written) == 1 and kind in ("beside", "colour", "size", "place", "time", "weather")):
            whole[-1] = ("?", written + whole[-1][1], written + whole[-1][2])
        else:
            whole.append((kind, english, written))
    said: list[Lexed] = []
    at = 0
    for kind, english, written in reversed(whole):
        stop = at + len(written)
        if kind == "soft" and said and said[-1].kind == "?":
            begun = said.pop()
            said.append(Lexed(begun.start, places[stop - 1] + 1, begun.written + written, "?", begun.written + written))
        else:
            said.append(Lexed(places[at], places[stop - 1] + 1, written, *(("", "") if kind == "soft" else (kind, english))))
        at = stop
    return said


@cache
def _words() -> tuple[dict[str, tuple[str, str]], int]:
    """The dictionary: Chinese to (kind, English); and how long the longest of it is. What comes later stands before what came earlier."""
    words: dict[str, tuple[str, str]] = {word: ("", "") for word in PASSED} | {word: ("soft", "") for word in SOFT}

    def add(kind: str, table: dict[str, str], *around: tuple[str, str]) -> None:
        words.update({f"{before}{word}{after}": (kind, english) for english, listed in table.items() for word in listed.split() for before, after in (("", ""), *around)})

    add("beside", BESIDE)
    add("size", SIZES)
    add("many", MANY)
    words.update({f"{number}{measure}": ("many", english) for english, listed in MANY.items() for number in listed.split() for measure in MEASURES})
    add("colour", COLOURS, ("", "色"), ("", "颜色"))
    add("thing", THINGS)
    inside = [("", after) for after in ("上", "里", "中", "之中", "之上", "内", "间", "下")]
    add("place", PLACES, *inside)
    add("time", TIMES, *inside, ("", "时"), ("", "时分"), ("", "的时候"))
    add("weather", WEATHERS, *inside, ("", "的时候"))
    add("verb", VERBS)
    add("how", HOW, ("", "地"))
    add("side", SIDES)
    for (side, letter), before in product(SIDES.items(), ("向", "往", "朝", "朝着", "向着")):
        words.update({f"{before}{letter}{after}": ("side", side) for after in ("", "边", "侧", "方")})
        other = next(one for one in SIDES.values() if one != letter)
        words.update({f"从{other}{way}{letter}": ("side", side) for way in ("到", "向", "往")})
    words.update({coat: ("coat", "coat") for coat in ("外套", "大衣", "衣服")})
    words.update({f"{word}{after}": ("style", f"{english} style") for english, listed in STYLES.items() for word in listed.split() for after in ("风格", "画风格", "风", "画风", "画")})
    words.update({word: ("style", f"{english} style") for english, listed in STYLES.items() for word in listed.split()})
    add("place", {english: PLACES[english] for english in ("in a block world", "in a world of blocks")}, *inside)
    slowly = ("", "正在", "慢慢", "慢慢地", "缓缓", "缓缓地", "缓慢", "缓慢地", "正", "在")
    pans = {f"the camera pans {side}": f"向{letter}摇 {letter}摇 向{letter}移 {letter}移 向{letter}移动 向{letter}平移 {letter}平移 向{letter}摇动 往{letter}移动 往{letter}摇" for side, letter in SIDES.items()}
    for english, listed in (CAMERAS | pans).items():
        words.update({f"{camera}{how}{word}": ("camera", english) for camera, how, word in product(("镜头", "相机", "摄像机", "摄影机"), slowly, listed.split())})
    words |= {"固定镜头": ("camera", "the camera is still"), "静止镜头": ("camera", "the camera is still")}
    add("other", OTHER)
    return words, max(map(len, words))

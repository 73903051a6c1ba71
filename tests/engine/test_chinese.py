"""A prompt in Chinese says what it says in the English that the built-in model was taught, and what is not known is said."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.denoisers.catalog import describe
from engine.training.paperworld import scene as world
from engine.words import chinese
from engine.words.chinese import read
from engine.words.naming import named
from engine.words.providing import expand

# What a person would write, attribute by attribute; written here without a look at the dictionary.
SUBJECT = dict(zip(world.SUBJECTS, "一艘船 一个气球 一辆汽车 一列火车 一枚火箭 一条鱼 一只鸟 一只蝴蝶 一只狐狸 一个机器人 一个人 一棵树 一座房子 一座灯塔 一座风车 一座教堂 一个球 一个汉堡 一支画笔".split(), strict=True))
COLOUR = dict(zip(world.COLOURS, "红色 橙色 黄色 绿色 蓝色 紫色 粉色 棕色 白色 黑色".split(), strict=True))
PLACE = dict(zip(world.PLACES, "在海上 在沙漠里 在草地上 在雪地里 在城市里 在珊瑚礁中 在太空中 在方块世界里".split(), strict=True))
TIME = dict(zip(world.TIMES, "在黎明时分 在白天 在黄昏时 在夜里".split(), strict=True))
WEATHER = dict(zip(world.WEATHERS, "在晴朗的天空下 在雨中 下着雪 在雾中".split(), strict=True))
MOTION = dict(zip(world.MOTIONS, "向左移动 向右移动 上升 下降 弹跳 旋转 静止不动 慢慢靠近".split(), strict=True))
STYLE = dict(zip(world.STYLES, "剪纸风格 水彩风格 水墨风格 霓虹风格 积木风格".split(), strict=True))
CAMERA = dict(zip(world.CAMERAS, "镜头静止 镜头向左摇 镜头向右摇 镜头向上摇 镜头向下摇 镜头推近 镜头拉远 镜头环绕".split(), strict=True))


def sentence(subject, colour, place, time, weather, motion, style, camera) -> str:
    thing = SUBJECT[subject]
    return f"{thing[:2]}{COLOUR[colour]}的{thing[2:]}{PLACE[place]}{TIME[time]}{WEATHER[weather]}{MOTION[motion]}，{STYLE[style]}，{CAMERA[camera]}"


@pytest.mark.parametrize("prompt, english", [
    ("一只红色的小船在夜里", "a small red boat at night"),
    ("夜里，一只红色的小船在海上慢慢地向左航行。", "at night, a small red boat sails slowly to the left on the sea."),
    ("水彩风格的蓝色气球在草地上升起，镜头缓缓推近", "a blue balloon rises in the grass, watercolour style, the camera pushes in"),
    ("一只红狐狸在一辆蓝色汽车的左边", "a red fox left of a blue car"), ("房子左边有一只狐狸", "a fox left of a house"), ("一个人在树的后面", "a person behind a tree"),
    ("穿着红色外套的人在城市里散步", "a person in a red coat walks in the city"), ("一个人穿着黄色大衣向右走", "a person in a yellow coat walks to the right"),
    ("两只白色的鸟在天空中", "two white birds in the sky"), ("一辆橙色的车", "an orange car"), ("红白色的船", "a red and white boat"), ("一列火车从左到右行驶", "a train drives to the right"),
    ("一隻紅色的鳥在夜裡飛", "a red bird flies at night"), ("汉堡包和画笔", "a burger and a paintbrush"), ("夜晚海上的红色小船", "a small red boat on the sea at night"),
])
def test_a_prompt_is_read(prompt, english):
    assert read(prompt).text == english


@pytest.mark.parametrize("prompt, english", [
    ("a fox 在雪地里, ink style", "a fox in the snow, ink style"), ("a red 船 at night", "a red boat at night"), ("watercolour style, 一座灯塔 by the sea.", "watercolour style, a lighthouse by the sea."),
    ("夜晚的海上，a fox sleeps", "on the sea at night, a fox sleeps"), ("a boat at night", "a boat at night"), ("", ""),
])
def test_english_in_a_prompt_stays_in_its_place(prompt, english):
    assert read(prompt).text == english


@pytest.mark.parametrize("prompt, english, unknown", [
    ("一只熊猫在吃竹子", "a 熊猫 吃竹子", ("熊猫", "吃竹子")), ("白云和海豚", "白云 and 海豚", ("白云", "海豚")), ("红绿灯", "红绿灯", ("红绿灯",)), ("红色的熊猫在夜里", "red 熊猫 at night", ("熊猫",)), ("中国", "中国", ("中国",)),
])
def test_what_is_not_known_stands_as_it_was_written_and_is_said(prompt, english, unknown):
    said = read(prompt)
    assert (said.text, said.unknown) == (english, unknown)
    assert all(word in said.note for word in unknown)


def test_every_word_of_every_attribute_says_what_it_is():
    tables = {"subject": SUBJECT, "colour": COLOUR, "place": PLACE, "time": TIME, "weather": WEATHER, "motion": MOTION, "style": STYLE, "camera": CAMERA}
    for name, table in tables.items():
        for word, said in table.items():
            prompt = f"一只{said}的狐狸" if name == "colour" else said if name == "subject" else f"一只狐狸{said}" if name in ("motion", "place", "time", "weather") else f"一只狐狸，{said}"
            assert named(read(prompt).text).get(name) == word, f"{prompt} | {read(prompt)}"
            assert read(prompt).unknown == ()


def test_whole_sentences_of_the_world_name_the_same_in_both_languages():
    dice = random.Random(5)
    tables = (SUBJECT, COLOUR, PLACE, TIME, WEATHER, MOTION, STYLE, CAMERA)
    for _ in range(1_000):
        asked = [dice.choice(tuple(table)) for table in tables]
        said = read(sentence(*asked))
        wanted = dict(zip(("subject", "colour", "place", "time", "weather", "motion", "style", "camera"), asked, strict=True))
        assert named(said.text) == wanted and not said.unknown, f"{sentence(*asked)} | {said}"


def test_the_dictionary_says_words_that_the_model_was_taught():
    """But for a few that no picture of that world shows, and that a person may say all the same."""
    words = describe("paper").words
    tables = (chinese.THINGS, chinese.COLOURS, chinese.SIZES, chinese.PLACES, chinese.TIMES, chinese.WEATHERS, chinese.STYLES, chinese.SIDES, chinese.VERBS, chinese.HOW, chinese.CAMERAS)
    said = {english for table in tables for english in table}
    assert {prompt[start:stop] for prompt in said for start, stop in words.unknown(prompt)} <= {"sky"}


def test_no_word_of_the_dictionary_stands_for_two_things_of_a_kind():
    for table in (chinese.THINGS, chinese.COLOURS, chinese.PLACES, chinese.TIMES, chinese.WEATHERS, chinese.VERBS):
        listed = list(itertools.chain.from_iterable(words.split() for words in table.values()))
        assert len(listed) == len(set(listed)), [word for word in listed if listed.count(word) > 1]


@given(st.text(alphabet=st.one_of(st.sampled_from("一只红色的小船在夜里向左航行镜头推近，。、雪 and a fox熊猫云"), st.characters()), max_size=60))
@settings(deadline=None, max_examples=300)
def test_any_text_is_read_and_what_is_not_known_is_never_lost(prompt):
    said = read(prompt)
    assert all(word in said.text for word in said.unknown)
    if not chinese.has_any(prompt):
        assert said.text.split() == prompt.split() or "  " in prompt or any(mark in prompt for mark in ",.;:!?")


def test_a_prompt_is_filled_in_for_the_built_in_model_and_says_how_it_was_read():
    said = expand("一只红色的小船在夜里", seed=3)
    assert said.kept == "a small red boat at night" and said.added and said.note == "Read as: a small red boat at night."
    assert named(said.prompt).items() >= {"subject": "boat", "colour": "red", "time": "night"}.items()
    assert not describe("paper").unknown_words(said.prompt)
    assert "熊猫" in expand("一只熊猫在雪地里").note and "熊猫" in expand("一只熊猫在雪地里").prompt


def test_it_asks_for_no_torch():
    code = "import sys; from engine.words.chinese import read; read('船'); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0

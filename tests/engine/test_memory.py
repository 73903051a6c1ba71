"""Free memory is a number that this machine could have; bytes are said as a person reads them."""

import platform
import subprocess
import sys

import pytest

from engine import memory


def test_what_is_free_is_less_than_all_and_more_than_nothing():
    assert 10**7 < memory.free() < 10**14


@pytest.mark.parametrize("count, said", [
    (500_000_000, "500 MB"), (1_440_000_000, "1.4 GB"), (23_000_000_000, "23.0 GB"), (3 * 10**12, "3,000 GB"), (0, "0 MB")])
def test_bytes_are_said_as_a_person_reads_them(count, said):
    assert memory.words(count) == said


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told")
def test_what_is_kept_for_what_is_asked_next_is_given_back_in_the_end():
    """In a process of its own, which the setting changes for good."""
    work = """
import torch
from engine import memory

memory.keep_freed()
held = [torch.zeros(1_500_000) for _ in range(8)]
del held
kept = memory.resident()
memory.give_back()
print(kept, memory.resident())
"""
    kept, after = map(int, subprocess.run([sys.executable, "-c", work], capture_output=True, text=True, check=True).stdout.split())
    assert after < kept - 40_000_000

"""Vision: a language model that sees, in a folder of this machine, asked through transformers what a film shows.

LLaVA, Qwen-VL, BLIP and whatever else transformers reads as image and text to text. Weights are safetensors alone; nothing that
lies in the folder is run, and no hub is asked.
Knows pictures and transformers. Knows no file but the folder.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from engine import memory
from engine.captioner.captioner import Caption
from engine.errors import BadRequest, NotEnoughMemory, WeightsError
from engine.precision import fast_dtype
from engine.words.local import read_json, weights

LOOKS = 4               # pictures of a film that are shown, evenly spaced
TOKENS = {True: 40, False: 160}         # of an answer, by whether it is to be short
LETTERS = 2_000         # of it that are kept
QUESTIONS = {
    True: "In a few words, what do these pictures from one film show?",
    False: "These pictures are from one film, in their order. Describe it in one or two sentences for somebody who cannot see it: who or what is "
           "seen and how it looks, what it does, where, the light and the weather, the style, and how the camera moves. Write nothing else.",
}


def look(folder: str | Path) -> int:
    """Whether a model that sees lies in a folder: the bytes of its weights. Opens no weights. Raises BadRequest with a sentence for anything else."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES as KNOWN

    place = Path(folder).expanduser()
    if not place.is_dir():
        raise BadRequest(f"There is no folder {str(place)!r:.200}.")
    kind = read_json(place / "config.json").get("model_type")
    if not isinstance(kind, str) or kind not in KNOWN:
        raise BadRequest(f"{place.name!r:.80} holds a {kind!r:.40}, which is no model that is shown pictures and answers in words; LLaVA, Qwen-VL and BLIP are.")
    return weights(place)


class Vision:
    """A captioner that is a language model with eyes. See `captioner.Captioner`."""

    def __init__(self, folder: str | Path, device: str | None = None):
        """Load it. Raises BadRequest, NotEnoughMemory, WeightsError."""
        from transformers import AutoModelForImageTextToText, AutoProcessor

        folder = Path(folder).expanduser()
        need, free = look(folder), memory.free()
        if free is not None and need > free:
            raise NotEnoughMemory(f"The model needs about {memory.words(need)} of memory, and {memory.words(free)} are free; a smaller one would fit.")
        self.name, self.device = folder.absolute().name, device or ("cuda" if torch.cuda.is_available() else "cpu")
        here = {"local_files_only": True, "trust_remote_code": False}
        try:
            self.processor = AutoProcessor.from_pretrained(folder, **here)
            self.model = AutoModelForImageTextToText.from_pretrained(folder, dtype=fast_dtype(self.device), use_safetensors=True, **here).to(self.device).eval()
        except Exception as error:      # a stranger's folder: transformers raises whatever it likes
            raise WeightsError(f"The model in {self.name!r:.80} could not be loaded ({type(error).__name__}: {error!s:.200}).") from error

    @torch.inference_mode()
    def describe(self, pictures: np.ndarray, short: bool = False) -> Caption:
        """See `captioner.Captioner`. Raises WeightsError for a model that fails at it."""
        at = np.unique(np.linspace(0, len(pictures) - 1, LOOKS).round().astype(int))
        shown = [Image.fromarray(pictures[i]) for i in at]
        try:
            tokens = self._asked(shown, QUESTIONS[short]).to(self.device)
            tokens = {name: value.to(self.model.dtype) if value.is_floating_point() else value for name, value in tokens.items()}
            out = self.model.generate(**tokens, max_new_tokens=TOKENS[short], do_sample=False)
            told = tokens["input_ids"].shape[1] if "input_ids" in tokens and not self.model.config.is_encoder_decoder else 0
            text = self.processor.batch_decode(out[:, told:], skip_special_tokens=True)[0]
        except Exception as error:
            raise WeightsError(f"The model in {self.name!r:.80} could not describe the film ({type(error).__name__}: {error!s:.200}).") from error
        # An answer is data: one line of it, of a length that somebody reads.
        text = " ".join("".join(char if char.isprintable() else " " for char in text).split())[:LETTERS]
        return Caption(text, None, "" if text else "The model said nothing.")

    def _asked(self, shown: list[Image.Image], question: str):
        if getattr(self.processor, "chat_template", None):
            content = [*({"type": "image", "image": picture} for picture in shown), {"type": "text", "text": question}]
            return self.processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True, tokenize=True,
                                                      return_dict=True, return_tensors="pt")
        return self.processor(images=shown[len(shown) // 2], return_tensors="pt")       # BLIP and its like say what one picture shows

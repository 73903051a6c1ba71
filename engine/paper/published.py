"""Paper's networks as models of diffusers: its caches, LoRA, offload and pipelines work on them.

The same networks with the same files and the same names; only what diffusers adds is here.
"""

from __future__ import annotations

from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.hooks._helpers import TransformerBlockMetadata, TransformerBlockRegistry
from diffusers.loaders import PeftAdapterMixin
from diffusers.models.cache_utils import CacheMixin
from diffusers.models.modeling_utils import ModelMixin

from engine.paper import autoencoder, transformer

TransformerBlockRegistry.register(transformer.Block, TransformerBlockMetadata(return_hidden_states_index=0))        # caches must be told what a block returns


class PaperTransformer(transformer.PaperTransformer, ModelMixin, ConfigMixin, PeftAdapterMixin, CacheMixin):
    """The transformer with its text encoder, as a diffusers model."""

    _repeated_blocks = ["Block"]
    _no_split_modules = ["Block"]
    _keep_in_fp32_modules = list(transformer.PaperTransformer.exact)
    config = ConfigMixin.config
    __init__ = register_to_config(transformer.PaperTransformer.__init__)


class PaperAutoencoder(autoencoder.PaperAutoencoder, ModelMixin, ConfigMixin):
    """The autoencoder, as a diffusers model."""

    _supports_gradient_checkpointing = False
    config = ConfigMixin.config
    __init__ = register_to_config(autoencoder.PaperAutoencoder.__init__)

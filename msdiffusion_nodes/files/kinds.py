"""What a model file is, by the names of its tensors; plain Python, without torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

Shape = tuple[int, ...]


class Kind(NamedTuple):
    """A kind of model files: its name with the article, and the folder where ComfyUI looks."""

    name: str
    folder: str


MUSE = Kind("a MUSE adapter", "")
IP_ADAPTER = Kind("an IP-Adapter", "models/ipadapter")
INSTANT_ID = Kind("an InstantID adapter", "models/instantid")
SDXL = Kind("an SDXL checkpoint", "models/checkpoints")
REFINER = Kind("an SDXL refiner", "models/checkpoints")
INPAINT = Kind("an SDXL checkpoint for inpainting", "models/checkpoints")
BIG_G = Kind("a CLIP-ViT-bigG vision model", "models/clip_vision")
FACE_WIDTH = 512  # of the face embedding that InstantID takes
INPAINT_CHANNELS = 9  # that its UNet takes: latent, mask and masked latent

# kind, and what is in the names of its tensors, written with dots around: something of each group.
# The first that fits counts; None is MS-Diffusion's adapter, however it is packed.
KINDS: tuple[tuple[Kind | None, tuple[tuple[str, ...], ...]], ...] = (
    (MUSE, ((".to_k_image.",), (".to_k_text.",))),
    (None, ((".ms_adapter.", ".grounding_latents.", ".latent_proj."),)),
    (Kind("an EMA state without names of tensors", ""), ((".shadow_params.",),)),
    (Kind("a PhotoMaker", "models/photomaker"), ((".id_encoder.",),)),
    (
        Kind("a PuLID adapter", "models/pulid"),
        ((".id_to_k.", ".id_adapter.", ".pulid_encoder.", ".pulid_ca."),),
    ),
    (IP_ADAPTER, ((".ip_adapter.",), (".image_proj.",))),
    (IP_ADAPTER, ((".to_k_ip.",), (".image_proj.", ".image_proj_model."))),
    (Kind("a ControlNet-LLLite", "models/controlnet"), ((".lllite_",),)),
    (
        Kind("a LoRA", "models/loras"),
        (
            (".lora_up.", ".lora_down.", ".lora_A.", ".lora_B.", ".lora.up.", ".lora.down.")
            + ("_lora.down.", ".hada_w1", ".lokr_w1"),
        ),
    ),
    (
        Kind("a ControlNet", "models/controlnet"),
        ((".controlnet_cond_embedding.", ".control_model.", ".input_hint_block."),),
    ),
    (Kind("a T2I-Adapter", "models/controlnet"), ((".body.0.in_conv.", ".body.0.block1."),)),
    (SDXL, ((".model.diffusion_model.",), (".conditioner.embedders.1.",))),
    (REFINER, ((".model.diffusion_model.",), (".conditioner.embedders.0.",))),
    (
        Kind("a Stable Diffusion 1 or 2 checkpoint", "models/checkpoints"),
        ((".model.diffusion_model.",), (".cond_stage_model.",)),
    ),
    (
        Kind("a Flux or SD 3 model", "models/diffusion_models"),
        ((".double_blocks.", ".joint_blocks.", ".single_transformer_blocks."),),
    ),
    (
        Kind("a UNet of SDXL", "models/diffusion_models"),
        ((".input_blocks.", ".down_blocks."), (".label_emb.", ".add_embedding.")),
    ),
    (
        Kind("a UNet", "models/diffusion_models"),
        ((".input_blocks.", ".down_blocks."), (".attn2.",)),
    ),
    (BIG_G, ((".vision_model.", ".visual."), (".layers.47.", ".resblocks.47."))),
    (
        Kind("a CLIP vision model", "models/clip_vision"),
        ((".vision_model.", ".visual.transformer.", ".visual.conv1."),),
    ),
    (
        Kind("a text encoder", "models/text_encoders"),
        ((".token_embedding.", ".encoder.block.0.layer."),),
    ),
    (Kind("a VAE", "models/vae"), ((".decoder.conv_in.",), (".encoder.conv_in.",))),
    (
        Kind("an embedding", "models/embeddings"),
        (("\n.emb_params.", "\n.string_to_param.", "\n.clip_l.", "\n.clip_g."),),
    ),
)


def kind_of(names: Iterable[str], shapes: Mapping[str, Shape] | None = None) -> Kind | None:
    """The kind of a file with such tensors; None for an MS-Diffusion adapter and the unknown.

    Args:
        names: of tensors, or of the groups that they are in, in any order.
        shapes: of tensors by name, where they are known.
    """
    text = "".join(f"\n.{name[:300]}." for name in names)
    for kind, groups in KINDS:
        if all(any(part in text for part in group) for group in groups):
            return kind and _by_shapes(kind, shapes or {})
    return None


def _by_shapes(kind: Kind, shapes: Mapping[str, Shape]) -> Kind:
    """Tell apart what has the same names."""
    width = _size(shapes, "image_proj.proj_in.weight")
    channels = _size(shapes, "diffusion_model.input_blocks.0.0.weight")
    if kind is IP_ADAPTER and width == FACE_WIDTH:
        return INSTANT_ID
    return INPAINT if kind is SDXL and channels == INPAINT_CHANNELS else kind


def _size(shapes: Mapping[str, Shape], name: str) -> int | None:
    """How many numbers the tensor takes whose name ends like this."""
    found = [shape for key, shape in shapes.items() if key.endswith(name) and len(shape) > 1]
    return found[0][1] if found else None

"""The official names of an adapter's tensors, whatever they are called in a file.

The released file calls them `image_proj.…` (the resampler), `ms_adapter.1.to_k_ip.weight` (the
sites) and `dummy_image_tokens`. Training code, wrappers of models and other packs put other words
in front, or name a site after its attention in the UNet. Wherever they are, the resampler has a
tensor `grounding_latents`, and each site ends in `to_k_ip.weight` and `to_v_ip.weight`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

RESAMPLER, SITES, DUMMY = "image_proj.", "ms_adapter.", "dummy_image_tokens"
LONGEST_NAME = 300  # characters; longer ones are left as they are
# wrappers of modules, which may stand anywhere in a name
WRAPPERS = r"(?<![^.])(?:module|_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\."
LANDMARKS = ("grounding_latents", "latent_proj.0.weight")  # in no other resampler
PARTS = (  # of the resampler
    *("grounding_latents", "latent_proj", "latent_norm", "proj_in", "layers", "attention_norm"),
    *("proj_out", "norm_out"),
)
SITE_GROUPS = ("ms_adapter.", "adapter_modules.", "ip_adapter.")
BLOCKS = {  # of the UNet, by diffusers' names and the original ones, in the adapter's order
    **{"down_blocks": 0, "input_blocks": 0},
    **{"up_blocks": 1, "output_blocks": 1},
    **{"mid_block": 2, "middle_block": 2},
}
SITE_NAMES = (
    rf"(?P<front>.*?)(?P<block>{'|'.join(BLOCKS)})(?P<place>[._].*)[._]attn2[._](?:processor[._])?"
    r"to_(?P<kind>[kv])_ip(?:[._]0)?(?:[._]weight)?",
    r"(?P<front>.*?)(?P<number>\d+)[._]to_(?P<kind>[kv])_ip(?:\.weight)?",
    r"(?P<front>.*?)to_(?P<kind>[kv])_ip\.(?P<number>\d+)(?:\.weight)?",
)


class Site(NamedTuple):
    """Where a name puts a pair of keys and values: a number, or a place in the UNet."""

    front: str  # all before it
    place: tuple[int, ...]
    in_unet: bool
    kind: str  # "k" or "v"


def official_names(names: Iterable[str]) -> dict[str, str]:
    """The given name of each of an adapter's tensors by its official one; empty if it is none.

    Of several copies the one under the official names is taken, else an averaged one (EMA), which
    is made for use.
    """
    given: dict[str, str] = {}
    for name in names:
        given.setdefault(_unwrapped(name), name)
    given = {name: given[name] for name in sorted(given)}
    sites = {name: site for name in given if (site := _site(name))}
    resamplers = {
        name.removesuffix(landmark)
        for name in given
        for landmark in LANDMARKS
        if name.endswith(landmark) and name[: -len(landmark)][-1:] in ("", ".")
    }
    groups = {(site.front, site.in_unet) for site in sites.values()}
    if all(any(name.startswith(group) for name in given) for group in (RESAMPLER, SITES)):
        resamplers.add(RESAMPLER)
        if not any(front == SITES for front, _ in groups):
            groups.add((SITES, False))
    if not resamplers or not groups:
        return {}
    resampler = min(
        resamplers, key=lambda front: (front != RESAMPLER, not is_averaged(front), front)
    )
    averaged = is_averaged(resampler)
    group = min(
        groups,
        key=lambda one: (
            resampler != RESAMPLER or one[0] != SITES,
            is_averaged(one[0]) != averaged,
            -_common(one[0], resampler),
            one,
        ),
    )
    found = _resampler_names(given, resampler, sites) | _site_names(given, group, sites)
    dummies = [name for name in given if name == DUMMY or name.endswith(f".{DUMMY}")]
    if dummies:
        found[DUMMY] = max(dummies, key=lambda name: (name == DUMMY, _common(name, resampler)))
    return {official: given[name] for official, name in found.items()}


def _unwrapped(name: str) -> str:
    return re.sub(WRAPPERS, "", name) if len(name) <= LONGEST_NAME else name


def _site(name: str) -> Site | None:
    if len(name) > LONGEST_NAME or "_ip" not in name:
        return None
    for pattern in SITE_NAMES:
        if found := re.fullmatch(pattern, name):
            parts = found.groupdict()
            if "block" not in parts:
                return Site(parts["front"], (int(parts["number"]),), False, parts["kind"])
            place = tuple(map(int, re.findall(r"\d+", parts["place"])))
            return Site(parts["front"], (BLOCKS[parts["block"]], *place), True, parts["kind"])
    return None


def _resampler_names(given: Iterable[str], front: str, sites: Mapping[str, Site]) -> dict[str, str]:
    """Under the official name everything, so that nothing unknown goes unseen; else known parts."""
    found = {}
    for name in given:
        rest = name[len(front) :]
        known = front == RESAMPLER or rest.split(".")[0] in PARTS
        if name.startswith(front) and known and name not in sites:
            found[RESAMPLER + rest] = name
    return found


def _site_names(
    given: Iterable[str], group: tuple[str, bool], sites: Mapping[str, Site]
) -> dict[str, str]:
    own = {name: site for name, site in sites.items() if (site.front, site.in_unet) == group}
    numbers = _numbers({site.place for site in own.values()}, in_unet=group[1])
    found = {
        f"{SITES}{numbers[site.place]}.to_{site.kind}_ip.weight": name for name, site in own.items()
    }
    if group[0].endswith(SITE_GROUPS) and not group[1]:  # what else is there is seen, too
        rest = [name for name in given if name.startswith(group[0]) and name not in own]
        found |= {SITES + name[len(group[0]) :]: name for name in rest}
    return found


def _numbers(places: set[tuple[int, ...]], in_unet: bool) -> dict[tuple[int, ...], int]:
    """The official number of each site; where one is missing in between, so is its number."""
    if not in_unet:
        from_zero = (0,) in places  # a list of the sites alone
        return {place: 2 * place[0] + 1 if from_zero else place[0] for place in places}
    last: dict[tuple[int, ...], int] = {}  # of the layers of each attention
    for place in places:
        last[place[:-1]] = max(last.get(place[:-1], 0), min(place[-1], len(places)))
    numbers, before = {}, 0
    for attention in sorted(last):
        for layer in range(last[attention] + 1):
            numbers[(*attention, layer)] = 2 * (before + layer) + 1
        before += last[attention] + 1
    return {place: numbers.get(place, 2 * before + 1) for place in places}


def is_averaged(front: str) -> bool:
    """Whether a name says that it is of a moving average of the weights."""
    return "ema" in re.split(r"[._]", front.lower())


def _common(one: str, other: str) -> int:
    """How many characters two names begin with together."""
    pairs = zip(one, other, strict=False)
    return next((count for count, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))

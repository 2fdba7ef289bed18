"""DenseDiffusion once more: slow, obvious, numpy in float64, written from the paper alone.

Kim et al., ICCV 2023, arXiv 2308.12964, section 3: the attention of each query is softmax of
(Q·Kᵀ + M) / √d with M = λ·R·M⁺·(1 − S) − λ·(1 − R)·M⁻·(1 − S). Nothing is shared with the code
under test.
"""

import numpy as np


def attention(query, key, value, heads, wanted, strength, small):
    """Of one picture: (queries, heads·dim).

    query (queries, heads·dim); key and value (keys, heads·dim); wanted R and small 1 − S, both
    (queries, keys); strength λ, a number or (queries, keys).
    """
    query, key, value = (np.asarray(each, dtype=np.float64) for each in (query, key, value))
    strength = np.broadcast_to(strength, wanted.shape)
    dim = query.shape[1] // heads
    out = np.zeros_like(query)
    for head in range(heads):
        own = slice(head * dim, (head + 1) * dim)
        for row in range(len(query)):
            products = key[:, own] @ query[row, own]
            changed = products.copy()
            for column, product in enumerate(products):
                more = products.max() - product
                less = product - products.min()
                share = strength[row, column] * small[row, column]
                changed[column] += share * wanted[row, column] * more
                changed[column] -= share * (1 - wanted[row, column]) * less
            powers = np.exp((changed - changed.max()) / np.sqrt(dim))
            out[row, own] = powers / powers.sum() @ value[:, own]
    return out


def text(coverage, phrases, tokens):
    """R and 1 − S for text: coverage (areas, cells), phrases a list of tokens for each area.

    A phrase counts in all cells, by the size of its own area. What belongs to no phrase is lowered
    in the cells of an area as far as that covers them, and left alone in all others.
    """
    coverage = np.asarray(coverage, dtype=np.float64)
    wanted = np.zeros((coverage.shape[1], tokens))
    small = np.zeros_like(wanted)
    for cell in range(coverage.shape[1]):
        for token in range(tokens):
            own = [number for number, phrase in enumerate(phrases) if token in phrase]
            for number in own:
                wanted[cell, token] = max(wanted[cell, token], coverage[number, cell])
                small[cell, token] = max(small[cell, token], 1 - coverage[number].mean())
            if not own:
                shares = [area[cell] * (1 - area.mean()) for area in coverage]
                small[cell, token] = max(shares)
    return wanted, small


def cells(coverage):
    """R and 1 − S for self-attention: what is in no area is one more area."""
    coverage = np.asarray(coverage, dtype=np.float64)
    count = coverage.shape[1]
    areas = [*coverage, 1 - coverage.max(axis=0)]
    wanted, small = np.zeros((count, count)), np.zeros((count, count))
    for one in range(count):
        share = min(sum(area[one] * area.mean() for area in areas), 1)
        for other in range(count):
            wanted[one, other] = max(area[one] * area[other] for area in areas)
            small[one, other] = 1 - share
    return wanted, small

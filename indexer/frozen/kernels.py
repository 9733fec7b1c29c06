"""The inner loops of the frozen index, compiled by numba: the best pages, scores of given passages,
dot products. All arithmetic is on integers, so a result is the same on every CPU.

Importing this module compiles or loads machine code and takes its time; `compiled` alone does it,
after it has said where the code is kept. The numpy code beside each call gives equal results.

MaxScore: Turtle & Flood, "Query evaluation: strategies and optimizations" (1995); bounds by block:
Ding & Suel, "Faster top-k document retrieval using block-max indexes" (2011).
"""

from typing import Any

import numpy as np
from numba import njit, types

WINDOW = 8192
"""Passages that are summed at a time: the sums of a window stay in the nearest cache."""
BLOCK_BITS = 7
"""Postings of a block as a power of two: `posting_block` holds the highest impact of each 128."""

_I16_MATRIX = types.Array(types.int16, 2, "C", readonly=True)
_I16 = types.Array(types.int16, 1, "C", readonly=True)
_I32 = types.Array(types.int32, 1, "C", readonly=True)
_I64 = types.Array(types.int64, 1, "C", readonly=True)
_U8 = types.Array(types.uint8, 1, "C", readonly=True)
_U16 = types.Array(types.uint16, 1, "C", readonly=True)


@njit(nogil=True)
def _seek(rows: Any, low: Any, high: Any, row: Any) -> Any:
    """Return the first position in [low, high) whose row is at least `row`, or `high`."""
    step = 1
    at = low
    while at < high and rows[at] < row:
        low = at + 1
        at += step
        step <<= 1
    high = min(at, high)
    while low < high:
        middle = (low + high) >> 1
        if rows[middle] < row:
            low = middle + 1
        else:
            high = middle
    return low


@njit(nogil=True)
def _push(scores: Any, owners: Any, held: Any, score: Any, owner: Any) -> Any:
    """Put a page into the heap whose root is the worst one, and return how many it holds.

    Pages come in ascending order, so among equal scores the later page is the worse one.
    """
    most = len(scores)
    if held < most:
        at = held
        while at > 0:
            above = (at - 1) >> 1
            if scores[above] < score or (scores[above] == score and owners[above] > owner):
                break
            scores[at] = scores[above]
            owners[at] = owners[above]
            at = above
        scores[at] = score
        owners[at] = owner
        return held + 1
    at = 0
    while True:
        below = 2 * at + 1
        if below >= most:
            break
        if below + 1 < most and (
            scores[below + 1] < scores[below]
            or (scores[below + 1] == scores[below] and owners[below + 1] > owners[below])
        ):
            below += 1
        if scores[below] > score or (scores[below] == score and owners[below] < owner):
            break
        scores[at] = scores[below]
        owners[at] = owners[below]
        at = below
    scores[at] = score
    owners[at] = owner
    return held


@njit(
    (_I32, _U16, _U16, _I32, _U8, _I64, _I64, _I64, _I64, _I64, types.int64),
    cache=True,
    nogil=True,
)
def top(
    rows: Any,
    impacts: Any,
    blocks: Any,
    owner: Any,
    allowed: Any,
    starts: Any,
    stops: Any,
    first: Any,
    factors: Any,
    ceilings: Any,
    most: Any,
) -> Any:
    """Return (scores, pages) of the `most` pages with the best passages, unsorted.

    `starts` and `stops` are ranges of postings; group g (one word of the query) is the ranges
    first[g] to first[g + 1] and scores factors[g] times the highest impact among them, which is
    at most ceilings[g]. Groups come with the highest bound first. `owner` is the page of each
    passage, ascending; `allowed` by page, or empty for all. Scores are above 0; where pages tie,
    the first ones are taken.
    """
    groups, lists, passages = len(factors), len(starts), len(owner)
    cursor, look, ends = starts.copy(), starts.copy(), starts.copy()
    whole, local = np.zeros(groups + 1, np.int64), np.zeros(groups + 1, np.int64)
    for g in range(groups - 1, -1, -1):
        whole[g] = whole[g + 1] + factors[g] * ceilings[g]
    sums, maxima = np.zeros(WINDOW, np.int64), np.zeros(WINDOW, np.int64)
    heap_scores, heap_owners = np.zeros(most, np.int64), np.zeros(most, np.int64)
    held, bar = 0, np.int64(0)
    page, page_score = np.int64(-1), np.int64(0)
    while True:
        # Words whose bounds together do not pass the bar cannot bring in a page by themselves.
        strong = groups
        while strong > 0 and whole[strong - 1] <= bar:
            strong -= 1
        begin = np.int64(passages)
        for j in range(first[strong]):
            if cursor[j] < stops[j] and rows[cursor[j]] < begin:
                begin = np.int64(rows[cursor[j]])
        if begin >= passages:
            break
        end = np.int64(min(int(begin) + WINDOW, passages))
        for j in range(lists):
            cursor[j] = _seek(rows, cursor[j], stops[j], begin)
            ends[j] = _seek(rows, cursor[j], stops[j], end)
            look[j] = cursor[j]
        # The same again with the bounds of this window's blocks, which are lower.
        for g in range(groups - 1, -1, -1):
            bound = np.int64(0)
            for j in range(first[g], first[g + 1]):
                if ends[j] > cursor[j]:
                    for b in range(cursor[j] >> BLOCK_BITS, ((ends[j] - 1) >> BLOCK_BITS) + 1):
                        bound = max(bound, np.int64(blocks[b]))
            local[g] = local[g + 1] + factors[g] * min(bound, ceilings[g])
        near = groups
        while near > 0 and local[near - 1] <= bar:
            near -= 1
        for g in range(near):
            factor = factors[g]
            if first[g + 1] - first[g] == 1:
                j = first[g]
                for p in range(cursor[j], ends[j]):
                    sums[rows[p] - begin] += factor * np.int64(impacts[p])
                continue
            for j in range(first[g], first[g + 1]):
                for p in range(cursor[j], ends[j]):
                    x = rows[p] - begin
                    impact = np.int64(impacts[p])
                    if impact > maxima[x]:
                        maxima[x] = impact
            for j in range(first[g], first[g + 1]):
                for p in range(cursor[j], ends[j]):
                    x = rows[p] - begin
                    sums[x] += factor * maxima[x]
                    maxima[x] = 0
        if near > 0:
            for x in range(end - begin):
                score = sums[x]
                if score == 0:
                    continue
                sums[x] = 0
                if score + local[near] <= bar:
                    continue
                row = begin + x
                whose = np.int64(owner[row])
                if len(allowed) > 0 and allowed[whose] == 0:
                    continue
                for g in range(near, groups):
                    if score + local[g] <= bar:
                        break
                    highest = np.int64(0)
                    for j in range(first[g], first[g + 1]):
                        look[j] = _seek(rows, look[j], ends[j], row)
                        if look[j] < ends[j] and rows[look[j]] == row:
                            highest = max(highest, np.int64(impacts[look[j]]))
                    score += factors[g] * highest
                if score <= bar:
                    continue
                if whose == page:
                    page_score = max(page_score, score)
                    continue
                if page >= 0 and page_score > bar:
                    held = _push(heap_scores, heap_owners, held, page_score, page)
                    if held == most:
                        bar = heap_scores[0]
                page, page_score = whose, score
        for j in range(lists):
            cursor[j] = ends[j]
    if page >= 0 and page_score > bar:
        held = _push(heap_scores, heap_owners, held, page_score, page)
    return heap_scores[:held], heap_owners[:held]


@njit((_I32, _U16, _I64, _I64, _I64, _I64, _I64), cache=True, nogil=True)
def at(
    rows: Any, impacts: Any, starts: Any, stops: Any, first: Any, factors: Any, wanted: Any
) -> Any:
    """Return the scores of the passages `wanted`, which ascend; the rest is as in `top`."""
    scores = np.zeros(len(wanted), np.int64)
    cursor = starts.copy()
    for g in range(len(factors)):
        for i in range(len(wanted)):
            row, highest = wanted[i], np.int64(0)
            for j in range(first[g], first[g + 1]):
                cursor[j] = _seek(rows, cursor[j], stops[j], row)
                if cursor[j] < stops[j] and rows[cursor[j]] == row:
                    highest = max(highest, np.int64(impacts[cursor[j]]))
            scores[i] += factors[g] * highest
    return scores


@njit((_I16_MATRIX, _I64, _I16), cache=True, nogil=True)
def dots(matrix: Any, wanted: Any, query: Any) -> Any:
    """Return the inner products of rows of `matrix` with `query`.

    32 bits are enough: by Cauchy-Schwarz no sum of two vectors of length 32767 passes 2^30. Both
    are 16-bit and positions unsigned, so that processors multiply and add sixteen at a time.
    """
    found = np.empty(len(wanted), np.int64)
    size = np.uint64(len(query))
    for i in range(len(wanted)):
        row = np.uint64(wanted[i])
        total = np.int32(0)
        for k in range(size):
            product = np.int32(matrix[row, np.uint64(k)]) * np.int32(query[np.uint64(k)])
            total = np.int32(total + np.int32(product))
        found[i] = total
    return found

"""Real H.264 without an encoder: raw macroblocks (I_PCM) where a picture changes, skipped ones where it does not.

The syntax is that of ITU-T H.264, clauses 7.3 and 7.4: Constrained Baseline, CAVLC, deblocking off. Samples stay in
16..235, so that a start code can only arise in the few bits between them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from desktop.demo.pictures import Colour

BLOCK = 16  # pixels a side of a macroblock
SPS, PPS, IDR, INTER = 0x67, 0x68, 0x65, 0x41  # NAL unit headers
PCM_IN_I, PCM_IN_P = 25, 30  # mb_type of I_PCM
FRAME_NUMBERS = 256

Picture = list[bytes]
"""The macroblocks of one frame, row by row; those that did not change are the same objects."""


@dataclass(frozen=True, slots=True)
class Film:
    """A bright square wandering over a field of one colour, above a bar that grows with time.

    width, height: pixels, even. rate: frames a second. key_every: frames from one whole picture to the next.
    """

    width: int
    height: int
    frames: int
    colour: Colour
    rate: int = 12
    key_every: int = 24

    @property
    def columns(self) -> int:
        """Return the width in macroblocks."""
        return -(-self.width // BLOCK)

    @property
    def rows(self) -> int:
        """Return the height in macroblocks."""
        return -(-self.height // BLOCK)

    def parameter_sets(self) -> tuple[bytes, bytes]:
        """Return sequence and picture parameter set as NAL units."""
        right, bottom = self.columns * BLOCK - self.width, self.rows * BLOCK - self.height
        sequence = (
            f"{66:08b}{0b11000000:08b}{40:08b}"  # Baseline, constrained, level 4.0
            # Ids and frame numbers of 8 bits; output in the order of decoding; one reference frame.
            f"{_ue(0)}{_ue(4)}{_ue(2)}{_ue(1)}0{_ue(self.columns - 1)}{_ue(self.rows - 1)}11"
            f"1{_ue(0)}{_ue(right // 2)}{_ue(0)}{_ue(bottom // 2)}0"
        )
        # CAVLC, one slice group, one reference, no weights, QP 26, deblocking can be switched off.
        picture = f"{_ue(0)}{_ue(0)}00{_ue(0)}{_ue(0)}{_ue(0)}000{_ue(0)}{_ue(0)}{_ue(0)}100"
        return _unit(SPS, sequence), _unit(PPS, picture)

    def units(self) -> Iterator[bytes]:
        """Yield every frame as one NAL unit."""
        before: Picture = []
        for number, picture in enumerate(self._pictures()):
            since = number % self.key_every
            if since:
                # P slice of one reference frame, as many changes to it as there are.
                head = f"{_ue(0)}{_ue(5)}{_ue(0)}{since % FRAME_NUMBERS:08b}000{_ue(0)}{_ue(1)}"
                yield _between(head, before, picture)
            else:
                # I slice of an IDR picture, which must not bear the id of the one before.
                head = f"{_ue(0)}{_ue(7)}{_ue(0)}{0:08b}{_ue(number // self.key_every % 2)}00{_ue(0)}{_ue(1)}"
                each = _aligned(_ue(PCM_IN_I))
                yield bytes((IDR,)) + _aligned(head + _ue(PCM_IN_I)) + each.join(picture) + b"\x80"
            before = picture

    def key_frames(self) -> list[int]:
        """Return the indices of the frames that stand on their own."""
        return list(range(0, self.frames, self.key_every))

    def picture(self, number: int) -> Picture:
        """Return one frame as it is seen."""
        return next(islice(self._pictures(), number, None))

    def _pictures(self) -> Iterator[Picture]:
        columns, rows = self.columns, self.rows
        field = [_block(self.colour, 0.25 + 0.5 * row / rows, 0.5 / rows) for row in range(rows)]
        square = _block((0.4 + 0.6 * self.colour[2], 0.4 + 0.6 * self.colour[0], 0.4 + 0.6 * self.colour[1]), 0.7, 0.3)
        bar = _block((1.0, 1.0, 1.0), 0.9, 0.0)
        # The height may be cut inside the last row: the bar lies in the last one that is seen whole.
        last = self.height // BLOCK - 1
        side = max(1, rows // 4)
        for number in range(self.frames):
            picture = [field[row] for row in range(rows) for _ in range(columns)]
            step = number // 3
            left, top = _bounce(step, columns - side), _bounce(step // 2, last - side)
            for row in range(top, top + side):
                picture[row * columns + left : row * columns + left + side] = [square] * side
            done = (number + 1) * columns // self.frames
            picture[last * columns : last * columns + done] = [bar] * done
            yield picture


def _between(head: str, before: Picture, picture: Picture) -> bytes:
    """Return a P slice that turns one picture into the next."""
    parts = [bytes((INTER,))]
    bits, skipped = head, 0
    for old, new in zip(before, picture, strict=True):
        if old is new:
            skipped += 1
            continue
        parts += (_aligned(bits + _ue(skipped) + _ue(PCM_IN_P)), new)
        bits, skipped = "", 0
    if skipped:
        bits += _ue(skipped)
    parts.append(_aligned(bits + "1"))
    return b"".join(parts)


def _bounce(step: int, room: int) -> int:
    """Return a place in 0..room that goes to and fro."""
    if room <= 0:
        return 0
    return room - abs(step % (2 * room) - room)


def _block(colour: Colour, light: float, slope: float) -> bytes:
    """Return a macroblock that gets lighter towards its bottom: 256 samples of luma, 64 of each chroma (BT.601)."""
    red, green, blue = colour
    luma = 65.481 * red + 128.553 * green + 24.966 * blue
    lines = (_sample(16 + luma * (light + slope * line / BLOCK)) * BLOCK for line in range(BLOCK))
    cb = _sample(128 + light * (-37.797 * red - 74.203 * green + 112.0 * blue))
    cr = _sample(128 + light * (112.0 * red - 93.786 * green - 18.214 * blue))
    return b"".join(lines) + cb * 64 + cr * 64


def _sample(value: float) -> bytes:
    return bytes((max(16, min(235, round(value))),))


def _ue(value: int) -> str:
    """Return an unsigned Exp-Golomb code as a string of bits (clause 9.1)."""
    code = f"{value + 1:b}"
    return "0" * (len(code) - 1) + code


def _unit(kind: int, bits: str) -> bytes:
    return bytes((kind,)) + _aligned(bits + "1")


def _aligned(bits: str) -> bytes:
    """Return the bits padded with zeros to whole bytes, with emulation prevention (clause 7.4.1)."""
    size = -(-len(bits) // 8)
    data = int(bits.ljust(8 * size, "0"), 2).to_bytes(size, "big")
    return re.sub(rb"\0\0(?=[\0-\3])", b"\0\0\3", data)

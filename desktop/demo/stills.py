"""A frame of a film as a picture: what a gallery shows of a video."""

from functools import lru_cache

from desktop.demo.pictures import png_of
from desktop.demo.video import BLOCK, Film


def still(film: Film, number: int) -> bytes:
    """Return one frame as a PNG; every line of a macroblock has one colour."""
    picture = film.picture(number)
    lines = []
    for y in range(film.height):
        row, line = divmod(y, BLOCK)
        blocks = picture[row * film.columns : (row + 1) * film.columns]
        lines.append(b"".join(_rgb(block[line * BLOCK], block[256], block[320]) * BLOCK for block in blocks))
    return png_of(film.width, film.height, [line[: 3 * film.width] for line in lines])


@lru_cache(1024)
def _rgb(luma: int, cb: int, cr: int) -> bytes:
    """Return a sample of BT.601 as 8-bit red, green, blue."""
    light, blue, red = 1.1644 * (luma - 16), cb - 128, cr - 128
    values = (light + 1.596 * red, light - 0.392 * blue - 0.813 * red, light + 2.017 * blue)
    return bytes(max(0, min(255, round(value))) for value in values)

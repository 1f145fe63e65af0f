"""Reads pictures with zxing-cpp as it comes, for comparison: `python3 qr_peer.py FILE...` or file names on standard input.

One line a file: its name, the microseconds that reading took (the least of five times; the file's own decoding is not
counted), and every content found, as hexadecimal. Needs the packages zxing-cpp, numpy and pillow.
"""

import sys
import time

import numpy
import zxingcpp
from PIL import Image


def grey(name):
    picture = Image.open(name)
    if picture.mode in ("RGBA", "LA", "P"):
        picture = picture.convert("RGBA")
        paper = Image.new("RGBA", picture.size, (255, 255, 255, 255))
        picture = Image.alpha_composite(paper, picture)
    return numpy.ascontiguousarray(numpy.array(picture.convert("L")))


def main():
    for name in sys.argv[1:] or sys.stdin.read().splitlines():
        try:
            pixels = grey(name)
        except OSError:
            print(name, "unreadable", "", sep="\t")
            continue
        least, found = float("inf"), []
        for _ in range(5):
            begun = time.perf_counter()
            found = zxingcpp.read_barcodes(pixels, formats=zxingcpp.BarcodeFormat.QRCode)
            least = min(least, time.perf_counter() - begun)
        contents = ",".join(sorted(bytes(code.bytes).hex() for code in found))
        print(name, round(least * 1e6), contents, sep="\t")


main()

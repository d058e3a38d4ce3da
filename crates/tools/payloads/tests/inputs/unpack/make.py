#!/usr/bin/env python3
"""Makes the packed files beside this script, with tools that payloads has nothing to do with.

Run it with Python 3.11 or later, with brotli and zstandard of PyPI installed (1.2.1 and 0.25.0 made
the files that are here; zlib was 1.2.13). Each file but the bombs holds the same text, which
tests/unpack.rs makes again: the squares of the numbers from 0 on modulo 97, a line each, and each
50th number itself.
"""
import functools
import gzip
import pathlib
import zlib

import brotli
import zstandard

here = pathlib.Path(__file__).parent
text = "".join(f"{i * i % 97}\n" if i % 50 else f"number {i}\n" for i in range(40_000)).encode()


def raw(data, **options):
    packer = zlib.compressobj(wbits=-15, **options)
    return packer.compress(data) + packer.flush()


def in_pieces(data, pack, flush, finish):
    """Packs the text in pieces, each of which can be unpacked when it is there."""
    packed = b""
    for begin in range(0, len(data), 50_000):
        packed += pack(data[begin : begin + 50_000]) + flush()
    return packed + finish()


def brotli_in_pieces(data):
    packer = brotli.Compressor()
    return in_pieces(data, packer.process, packer.flush, packer.finish)


def zstd_in_pieces(data):
    parameters = zstandard.ZstdCompressionParameters(window_log=17, compression_level=3)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    flush = functools.partial(packer.flush, zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    return in_pieces(data, packer.compress, flush, packer.flush)


def brotli_bomb():
    packer = brotli.Compressor()
    packed = b"".join(packer.process(bytes(1 << 20)) for _ in range(1 << 10))
    return packed + packer.finish()


half = len(text) // 2
files = {
    "numbers.gz": gzip.compress(text, mtime=0),
    "numbers.members.gz": gzip.compress(text[:half], mtime=0) + gzip.compress(text[half:], mtime=0),
    "numbers.zlib": zlib.compress(text),
    "numbers.deflate": raw(text),
    "numbers.fixed.deflate": raw(text, strategy=zlib.Z_FIXED),
    "numbers.br": brotli.compress(text),
    "numbers.small-window.br": brotli.compress(text, quality=5, lgwin=10),
    "numbers.pieces.br": brotli_in_pieces(text),
    "numbers.zst": zstandard.ZstdCompressor(level=19, write_checksum=True).compress(text),
    # Longer than its window several times.
    "numbers.5-times.pieces.zst": zstd_in_pieces(text * 5),
    # Two codings, applied one after the other.
    "numbers.gz.br": brotli.compress(gzip.compress(text, mtime=0)),
    "numbers.zst.gz": gzip.compress(zstandard.compress(text), mtime=0),
    # Bombs: a gigabyte and more of zeros.
    "bomb.br": brotli_bomb(),
    "bomb.gz.gz": gzip.compress(gzip.compress(bytes(1 << 30), mtime=0), mtime=0),
}
for name, packed in files.items():
    (here / name).write_bytes(packed)
    print(f"{name}: {len(packed)} bytes")

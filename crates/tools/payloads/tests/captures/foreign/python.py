"""The servers and clients in Python of make-foreign.sh: `python3 python.py NAME`, for a function NAME
below. Servers write a line when they listen."""
import asyncio
import http.server
import sys
import time

PORT = 8000
PAGE = "".join(f"{i} squared is {i * i}\n" for i in range(60)).encode()


def packing_server():
    """Content in br and zstd, with a length, and in chunks that are flushed."""
    import brotli
    import zstandard

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            coding = self.path.strip("/").split("-")[0]
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Encoding", "gzip, br" if coding == "both" else coding)
            if coding == "both":
                import gzip

                self.whole(brotli.compress(gzip.compress(PAGE)))
            elif self.path == "/br":
                self.whole(brotli.compress(PAGE))
            elif self.path == "/zstd":
                self.whole(zstandard.ZstdCompressor(write_checksum=True).compress(PAGE))
            elif self.path == "/br-pieces":
                packer = brotli.Compressor()
                self.pieces(packer.process, packer.flush, packer.finish)
            else:
                packer = zstandard.ZstdCompressor().compressobj()
                flush = lambda: packer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
                self.pieces(packer.compress, flush, packer.flush)

        def whole(self, packed):
            self.send_header("Content-Length", str(len(packed)))
            self.end_headers()
            self.wfile.write(packed)

        def pieces(self, pack, flush, finish):
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for begin in range(0, len(PAGE), 400):
                self.chunk(pack(PAGE[begin : begin + 400]) + flush())
                time.sleep(0.05)
            self.chunk(finish())
            self.wfile.write(b"0\r\n\r\n")

        def chunk(self, data):
            if data:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
    print("listening", flush=True)
    server.serve_forever()


async def echo(websocket):
    async for message in websocket:
        await websocket.send(message)


async def words():
    for word in ["a ", "message ", "in ", "fragments"]:
        yield word


def websockets_server():
    from websockets.asyncio.server import serve

    async def main():
        async with serve(echo, "127.0.0.1", PORT) as server:
            print("listening", flush=True)
            await server.serve_forever()

    asyncio.run(main())


def websockets_client():
    from websockets.asyncio.client import connect

    async def main():
        async with connect(f"ws://localhost:{PORT}/") as websocket:
            for message in ['{"time": "08:04:23"}', '{"time": "08:04:24"}', words(), bytes(range(20))]:
                await websocket.send(message)
                await websocket.recv()
            pong = await websocket.ping(b"ping")
            await pong

    asyncio.run(main())


globals()[sys.argv[1]]()

// The servers and clients in Node.js of make-foreign.sh: `node node.mjs NAME`, for a function NAME
// below. Servers write a line when they listen. Packages come from the folder in NODE_PATH.
import { createRequire } from "node:module";
import http from "node:http";
import net from "node:net";
import zlib from "node:zlib";

const require = createRequire(`${process.env.NODE_PATH}/`);
const port = Number(process.env.SERVER_PORT ?? 8000);
const url = `//localhost:${port}`;
const sleep = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));
const once = (emitter, event) =>
  new Promise((done) =>
    emitter.once ? emitter.once(event, done) : emitter.addEventListener(event, done, { once: true }),
  );

const page = `<!DOCTYPE html>\n<title>Squares</title>\n<table>\n${Array.from(
  { length: 40 },
  (_, i) => `<tr><td>${i}</td><td>${i * i}</td></tr>\n`,
).join("")}</table>\n`;

function listen(server) {
  server.listen(port, "127.0.0.1", () => console.log("listening"));
}

const programs = {
  // Content in the coding that the path names; with a length, and in chunks that are flushed.
  packing_server() {
    const packers = {
      "/gzip": ["gzip", zlib.createGzip],
      "/deflate": ["deflate", zlib.createDeflate],
      "/raw-deflate": ["deflate", zlib.createDeflateRaw],
      "/br": ["br", zlib.createBrotliCompress],
    };
    listen(
      http.createServer((request, response) => {
        const [coding, create] = packers[request.url] ?? [];
        response.setHeader("Content-Type", "text/html; charset=utf-8");
        if (request.url === "/gzip-twice") {
          const packed = zlib.gzipSync(zlib.gzipSync(page));
          response.setHeader("Content-Encoding", "gzip, gzip");
          response.setHeader("Content-Length", packed.length);
          response.end(packed);
        } else if (coding) {
          response.setHeader("Content-Encoding", coding);
          const packer = create();
          packer.pipe(response);
          packer.write(page.slice(0, 500));
          packer.flush(() => setTimeout(() => packer.end(page.slice(500)), 50));
        } else {
          response.end(page);
        }
      }),
    );
  },

  // Answers by path, over one connection for many requests.
  keep_alive_server() {
    const server = http.createServer((request, response) => {
      if (request.url === "/echo") {
        request.pipe(response);
      } else if (request.url === "/none") {
        response.writeHead(204).end();
      } else if (request.url === "/unchanged") {
        response.writeHead(304, { ETag: '"1"' }).end();
      } else if (request.url === "/trailers") {
        response.writeHead(200, { Trailer: "Length" });
        response.write("chunk one, ");
        response.write("chunk two\n");
        response.addTrailers({ Length: "21" });
        response.end();
      } else if (request.url === "/early-hints") {
        response.writeEarlyHints({ link: "</style.css>; rel=preload; as=style" });
        response.end("after hints\n");
      } else {
        response.writeHead(404, { "Content-Type": "text/plain" }).end("no such page\n");
      }
    });
    // The client leaves a second earlier.
    server.keepAliveTimeout = 5000;
    listen(server);
  },

  async keep_alive_client() {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const ask = (method, path, body, headers = {}) =>
      new Promise((done) => {
        const request = http.request(`http:${url}${path}`, { method, agent, headers }, (response) =>
          response.resume().on("end", done),
        );
        request.end(body);
      });
    await ask("GET", "/missing");
    await ask("POST", "/echo", "one two three\n");
    await ask("POST", "/echo", "in a chunk\n", { "Transfer-Encoding": "chunked" });
    await ask("HEAD", "/missing");
    await ask("GET", "/none");
    await ask("GET", "/unchanged", undefined, { "If-None-Match": '"1"' });
    await ask("GET", "/trailers", undefined, { TE: "trailers" });
    await ask("GET", "/early-hints");
    agent.destroy();
    // Two requests at once, and then what is no request, on a connection of its own.
    const socket = net.connect(port, "localhost");
    socket.write("GET /none HTTP/1.1\r\nHost: a\r\n\r\nGET /none HTTP/1.1\r\nHost: a\r\n\r\n");
    await once(socket, "data");
    await sleep(0.1);
    socket.write("GET /none HTTP/1.1\r\nHost : a\r\n\r\n");
    await once(socket.resume(), "close");
  },

  // Events as they come in practice: several in a chunk, one in several, comments, all fields.
  event_server() {
    const chunks = [
      ": welcome\n\n",
      "retry: 2000\nid: 1\ndata: first\n\nid: 2\nevent: tick\ndata: second\ndata: of two lines\n\n",
      "id: 3\nda",
      "ta: in three",
      " chunks\n\n",
      "data\n\ndata:no space\r\n\r\n:\n\n",
      "id: 4\ndata: never dispatched",
    ];
    const server = http.createServer(async (request, response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      for (const chunk of chunks) {
        response.write(chunk);
        await sleep(0.05);
      }
      response.end();
      server.close();
    });
    listen(server);
  },

  async event_client() {
    const { EventSource } = require("eventsource");
    const source = new EventSource(`http:${url}/events`);
    for (const name of ["message", "tick"]) {
      source.addEventListener(name, (event) =>
        console.log(`${event.type} ${event.lastEventId} ${JSON.stringify(event.data)}`),
      );
    }
    await once(source, "error");
    source.close();
  },

  ws_server: () => ws_server({ perMessageDeflate: false }),
  ws_deflate_server: () => ws_server({ perMessageDeflate: { threshold: 0 } }),
  ws_windows_server: () =>
    ws_server({
      perMessageDeflate: {
        threshold: 0,
        serverNoContextTakeover: true,
        serverMaxWindowBits: 10,
        clientMaxWindowBits: 9,
      },
    }),
  ws_client: () => ws_client(),
  ws_windows_client: () => ws_client({ perMessageDeflate: { threshold: 0, clientMaxWindowBits: 9 } }),

  // What wsapp answers.
  async time_client() {
    const { WebSocket } = require("ws");
    const ws = new WebSocket(`ws:${url}/time`);
    await once(ws, "open");
    for (let i = 0; i < 3; i++) {
      ws.send(i < 2 ? "get-time" : "something else");
      await once(ws, "message");
    }
    ws.close();
    await once(ws, "close");
  },

  // A proxy that opens tunnels, on port 3128.
  tunnel_proxy() {
    const proxy = http.createServer((request, response) => response.writeHead(405).end());
    proxy.on("connect", (request, client, head) => {
      const { hostname, port } = new URL(`http://${request.url}`);
      const server = net.connect(port, hostname, () => {
        client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
        server.write(head);
        server.pipe(client);
        client.pipe(server);
      });
      server.on("error", () => client.end("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"));
      client.on("error", () => server.destroy());
    });
    proxy.listen(3128, "127.0.0.1", () => console.log("listening"));
  },

  // A WebSocket to wsapp through that proxy.
  async tunnel_client() {
    const { WebSocket } = require("ws");
    const request = http.request({ port: 3128, method: "CONNECT", path: `localhost:${port}` }).end();
    const socket = await new Promise((done) => request.on("connect", (_, socket) => done(socket)));
    const ws = new WebSocket(`ws:${url}/time`, { createConnection: () => socket });
    await once(ws, "open");
    ws.send("get-time");
    await once(ws, "message");
    ws.close(1000, "thanks");
    await once(ws, "close");
  },
};

// Sends each message back, and one in two fragments with a ping between when it gets "fragments".
function ws_server(options) {
  const { WebSocketServer } = require("ws");
  const server = new WebSocketServer({ port, host: "127.0.0.1", ...options }, () =>
    console.log("listening"),
  );
  server.on("connection", (ws) => {
    ws.on("message", (message, isBinary) => {
      if (message.toString() === "fragments") {
        ws.send("one ", { fin: false });
        ws.ping("still there?");
        ws.send("of two", { fin: true });
      } else {
        ws.send(message, { binary: isBinary });
      }
    });
    ws.on("close", () => server.close());
  });
}

async function ws_client(options = { perMessageDeflate: { threshold: 0 } }) {
  const { WebSocket } = require("ws");
  const ws = new WebSocket(`ws:${url}/echo`, options);
  await once(ws, "open");
  const squares = JSON.stringify(Array.from({ length: 60 }, (_, i) => i * i));
  for (const message of ['{"time": "08:04:23"}', '{"time": "08:04:24"}', squares, squares, "", "fragments"]) {
    ws.send(message);
    await once(ws, "message");
  }
  ws.send(Buffer.from([0, 1, 2, 3, 0xfe, 0xff]));
  await once(ws, "message");
  ws.send("three ", { fin: false });
  ws.send("fragments ", { fin: false });
  ws.ping();
  ws.send("from the client", { fin: true });
  await once(ws, "message");
  ws.close(1000, "enough");
  await once(ws, "close");
}

await programs[process.argv[2]]();

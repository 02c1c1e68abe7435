// npm's "ws" through the proxy: what is sent comes back, and a clean close.
import { createRequire } from "node:module";

const require = createRequire(`${process.env.EDGEPROXY_NODE_MODULES}/`);
const WebSocket = require("ws");
const [url, ca] = process.argv.slice(2);
const { readFileSync } = await import("node:fs");
const socket = new WebSocket(url, { ca: readFileSync(ca), perMessageDeflate: true });
const big = "x".repeat(300_000);
let got = 0;
socket.on("error", (error) => {
  console.error(error);
  process.exit(1);
});
socket.on("open", () => {
  socket.send("hello");
  socket.send(big);
});
socket.on("message", (data) => {
  got += data.length;
  if (got === 5 + big.length) {
    socket.close(1000);
  }
});
socket.on("close", (code) => process.exit(code === 1000 && got === 5 + big.length ? 0 : 2));

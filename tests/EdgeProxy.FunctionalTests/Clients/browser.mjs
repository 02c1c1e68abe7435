// Chromium through the proxy over HTTP/2: a page, requests of its script, a WebSocket.
import { createRequire } from "node:module";

const require = createRequire(`${process.env.EDGEPROXY_NODE_MODULES}/`);
const { chromium } = require("playwright-core");
const [base, executablePath] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--ignore-certificate-errors"] });
try {
  const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
  const response = await page.goto(`${base}/`);
  const seen = await page.evaluate(async (socketUrl) => {
    const protocol = performance.getEntriesByType("navigation")[0].nextHopProtocol;
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => (await fetch(`/echo?${i}`, { method: "POST", body: `b${i}` })).text()));
    const socket = new WebSocket(socketUrl);
    const echo = await new Promise((resolve, reject) => {
      socket.onopen = () => socket.send("hello");
      socket.onmessage = (event) => resolve(event.data);
      socket.onerror = () => reject(new Error("the WebSocket failed"));
    });
    socket.close(1000);
    return { protocol, echo, isRight: answers.every((text, i) => text === `b${i}`) };
  }, `${base.replace("https", "wss")}/ws`);
  console.log(JSON.stringify({ status: response.status(), version: browser.version(), ...seen }));
  const isGood = response.status() === 200 && seen.protocol === "h2" && seen.echo === "hello" && seen.isRight;
  process.exitCode = isGood ? 0 : 2;
} finally {
  await browser.close();
}

// Ollama's own client against the proxy: node ollama.mjs URL MODEL MODE. Exit code 0 if all of it went as it should.
// MODE: all; chat, what a provider of another dialect is asked for; uncounted, the same without usage; first, one call.
// Of providers that fail: overloaded and refused, with a status; failing, in a stream; cut, in whatever they say.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(path.join(process.env.EDGEPROXY_NODE_MODULES, "x.js"));
const { Ollama } = require("ollama");
const [url, model, mode] = process.argv.slice(2);
const client = new Ollama({ host: url, headers: { Authorization: "Bearer client-secret" } });
const messages = [{ role: "user", content: "hello" }];
const tools = [{ type: "function", function: { name: "weather", parameters: { type: "object", properties: {} } } }];
const counted = mode !== "uncounted";
const expected = "Good morning, caf\u00e9!";

async function streamed() {
  let text = "";
  for await (const part of await client.chat({ model, messages, stream: true })) { text += part.message.content; }
  return text;
}

if (mode === "overloaded" || mode === "refused") {
  await assert.rejects(client.chat({ model, messages }), (error) =>
    error.status_code === (mode === "refused" ? 400 : 503) && /overloaded|too long/i.test(error.message));
  process.exit(0);
}

if (mode === "failing" || mode === "cut") {
  await assert.rejects(streamed());
  if (mode === "cut") { await assert.rejects(client.chat({ model, messages })); }
  process.exit(0);
}

const whole = await client.chat({ model, messages });
assert.equal(whole.message.content, expected);
if (mode === "first") { process.exit(0); }
assert.equal(whole.prompt_eval_count, counted ? 7 : undefined);
assert.equal(await streamed(), expected);

const called = await client.chat({ model, messages, tools });
assert.deepEqual(called.message.tool_calls[0].function.arguments, { city: "Zagreb" });
let call;
for await (const part of await client.chat({ model, messages, tools, stream: true })) {
  call = part.message.tool_calls?.[0] ?? call;
}
assert.equal(call.function.name, "weather");
const answered = await client.chat({ model, messages: [...messages, called.message,
  { role: "tool", tool_name: "weather", content: "12 degrees" }] });
assert.equal(answered.message.content, expected);

if (mode === "all") {
  const generated = await client.generate({ model, prompt: "hello" });
  assert.equal(generated.response, expected);
}

const list = await client.list();
assert.deepEqual(list.models.map((entry) => entry.name), ["fast"]);
await assert.rejects(client.chat({ model: "none", messages }), (error) => error.status_code === 404);

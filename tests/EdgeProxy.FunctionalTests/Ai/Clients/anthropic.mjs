// Anthropic's own client against the proxy: node anthropic.mjs URL MODEL MODE. Exit code 0 if all went as it should.
// MODE: all; chat, what a provider of another dialect is asked for; overloaded, what it says then; failing, in a stream.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(path.join(process.env.EDGEPROXY_NODE_MODULES, "x.js"));
const Anthropic = require("@anthropic-ai/sdk").default ?? require("@anthropic-ai/sdk");
const [url, model, mode] = process.argv.slice(2);
const client = new Anthropic({ baseURL: url, apiKey: "client-secret", maxRetries: 0 });
const messages = [{ role: "user", content: "hello" }];
const tools = [{ name: "weather", input_schema: { type: "object", properties: {} } }];
const expected = "Good morning, caf\u00e9!";

if (mode === "overloaded") {
  await assert.rejects(client.messages.create({ model, max_tokens: 64, messages }),
    (error) => error instanceof Anthropic.APIError && error.status === 503 && /overloaded/i.test(error.message));
  process.exit(0);
}

if (mode === "failing") {
  await assert.rejects(client.messages.stream({ model, max_tokens: 64, messages }).finalMessage(), Anthropic.APIError);
  process.exit(0);
}

const whole = await client.messages.create({ model, max_tokens: 64, messages });
assert.equal(whole.content[0].text, expected);
assert.equal(whole.usage.output_tokens, 3);

const stream = client.messages.stream({ model, max_tokens: 64, messages });
let text = "";
stream.on("text", (delta) => { text += delta; });
const final = await stream.finalMessage();
assert.equal(text, expected);
assert.equal(final.stop_reason, "end_turn");

const called = await client.messages.create({ model, max_tokens: 64, messages, tools });
assert.deepEqual(called.content[0].input, { city: "Zagreb" });
const streamed = await client.messages.stream({ model, max_tokens: 64, messages, tools }).finalMessage();
assert.deepEqual(streamed.content[0].input, { city: "Zagreb" });

if (mode === "all") {
  const counted = await client.messages.countTokens({ model, messages });
  assert.equal(counted.input_tokens, 7);
}

const list = await client.models.list();
assert.deepEqual(list.data.map((entry) => entry.id), ["fast"]);
await assert.rejects(client.messages.create({ model: "none", max_tokens: 1, messages }), Anthropic.NotFoundError);

// Anthropic's own client against the proxy: node anthropic.mjs URL MODEL MODE. Exit code 0 if all went as it should.
// MODE: all; chat, what a provider of another dialect is asked for; uncounted, the same without usage; first, one call.
// Of providers that fail: overloaded and refused, with a status; failing, in a stream; cut, in whatever they say.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(path.join(process.env.EDGEPROXY_NODE_MODULES, "x.js"));
const Anthropic = require("@anthropic-ai/sdk").default ?? require("@anthropic-ai/sdk");
const [url, model, mode] = process.argv.slice(2);
const client = new Anthropic({ baseURL: url, apiKey: "client-secret", maxRetries: 0 });
const messages = [{ role: "user", content: "hello" }];
const tools = [{ name: "weather", input_schema: { type: "object", properties: {} } }];
const counted = mode !== "uncounted";
const expected = "Good morning, caf\u00e9!";

if (mode === "overloaded") {
  await assert.rejects(client.messages.create({ model, max_tokens: 64, messages }),
    (error) => error instanceof Anthropic.APIError && error.status === 503 && /overloaded/i.test(error.message));
  process.exit(0);
}

if (mode === "refused") {
  await assert.rejects(client.messages.create({ model, max_tokens: 64, messages }),
    (error) => error instanceof Anthropic.BadRequestError && error.error.error.type === "invalid_request_error"
      && /too long/.test(error.message));
  await assert.rejects(client.messages.stream({ model, max_tokens: 64, messages }).finalMessage(),
    Anthropic.BadRequestError);
  process.exit(0);
}

if (mode === "cut") {
  await assert.rejects(client.messages.stream({ model, max_tokens: 64, messages }).finalMessage());
  await assert.rejects(client.messages.create({ model, max_tokens: 64, messages }));
  process.exit(0);
}

if (mode === "first") {
  const said = await client.messages.create({ model, max_tokens: 64, messages });
  assert.equal(said.content[0].text, expected);
  process.exit(0);
}

if (mode === "failing") {
  await assert.rejects(client.messages.stream({ model, max_tokens: 64, messages }).finalMessage(), Anthropic.APIError);
  process.exit(0);
}

const whole = await client.messages.create({ model, max_tokens: 64, messages });
assert.equal(whole.content[0].text, expected);
assert.equal(whole.usage?.output_tokens ?? 0, counted ? 3 : 0);

// The client's own reading of a stream wants usage at its end; without it there are its events.
async function streamOf(request) {
  if (counted) {
    const stream = client.messages.stream(request);
    let text = "";
    stream.on("text", (delta) => { text += delta; });
    return { ...(await stream.finalMessage()), text };
  }
  const said = { text: "", content: [] };
  let json = "";
  for await (const event of await client.messages.create({ ...request, stream: true })) {
    if (event.type === "content_block_start") { said.content.push(event.content_block); }
    said.text += event.delta?.text ?? "";
    json += event.delta?.partial_json ?? "";
    said.stop_reason = event.delta?.stop_reason ?? said.stop_reason;
  }
  if (json) { said.content[0].input = JSON.parse(json); }
  return said;
}

const final = await streamOf({ model, max_tokens: 64, messages });
assert.equal(final.text, expected);
assert.equal(final.stop_reason, "end_turn");

const called = await client.messages.create({ model, max_tokens: 64, messages, tools });
assert.deepEqual(called.content[0].input, { city: "Zagreb" });
const streamed = await streamOf({ model, max_tokens: 64, messages, tools });
assert.deepEqual(streamed.content[0].input, { city: "Zagreb" });

assert.equal(streamed.stop_reason, "tool_use");

const answered = await client.messages.create({ model, max_tokens: 64, messages: [...messages,
  { role: "assistant", content: streamed.content },
  { role: "user", content: [{ type: "tool_result", tool_use_id: streamed.content[0].id, content: "12 degrees" }] }] });
assert.equal(answered.content[0].text, expected);

if (mode === "all") {
  const counted = await client.messages.countTokens({ model, messages });
  assert.equal(counted.input_tokens, 7);
}

const list = await client.models.list();
assert.deepEqual(list.data.map((entry) => entry.id), ["fast"]);
await assert.rejects(client.messages.create({ model: "none", max_tokens: 1, messages }), Anthropic.NotFoundError);

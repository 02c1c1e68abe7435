// OpenAI's own client against the proxy: node openai.mjs URL MODEL MODE. Exit code 0 if all of it went as it should.
// MODE: all; chat, what a provider of another dialect is asked for; uncounted, the same without usage; first, one call.
// Of providers that fail: overloaded and refused, with a status; failing, in a stream; cut, in whatever they say.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(path.join(process.env.EDGEPROXY_NODE_MODULES, "x.js"));
const OpenAI = require("openai").default ?? require("openai");
const [url, model, mode] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "client-secret", maxRetries: 0 });
const messages = [{ role: "user", content: "hello" }];
const tools = [{ type: "function", function: { name: "weather", parameters: { type: "object", properties: {} } } }];
const counted = mode !== "uncounted";
const expected = "Good morning, caf\u00e9!";

if (mode === "overloaded") {
  await assert.rejects(client.chat.completions.create({ model, messages }),
    (error) => error instanceof OpenAI.InternalServerError && error.status === 503 && /overloaded/i.test(error.message));
  process.exit(0);
}

if (mode === "refused") {
  await assert.rejects(client.chat.completions.create({ model, messages }),
    (error) => error instanceof OpenAI.BadRequestError && error.status === 400 && /too long/.test(error.message));
  await assert.rejects(client.chat.completions.create({ model, messages, stream: true }), OpenAI.BadRequestError);
  process.exit(0);
}

if (mode === "cut") {
  await assert.rejects(async () => {
    for await (const _ of await client.chat.completions.create({ model, messages, stream: true })) { /* its words */ }
  });
  await assert.rejects(client.chat.completions.create({ model, messages }));
  process.exit(0);
}

if (mode === "first") {
  const said = await client.chat.completions.create({ model, messages });
  assert.equal(said.choices[0].message.content, expected);
  process.exit(0);
}

if (mode === "failing") {
  await assert.rejects(async () => {
    for await (const _ of await client.chat.completions.create({ model, messages, stream: true })) { /* its words */ }
  }, OpenAI.APIError);
  process.exit(0);
}

const whole = await client.chat.completions.create({ model, messages });
assert.equal(whole.choices[0].message.content, expected);
assert.equal(whole.usage?.prompt_tokens, counted ? 7 : undefined);

let text = "";
for await (const chunk of await client.chat.completions.create({ model, messages, stream: true })) {
  assert.equal(chunk.usage, undefined);
  assert.equal(chunk.choices.length, 1);
  text += chunk.choices[0].delta.content ?? "";
}
assert.equal(text, expected);

let usage;
for await (const chunk of await client.chat.completions.create(
  { model, messages, stream: true, stream_options: { include_usage: true } })) {
  usage = chunk.usage ?? usage;
}
assert.equal(usage?.completion_tokens, counted ? 3 : undefined);

const called = await client.chat.completions.create({ model, messages, tools });
assert.deepEqual(JSON.parse(called.choices[0].message.tool_calls[0].function.arguments), { city: "Zagreb" });

const streamed = await client.chat.completions.stream({ model, messages, tools }).finalChatCompletion();
assert.equal(streamed.choices[0].message.tool_calls[0].function.name, "weather");

assert.equal(streamed.choices[0].finish_reason, "tool_calls");

const answered = await client.chat.completions.create({ model, messages: [...messages, streamed.choices[0].message,
  { role: "tool", tool_call_id: streamed.choices[0].message.tool_calls[0].id, content: "12 degrees" }] });
assert.equal(answered.choices[0].message.content, expected);

if (mode === "all") {
  const response = await client.responses.create({ model, input: "hello" });
  assert.equal(response.output_text, expected);
  let deltas = "";
  for await (const event of await client.responses.create({ model, input: "hello", stream: true })) {
    deltas += event.type === "response.output_text.delta" ? event.delta : "";
  }
  assert.equal(deltas, expected);

  const embedding = await client.embeddings.create({ model, input: "a", encoding_format: "float" });
  assert.deepEqual(embedding.data[0].embedding, [0.25, -1]);
}

const list = await client.models.list();
assert.deepEqual(list.data.map((entry) => entry.id), ["fast"]);
await assert.rejects(client.chat.completions.create({ model: "none", messages }), OpenAI.NotFoundError);
await assert.rejects(client.chat.completions.create({ model: 7, messages }), OpenAI.BadRequestError);

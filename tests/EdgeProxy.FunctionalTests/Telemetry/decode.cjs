// node decode.cjs SIGNAL FILE...: each file, one Export*ServiceRequest, as a line of JSON.
const fs = require('node:fs');
const path = require('node:path');

const generated = '@opentelemetry/otlp-transformer/build/src/generated/root.js';
const root = require(path.join(process.env.EDGEPROXY_NODE_MODULES, generated)).opentelemetry.proto.collector;
const types = {
  traces: root.trace.v1.ExportTraceServiceRequest,
  logs: root.logs.v1.ExportLogsServiceRequest,
  metrics: root.metrics.v1.ExportMetricsServiceRequest,
};
const [signal, ...files] = process.argv.slice(2);
for (const file of files) {
  const message = types[signal].decode(fs.readFileSync(file));
  console.log(JSON.stringify(types[signal].toObject(message, { longs: String, bytes: String })));
}

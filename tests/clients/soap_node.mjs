// A partner's client made with the npm package `soap`: plays a scenario and prints one JSON line
// per answer. Same scenarios and same lines as soap_zeep.py; NODE_PATH says where `soap` is.
//
// Usage: node soap_node.mjs [SCENARIO.json]   (standard input when there is no argument)

import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { Agent } from "node:https";
import { createRequire } from "node:module";

// `require` honours NODE_PATH, `import` does not.
const soap = createRequire(import.meta.url)("soap");

async function connect({ wsdl, ca, cert, key }) {
  const read = (file) => (file ? readFileSync(file) : undefined);
  const [authority, certificate, secret] = [ca, cert, cert && key].map(read);
  const httpsAgent = new Agent({ ca: authority, cert: certificate, key: secret });
  const client = await soap.createClientAsync(wsdl, { wsdl_options: { httpsAgent } });
  client.setSecurity(new soap.ClientSSLSecurity(secret, certificate, authority));
  return client;
}

function header(id = randomUUID()) {
  const entete = { VersionWS: "1.0", HorodatageRequete: new Date().toISOString() };
  return id === null ? entete : { ...entete, IdentifiantRequete: id };
}

function faultFields(fault) {
  const detail = fault.detail?.Erreur ?? {};
  const found = { faultcode: fault.faultcode, faultstring: fault.faultstring };
  for (const [name, value] of Object.entries(detail)) {
    if (name !== "attributes") found[name] = String(value);
  }
  return found;
}

const told = (error) => `${error.name}: ${error.code ?? ""} ${error.message}`;

async function call(client, { operation, arguments: fields = [], id, raw }) {
  try {
    const message = { Entete: header(id), ...Object.fromEntries(fields) };
    const options = raw === undefined ? {} : { postProcess: () => raw };
    const [answer] = await client[`${operation}Async`](message, options);
    return { operation, answer };
  } catch (error) {
    const fault = error.root?.Envelope?.Body?.Fault;
    return fault ? { operation, fault: faultFields(fault) } : { operation, error: told(error) };
  }
}

function reached(line, until) {
  const names = until.slice(0, -1);
  return String(names.reduce((found, name) => found?.[name], line.answer)) === until.at(-1);
}

async function play(client, step) {
  let line;
  do {
    line = await call(client, step);
  } while (step.until && line.answer !== undefined && !reached(line, step.until));
  if (step.save) writeFileSync(step.save, client.lastResponse);
  return line;
}

const show = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const scenario = JSON.parse(readFileSync(process.argv[2] ?? 0, "utf8"));
let client;
try {
  client = await connect(scenario);
} catch (error) {
  show({ operation: "connect", error: told(error) });
  process.exit(0);
}
for (const step of scenario.calls) show(await play(client, step));

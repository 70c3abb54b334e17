// The runtime client of nodejs functions: fetches invocations from the Lambda Runtime API and runs
// the handler. AWS: Lambda Developer Guide, Using the Lambda runtime API for custom runtimes;
// Define Lambda function handler in Node.js; Using the Lambda context object (Node.js).
import { existsSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import { format } from "node:util";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const PREFIX = "/2018-06-01/runtime/";
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
let current = "";

function call(method, target, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
    const request = http.request(
      { host, port, method, path: PREFIX + target, agent, headers: { ...headers, ...length } },
      (response) => {
        const pieces = [];
        response.on("data", (piece) => pieces.push(piece));
        response.on("error", reject);
        response.on("end", () =>
          resolve({ headers: response.headers, body: Buffer.concat(pieces).toString("utf8") }),
        );
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

function errorDocument(error) {
  if (error instanceof Error) {
    const trace = (error.stack ?? "").split("\n");
    return { errorType: error.name, errorMessage: error.message, trace };
  }
  return { errorType: typeof error, errorMessage: format(error), trace: [] };
}

function reportError(target, document) {
  const headers = {
    "content-type": "application/json",
    "lambda-runtime-function-error-type": encodeURIComponent(document.errorType),
  };
  return call("POST", target, JSON.stringify(document), headers);
}

// Lines look as AWS's do: time, request id, level, text, separated by tabs.
for (const [name, level] of Object.entries({
  log: "INFO", info: "INFO", debug: "DEBUG", trace: "TRACE", warn: "WARN", error: "ERROR",
})) {
  console[name] = (...values) => {
    const text = format(...values).replaceAll("\n", "\r");
    process.stdout.write(`${new Date().toISOString()}\t${current}\t${level}\t${text}\n`);
  };
}

function notFound(type, words) {
  return Object.assign(new Error(words), { name: type });
}

async function loadHandler() {
  const name = process.env._HANDLER;
  const dot = name.indexOf(".", name.lastIndexOf("/") + 1);
  if (dot < 0) throw notFound("Runtime.MalformedHandlerName", `Bad handler: ${name}`);
  const base = path.resolve(process.env.LAMBDA_TASK_ROOT, name.slice(0, dot));
  const file = [".mjs", ".js", ".cjs", ""].map((end) => base + end).find((one) => existsSync(one));
  if (file === undefined) {
    throw notFound("Runtime.ImportModuleError", `Error: Cannot find module '${name.slice(0, dot)}'`);
  }
  const loaded = await import(pathToFileURL(file));
  const members = name.slice(dot + 1).split(".");
  const find = (root) => members.reduce((value, member) => value?.[member], root);
  const handler = find(loaded) ?? find(loaded.default);
  if (typeof handler !== "function") {
    throw notFound("Runtime.HandlerNotFound", `${name} is undefined or not exported`);
  }
  return handler;
}

function contextOf(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const client = headers["lambda-runtime-client-context"];
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    clientContext: client ? JSON.parse(client) : undefined,
    identity: undefined,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

function run(handler, event, context) {
  return new Promise((resolve, reject) => {
    const callback = (error, value) => (error ? reject(error) : resolve(value));
    const returned = handler(event, context, callback);
    // A handler that takes a callback and returns no promise answers by the callback.
    if (typeof returned?.then === "function") returned.then(resolve, reject);
    else if (handler.length < 3) resolve(returned);
  });
}

// A handler that streams is marked by awslambda.streamifyResponse and gets the stream as its second
// argument. AWS: Lambda Developer Guide, Writing response streaming-enabled Lambda functions.
const STREAMING = Symbol("streams its response");
const PRELUDE_TYPE = "application/vnd.awslambda.http-integration-response";
const ERROR_TYPE = "Lambda-Runtime-Function-Error-Type";
const ERROR_BODY = "Lambda-Runtime-Function-Error-Body";

class ResponseStream extends Writable {
  #target;
  #type = "application/octet-stream";
  #request;
  #answered;

  constructor(target) {
    super({ highWaterMark: 64 * 1024 });
    this.#target = target;
  }

  get hasBegun() {
    return this.#request !== undefined;
  }

  setContentType(type) {
    if (this.hasBegun) throw new Error("The content type cannot be set after the first write.");
    this.#type = type;
  }

  #open() {
    if (this.hasBegun) return;
    const headers = {
      "content-type": this.#type,
      "lambda-runtime-function-response-mode": "streaming",
      "transfer-encoding": "chunked",
      trailer: `${ERROR_TYPE}, ${ERROR_BODY}`,
    };
    const options = { host, port, method: "POST", path: PREFIX + this.#target, agent, headers };
    this.#answered = new Promise((resolve, reject) => {
      this.#request = http.request(options, (response) => {
        response.resume();
        response.on("end", resolve);
      });
      this.#request.on("error", reject);
    });
    this.#answered.catch((error) => this.destroy(error));
  }

  _write(chunk, encoding, done) {
    this.#open();
    this.#request.write(chunk, done);
  }

  _final(done) {
    this.#open();
    this.#request.end();
    this.#answered.then(() => done(), done);
  }

  async break(document) {
    const body = Buffer.from(JSON.stringify(document)).toString("base64");
    this.#request.addTrailers({ [ERROR_TYPE]: document.errorType, [ERROR_BODY]: body });
    this.#request.end();
    await this.#answered;
  }
}

globalThis.awslambda = {
  streamifyResponse(handler) {
    const streaming = (...all) => handler(...all);
    streaming[STREAMING] = true;
    return streaming;
  },
  HttpResponseStream: {
    from(stream, metadata) {
      stream.setContentType(PRELUDE_TYPE);
      stream.write(JSON.stringify(metadata ?? {}));
      stream.write(Buffer.alloc(8));
      return stream;
    },
  },
};

async function workStreaming(handler, next, target) {
  const stream = new ResponseStream(`${target}response`);
  try {
    const ended = new Promise((resolve, reject) => {
      stream.on("finish", resolve);
      stream.on("error", reject);
    });
    ended.catch(() => undefined);
    await handler(JSON.parse(next.body), stream, contextOf(next.headers));
    if (!stream.writableEnded) stream.end();
    await ended;
  } catch (error) {
    const document = errorDocument(error);
    console.error("Invoke Error", "\t", JSON.stringify({ ...document, stack: document.trace }));
    if (stream.hasBegun) await stream.break(document);
    else await reportError(`${target}error`, document);
  }
}

async function work(handler) {
  const next = await call("GET", "invocation/next");
  current = next.headers["lambda-runtime-aws-request-id"];
  process.env._X_AMZN_TRACE_ID = next.headers["lambda-runtime-trace-id"] ?? "";
  const target = `invocation/${current}/`;
  if (handler[STREAMING]) return workStreaming(handler, next, target);
  let answer;
  try {
    answer = JSON.stringify(await run(handler, JSON.parse(next.body), contextOf(next.headers)));
  } catch (error) {
    const document = errorDocument(error);
    console.error("Invoke Error", "\t", JSON.stringify({ ...document, stack: document.trace }));
    await reportError(`${target}error`, document);
    return;
  }
  const headers = { "content-type": "application/json" };
  await call("POST", `${target}response`, answer ?? "null", headers);
}

async function fatal(error) {
  const document = errorDocument(error);
  console.error("Uncaught Exception", "\t", JSON.stringify(document));
  await reportError(current ? `invocation/${current}/error` : "init/error", document);
  process.exit(129);
}

process.on("uncaughtException", fatal);
process.on("unhandledRejection", (reason) =>
  fatal(notFound("Runtime.UnhandledPromiseRejection", format(reason))),
);

let handler;
try {
  handler = await loadHandler();
} catch (error) {
  console.error("Uncaught Exception", "\t", JSON.stringify(errorDocument(error)));
  await reportError("init/error", errorDocument(error));
  process.exit(1);
}
for (;;) await work(handler);

// The runtime client of nodejs functions: fetches invocations from the Lambda Runtime API and runs
// the handler. AWS: Lambda Developer Guide, Using the Lambda runtime API for custom runtimes;
// Define Lambda function handler in Node.js; Using the Lambda context object (Node.js).
import { existsSync, readFileSync, statSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import { format, types } from "node:util";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const PREFIX = "/2018-06-01/runtime/";
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
// From nodejs24.x on handlers know neither callbacks nor the functions of the context that end an
// invocation, and what a handler returns without a promise is its answer.
// AWS: Lambda Developer Guide, Define Lambda function handler in Node.js.
const HAS_CALLBACKS = Number(/nodejs(\d+)/.exec(process.env.AWS_EXECUTION_ENV)?.[1] ?? 0) < 24;
let current = "";
// What ends an invocation when nothing is left that could: called as the process would exit.
let onEmptyLoop = () => undefined;

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

function isError(thrown) {
  return types.isNativeError(thrown) || thrown instanceof Error;
}

// User code throws anything, errors among it whose properties throw in turn.
function errorDocument(thrown) {
  try {
    if (isError(thrown)) {
      const trace = (thrown.stack ?? "").split("\n");
      return { errorType: thrown.name, errorMessage: thrown.message, trace };
    }
    return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
  } catch {
    const errorMessage = "The error that was thrown cannot be read";
    return { errorType: "handled", errorMessage, trace: [] };
  }
}

// An error as it stands in the log: its own properties, too.
function logError(heading, thrown) {
  const { errorType, errorMessage, trace } = errorDocument(thrown);
  const shown = { errorType, errorMessage, stack: trace };
  let text = JSON.stringify(shown);
  try {
    const own = isError(thrown) ? thrown : {};
    text = JSON.stringify({ errorType, errorMessage, ...own, ...shown });
  } catch {} // what is not JSON is left out
  console.error(heading, "\t", text);
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

function runtimeError(type, words, stack) {
  const error = new Error(words);
  Object.defineProperty(error, "name", { value: type });
  if (stack !== undefined) error.stack = stack;
  return error;
}

function isEsModule(file) {
  if (!file.endsWith(".js")) return file.endsWith(".mjs");
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const found = path.join(folder, "package.json");
    if (existsSync(found)) return JSON.parse(readFileSync(found, "utf8")).type === "module";
    if (folder === path.dirname(folder) || folder.endsWith("/node_modules")) return false;
  }
}

// The file itself, .js, .mjs, .cjs; else the folder, or what `require` finds by that name.
async function loadModule(base, name) {
  const isFile = (one) => statSync(one, { throwIfNoEntry: false })?.isFile();
  const root = process.env.LAMBDA_TASK_ROOT;
  const require = createRequire(path.join(root, "_"));
  const file = ["", ".js", ".mjs", ".cjs"].map((end) => base + end).find(isFile);
  if (file === undefined) {
    const paths = [path.dirname(base), root];
    return require(existsSync(base) ? base : require.resolve(name, { paths }));
  }
  return isEsModule(file) ? import(pathToFileURL(file)) : require(file);
}

async function loadHandler() {
  const name = process.env._HANDLER;
  const dot = name.indexOf(".", name.lastIndexOf("/") + 1);
  if (dot < 0) throw runtimeError("Runtime.MalformedHandlerName", "Bad handler");
  const base = path.resolve(process.env.LAMBDA_TASK_ROOT, name.slice(0, dot));
  let loaded;
  try {
    loaded = await loadModule(base, path.basename(base));
  } catch (error) {
    if (types.isNativeError(error) && error.name === "SyntaxError") {
      throw runtimeError("Runtime.UserCodeSyntaxError", String(error), error.stack);
    }
    if (error?.code === "MODULE_NOT_FOUND") {
      throw runtimeError("Runtime.ImportModuleError", String(error));
    }
    throw error;
  }
  const handler = name.slice(dot + 1).split(".").reduce((value, member) => value?.[member], loaded);
  if (typeof handler !== "function") {
    const words = handler ? "is not a function" : "is undefined or not exported";
    throw runtimeError("Runtime.HandlerNotFound", `${name} ${words}`);
  }
  if (!HAS_CALLBACKS && handler.length > 2 && !isStreaming(handler)) {
    const words = "Handlers with a callback are not supported from nodejs24.x on";
    throw runtimeError("Runtime.CallbackHandlerDeprecated", words);
  }
  return handler;
}

function contextOf(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const client = headers["lambda-runtime-client-context"];
  return {
    ...(HAS_CALLBACKS ? { callbackWaitsForEmptyEventLoop: true } : {}),
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

function neverSettled() {
  const words = "The process would have exited before a promise was settled.";
  return runtimeError("Runtime.NodeJsExit", words);
}

// The answer of a handler. Up to nodejs22.x what counts is a promise, the callback, or the done,
// succeed and fail of the context, the first of them; a plain value that is returned is not an
// answer, and where nothing is left that could, a handler that is not async has answered null.
function run(handler, event, context) {
  return new Promise((resolve, reject) => {
    if (!HAS_CALLBACKS) {
      onEmptyLoop = () => reject(neverSettled());
      resolve(handler(event, context));
      return;
    }
    const isNone = (error) => error === undefined || error === null;
    const done = (error, value) => (isNone(error) ? resolve(value) : reject(error));
    const fail = (error) => reject(error ?? "handled");
    Object.assign(context, { done, succeed: (value) => resolve(value), fail });
    const isAsync = handler.constructor?.name === "AsyncFunction";
    onEmptyLoop = () => (isAsync ? reject(neverSettled()) : resolve(null));
    const returned = handler(event, context, done);
    if (typeof returned?.then === "function") returned.then(resolve, fail);
  });
}

function answerOf(value) {
  try {
    return JSON.stringify(value) ?? "null";
  } catch {
    throw new Error("Unable to stringify response body");
  }
}

// A handler that streams is marked by awslambda.streamifyResponse and gets the stream as its second
// argument. AWS: Lambda Developer Guide, Writing response streaming-enabled Lambda functions.
const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
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

function isStreaming(handler) {
  return handler[STREAMING] === "response";
}

globalThis.awslambda = {
  streamifyResponse(handler) {
    handler[STREAMING] = "response";
    return handler;
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

// The response ends when the handler has ended its stream, and not when it returns: one that
// forgets to runs into its timeout, as on AWS.
async function workStreaming(handler, next, target) {
  const stream = new ResponseStream(`${target}response`);
  const waiting = setInterval(() => undefined, 2 ** 30);
  try {
    const ended = new Promise((resolve, reject) => {
      stream.on("finish", resolve);
      stream.on("error", reject);
    });
    ended.catch(() => undefined);
    const returned = handler(JSON.parse(next.body), stream, contextOf(next.headers));
    if (typeof returned?.then !== "function") {
      throw new Error("Streaming does not support non-async handlers.");
    }
    await returned;
    await ended;
  } catch (error) {
    const document = errorDocument(error);
    logError("Invoke Error", error);
    if (stream.hasBegun) await stream.break(document);
    else await reportError(`${target}error`, document);
  } finally {
    clearInterval(waiting);
  }
}

async function work(handler) {
  const next = await call("GET", "invocation/next");
  current = next.headers["lambda-runtime-aws-request-id"];
  process.env._X_AMZN_TRACE_ID = next.headers["lambda-runtime-trace-id"] ?? "";
  const target = `invocation/${current}/`;
  if (isStreaming(handler)) return workStreaming(handler, next, target);
  let answer;
  try {
    answer = answerOf(await run(handler, JSON.parse(next.body), contextOf(next.headers)));
  } catch (error) {
    const document = errorDocument(error);
    logError("Invoke Error", error);
    await reportError(`${target}error`, document);
    return;
  }
  const headers = { "content-type": "application/json" };
  await call("POST", `${target}response`, answer, headers);
}

async function fatal(heading, error, exitCode) {
  logError(heading, error);
  await reportError(current ? `invocation/${current}/error` : "init/error", errorDocument(error));
  process.exit(exitCode);
}

process.on("beforeExit", () => onEmptyLoop());
process.on("uncaughtException", (error) => fatal("Uncaught Exception", error, 129));
process.on("unhandledRejection", (reason) => {
  const stack = types.isNativeError(reason) ? reason.stack : undefined;
  const error = runtimeError("Runtime.UnhandledPromiseRejection", String(reason), stack);
  return fatal("Unhandled Promise Rejection", error, 128);
});

let handler;
try {
  handler = await loadHandler();
} catch (error) {
  await fatal("Uncaught Exception", error, 129);
}
for (;;) await work(handler);

// Loaded into a process before anything else (`--import`). Counts its calls of the file system below a folder, and makes
// one of them go wrong, as CRASH_PLAN says. See `FilePlan` in `program.ts`.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import { resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { Durable } from './durable.mjs';
import { report } from './say.mjs';

const PATH_CALLS = [
  ...['access', 'appendFile', 'chmod', 'copyFile', 'link', 'lstat', 'mkdir', 'mkdtemp', 'open', 'opendir'],
  ...['readdir', 'readFile', 'readlink', 'realpath', 'rename', 'rm', 'rmdir', 'stat', 'statfs', 'symlink'],
  ...['truncate', 'unlink', 'utimes', 'writeFile'],
];
const FD_CALLS = [
  'fchmod',
  'fdatasync',
  'fstat',
  'fsync',
  'ftruncate',
  'futimes',
  'read',
  'readv',
  'write',
  'writev',
];
/** The methods of a FileHandle, and the calls that they are. */
const HANDLE_CALLS = {
  appendFile: 'write',
  chmod: 'fchmod',
  datasync: 'fdatasync',
  read: 'read',
  readFile: 'read',
  readv: 'readv',
  stat: 'fstat',
  sync: 'fsync',
  truncate: 'ftruncate',
  utimes: 'futimes',
  write: 'write',
  writeFile: 'write',
  writev: 'writev',
};
/** Their last path is the one that changes. */
const TWO_PATHS = new Set(['copyFile', 'link', 'rename', 'symlink']);
const FLUSHES = new Set(['fsync', 'fdatasync']);

const { under, trouble, at, onwards = false, calls: names } = JSON.parse(process.env.CRASH_PLAN ?? '{}');
delete process.env.CRASH_PLAN;
const real = { ...fs };
const paths = new Map();
const durable = trouble === 'power-cut' ? new Durable(real, under) : undefined;
let calls = 0;
let control;

/** Returns the path of a call below the folder; undefined for a call elsewhere. */
function placeOf(call, subject, args) {
  const given = subject === undefined ? args[TWO_PATHS.has(call) ? 1 : 0] : paths.get(subject);
  if (given === undefined || typeof given === 'number') return undefined;
  const path = resolve(given instanceof URL ? fileURLToPath(given) : String(given));
  return path === under || path.startsWith(under + sep) ? path : undefined;
}

/** Counts a call. Returns its place, and whether the trouble is for it. */
function count(call, subject, args) {
  const place = placeOf(call, subject, args);
  if (place === undefined || (names && !names.includes(call))) return { place, isMet: false };
  calls += 1;
  report({ n: calls, call, path: place });
  const isMet = calls === at || (onwards && calls > at);
  if (calls === at) report({ reached: calls });
  return { place, isMet };
}

function die() {
  durable?.restore(`${under}.after`);
  process.kill(process.pid, 'SIGKILL');
}

/** Writes the first half of what a call would write: this is what a process, or a disk, that ends leaves. */
function tear(call, subject, args) {
  const data = args[1];
  const half = (bytes) => bytes.subarray(0, bytes.length / 2);
  const bytes = typeof data === 'string' || ArrayBuffer.isView(data) ? Buffer.from(toBytes(data)) : undefined;
  if (!bytes) return;
  if (call === 'writeFile') real.writeFileSync(args[0], half(bytes), args[2]);
  if (call === 'write') real.writeSync(subject, half(bytes));
}
const toBytes = (data) =>
  typeof data === 'string'
    ? Buffer.from(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** What is thrown in place of a call. Undefined if the call is made. */
function errorOf(call, place, subject, args) {
  if (trouble === 'kill' || trouble === 'power-cut') {
    if (trouble === 'kill') tear(call, subject, args);
    die();
  }
  if (!/^E[A-Z]+$/.test(trouble)) return undefined;
  if (trouble === 'ENOSPC') tear(call, subject, args);
  const errno = -(constants.errno[trouble] ?? 5);
  const error = new Error(`${trouble}: made by the test, ${call} '${place}'`);
  return Object.assign(error, { code: trouble, errno, syscall: call, path: place });
}

/** Waits until the test lets a held call go on. */
async function hold() {
  control ??= new Socket({ fd: 3 }).unref();
  control.ref();
  await new Promise((go) => control.once('data', go));
  control.unref();
}

function made(call, subject, args, result) {
  if (call === 'open') opened(result, String(args[0]));
  if (FLUSHES.has(call)) durable?.flushed(subject);
}

/** Notes the path of a descriptor or handle until it is closed. */
function opened(file, path) {
  const { fd, close } = typeof file === 'number' ? { fd: file } : file;
  paths.set(fd, path);
  if (!close) return;
  file.close = () => {
    paths.delete(fd);
    return close.call(file);
  };
}

const wrapSync = (call, original, hasFd) =>
  function (...args) {
    const subject = hasFd ? args[0] : undefined;
    const { place, isMet } = count(call, subject, args);
    const error = isMet && errorOf(call, place, subject, args);
    if (error) throw error;
    const result = Reflect.apply(original, this, args);
    if (isMet && trouble === 'kill-after') die();
    made(call, subject, args, result);
    return result;
  };

const wrapCallback = (call, original, hasFd) =>
  function (...args) {
    const back = args.at(-1);
    if (typeof back !== 'function') return Reflect.apply(original, this, args);
    const subject = hasFd ? args[0] : undefined;
    const { place, isMet } = count(call, subject, args);
    const error = isMet && errorOf(call, place, subject, args);
    if (error) {
      process.nextTick(back, error);
      return undefined;
    }
    const then = (failed, ...results) => {
      if (isMet && trouble === 'kill-after') die();
      if (!failed) made(call, subject, args, results[0]);
      back(failed, ...results);
    };
    const go = () => Reflect.apply(original, this, [...args.slice(0, -1), then]);
    if (isMet && trouble === 'hold') return void hold().then(go);
    return go();
  };

const wrapPromise = (call, original, subjectOf) =>
  async function (...args) {
    const subject = subjectOf?.(this);
    // As if a method of a handle were the call with a descriptor.
    const all = subjectOf ? [subject, ...args] : args;
    const { place, isMet } = count(call, subject, all);
    const error = isMet && errorOf(call, place, subject, all);
    if (error) throw error;
    if (isMet && trouble === 'hold') await hold();
    const result = await Reflect.apply(original, this, args);
    if (isMet && trouble === 'kill-after') die();
    made(call, subject, args, result);
    return result;
  };

/** Replaces a function, and keeps what hangs on it, such as `realpath.native`. */
function replace(on, name, wrap) {
  on[name] = Object.defineProperties(wrap(on[name]), Object.getOwnPropertyDescriptors(on[name]));
}

async function wrapHandles() {
  const probe = await real.promises.open(process.execPath, 'r');
  const prototype = Object.getPrototypeOf(probe);
  await probe.close();
  for (const [method, call] of Object.entries(HANDLE_CALLS))
    prototype[method] = wrapPromise(call, prototype[method], (handle) => handle.fd);
}

// Threads of the process are left alone: their calls are not in the order of a plan.
if (isMainThread && under !== undefined) {
  await wrapHandles();
  for (const call of [...PATH_CALLS, ...FD_CALLS]) {
    const hasFd = FD_CALLS.includes(call);
    replace(fs, `${call}Sync`, (original) => wrapSync(call, original, hasFd));
    replace(fs, call, (original) => wrapCallback(call, original, hasFd));
    if (!hasFd) replace(fs.promises, call, (original) => wrapPromise(call, original));
  }
  for (const close of ['close', 'closeSync'])
    replace(fs, close, (original) => (fd, ...rest) => {
      paths.delete(fd);
      return original(fd, ...rest);
    });
  syncBuiltinESMExports();
  process.on('exit', () => durable?.restore(`${under}.after`));
}

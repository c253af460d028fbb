#!/usr/bin/env node
// Nothing is imported statically here. First the version of Node is checked: an older Node would fail at an import,
// with a message that doesn't say why.
const LEAST_NODE = [20, 19] as const;
const PEERS = ['reflect-metadata', 'tsyringe', 'class-validator', 'class-transformer'];

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const [leastMajor, leastMinor] = LEAST_NODE;
if (major < leastMajor || (major === leastMajor && minor < leastMinor))
  giveUp(
    `stepwright needs Node ${LEAST_NODE.join('.')} or later, and this is Node ${process.versions.node}`,
    'install Node 22 or 24, which are still maintained: https://nodejs.org',
  );

try {
  // Signals are caught before the rest is loaded, since the process with the id 1 (in a container) ignores a signal
  // that it doesn't catch.
  const { catchSignals } = await import('./process/signals.js');
  catchSignals(process.argv.slice(2));
  const { ignoreStreamErrors, releaseDeadTerminal } = await import('../base/log/stdio.js');
  ignoreStreamErrors();
  process.on('exit', releaseDeadTerminal);
  const { runProgram } = await import('./program.js');
  await runProgram();
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  // The first is the code of `import`, the second that of `require`.
  const isMissing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
  const missing = isMissing && PEERS.find((name) => message.includes(`'${name}'`));
  if (!missing) throw error;
  giveUp(`stepwright needs the package ${missing}, which is not installed`, `npm install ${PEERS.join(' ')}`);
}

function giveUp(what: string, fix: string): never {
  process.stderr.write(`${what}.\nFix: ${fix}\n`);
  process.exit(1);
}

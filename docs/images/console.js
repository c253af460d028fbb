// Draws start.svg: what two terminals show when the README's first commands are typed. Nothing in it is made up: the
// commands are run, each in a pseudo-terminal of its own, and their coloured output is drawn as it came.
//
//   node docs/images/console.js [OUTPUT]       needs a free port 8083 and util-linux's `script`

import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const START = 'npm run start';
const EXECUTE = `npm run -s execute -- HelloWorld '{"who":"hoge"}'`;
const READY = 'Waiting for a task';
const HANDLED = '✓';

const COLUMNS = 124;
const CELL = { width: 7.2, height: 18 };
const PADDING = 14;
const TITLE_BAR = 26;
const GAP = 16;
const FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";
const PLAIN = '#d7dae0';
const COLOURS = { 31: '#ef6b73', 32: '#98c379', 33: '#e5c07b', 36: '#56b6c2', 90: '#8b93a1' };

/** A colour, the end of a line, or one character. */
// oxlint-disable-next-line no-control-regex -- terminals colour text by an escape
const TOKEN = /\u001b\[[\d;]*[A-Za-z]|\n|[^\u001b\n]/gu;

const escapeXml = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Runs a command in a pseudo-terminal. `until(text)` resolves once its output holds the text, with all of it. */
function terminal(command) {
  const child = spawn('script', ['-qefc', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  let look = () => {};
  child.stdout.on('data', (chunk) => {
    output += chunk;
    look();
  });
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
  const until = (text) =>
    new Promise((resolve, reject) => {
      look = () => output.includes(text) && resolve(output);
      look();
      ended.then(() => reject(new Error(`${command} ended without "${text}":\n${output}`)), reject);
    });
  return { until, ended, interrupt: () => child.stdin.write('\u0003') };
}

async function record() {
  const worker = terminal(START);
  await worker.until(READY);
  const { code, output } = await terminal(EXECUTE).ended;
  if (code !== 0) throw new Error(`${EXECUTE} ended with ${code}:\n${output}`);
  const log = await worker.until(HANDLED);
  worker.interrupt();
  await worker.ended;
  return [
    { command: START, output: log },
    { command: EXECUTE, output },
  ];
}

/** Splits coloured output into lines of pieces, each in one colour, wrapped where a terminal would wrap them. */
function linesOf(output) {
  const lines = [[]];
  let column = 0;
  let colour = PLAIN;
  for (const token of output.replaceAll('\r', '').match(TOKEN) ?? []) {
    if (token === '\n') {
      lines.push([]);
      column = 0;
    } else if (token.startsWith('\u001b')) {
      colour = COLOURS[token.slice(2, -1)] ?? PLAIN;
    } else {
      if (column++ === COLUMNS) {
        lines.push([]);
        column = 1;
      }
      const last = lines.at(-1);
      if (last.at(-1)?.colour === colour) last.at(-1).text += token;
      else last.push({ colour, text: token });
    }
  }
  return trimEmpty(lines);
}

/** Without the empty lines at the ends, which npm prints around a script's name. */
function trimEmpty(lines) {
  const filled = lines.map((line) => line.length > 0);
  return lines.slice(filled.indexOf(true), filled.lastIndexOf(true) + 1);
}

function drawLine(pieces, y) {
  const spans = pieces
    .map(({ colour, text }) => `<tspan fill="${colour}">${escapeXml(text)}</tspan>`)
    .join('');
  const length = pieces.reduce((sum, { text }) => sum + text.length, 0) * CELL.width;
  return `<text x="${PADDING}" y="${y}" xml:space="preserve" textLength="${length.toFixed(1)}">${spans}</text>`;
}

function drawWindow({ command, output }, top) {
  const prompt = [
    { colour: COLOURS[32], text: '$ ' },
    { colour: '#ffffff', text: command },
  ];
  const lines = [prompt, ...linesOf(output)].filter((line) => line.length > 0);
  const width = COLUMNS * CELL.width + 2 * PADDING;
  const height = TITLE_BAR + lines.length * CELL.height + PADDING;
  const dots = ['#ef6b73', '#e5c07b', '#98c379'].map(
    (colour, n) =>
      `<circle cx="${PADDING + 5 + n * 16}" cy="${top + TITLE_BAR / 2}" r="4.5" fill="${colour}"/>`,
  );
  const rows = lines.map((line, n) => drawLine(line, top + TITLE_BAR + n * CELL.height + 13));
  const frame = `<rect y="${top}" width="${width}" height="${height}" rx="8" fill="#1f2229"/>`;
  return { width, bottom: top + height, drawing: [frame, ...dots, ...rows].join('\n') };
}

function draw([first, second]) {
  const upper = drawWindow(first, 0);
  const lower = drawWindow(second, upper.bottom + GAP);
  const size = `width="${upper.width}" height="${lower.bottom}" viewBox="0 0 ${upper.width} ${lower.bottom}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="${FONT}" font-size="12" role="img">`,
    `<title>Two terminals: ${escapeXml(first.command)}, and ${escapeXml(second.command)}</title>`,
    upper.drawing,
    lower.drawing,
    '</svg>\n',
  ].join('\n');
}

const target = process.argv[2] ?? fileURLToPath(new URL('start.svg', import.meta.url));
writeFileSync(target, draw(await record()));

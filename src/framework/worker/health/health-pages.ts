import type { HandlerStatus, WorkerStatus } from '../../base/worker-status.js';
import type { MetricsText } from '../observe/metrics/prometheus.js';
import { jsonPage, type Page } from './page-server.js';

/** What the pages of the health port show. It is plain data, so that it can be sent to another thread. */
export interface HealthFacts {
  readonly status: WorkerStatus;
  readonly metrics: MetricsText;
}

const PAGES: Readonly<Record<string, (facts: HealthFacts) => Page>> = {
  '/live': ({ status: { state } }) => jsonPage(state === 'failed' ? 503 : 200, { state }),
  '/ready': ({ status: { state, ready, reasons, handlers, outbox } }) => {
    const paused = pausedIn(handlers);
    return jsonPage(ready ? 200 : 503, {
      ...{ state, ready, reasons },
      ...(paused.length > 0 && { paused }),
      ...(outbox && { outbox }),
    });
  },
  '/metrics': ({ metrics: { contentType: type, text: body } }) => ({ status: 200, type, body }),
  '/status': ({ status }) => jsonPage(200, status),
  '/': ({ status }) => ({ status: 200, type: 'text/html; charset=utf-8', body: statusPage(status) }),
};

/**
 * The health port's paths for probes and programs, such as `/live` and `/metrics`. The path `/` isn't included, since
 * it is a page for people.
 */
export const PATHS = Object.keys(PAGES).filter((path) => path !== '/');

/** Makes the HTTP response to a request to the health port. @param path the URL's path, without its query */
export function answer(method: string, path: string, facts: HealthFacts): Page {
  const page = Object.hasOwn(PAGES, path) ? PAGES[path] : undefined;
  if (!page) return jsonPage(404, { error: `there are ${PATHS.join(', ')} and the page at /` });
  if (method !== 'GET' && method !== 'HEAD') return jsonPage(405, { error: 'there is only GET' });
  return page(facts);
}

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1c1e21;background:#fff}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}
th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #ddd;vertical-align:top}
th{font-weight:600}td.n{font-variant-numeric:tabular-nums}
.ok{color:#0a6b2d}.no{color:#a3171c}code{font-size:.9em}
@media (prefers-color-scheme:dark){body{color:#e6e6e6;background:#16181c}th,td{border-color:#333}.ok{color:#5fd38a}.no{color:#ff8a8a}}`;

/**
 * Renders a worker's status as an HTML page for people. The page has no script, loads no other files, and refreshes
 * every 5 s.
 */
function statusPage(status: WorkerStatus): string {
  const { name, state, ready, reasons, handlers, tasks, tasksInFlight, counts } = status;
  const { ageMs, version, startedAt } = status;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="5">
<meta name="viewport" content="width=device-width"><title>${escape(name)}</title><style>${STYLE}</style></head><body>
<h1>${escape(name)}</h1>
<p class="${ready ? 'ok' : 'no'}">${escape(state)}, ${ready ? 'ready' : 'not ready'}</p>
<p>Stepwright ${escape(version)}, since ${new Date(startedAt).toISOString()}</p>
${list([...reasons, ...laterOf(status)])}
${ageMs === undefined ? '' : `<p>What follows is as it was ${Math.round(ageMs / 1000)} s ago.</p>`}
<h2>Handlers</h2>
${table(
  ['handler', 'activity', 'slots', 'running', 'undelivered', 'polls', 'trouble'],
  handlers.map(({ name: handler, activityArn, concurrency, used, running, undelivered, polls }) => [
    handler,
    activityArn,
    `${used} of ${concurrency}`,
    running,
    undelivered,
    `${polls.open} open (target ${polls.target})${polls.state === 'open' ? '' : `, ${polls.state}`}`,
    polls.trouble ? `${polls.trouble.kind}: ${polls.trouble.reason}` : '',
  ]),
)}
<h2>Tasks in flight: ${tasksInFlight}</h2>
${table(
  ['task', 'handler', 'age', 'phase'],
  tasks.map(({ task, handler, ageMs, phase }) => [task, handler, `${(ageMs / 1000).toFixed(1)} s`, phase]),
)}
<h2>Since the start</h2>
${table(['count', ''], Object.entries(counts))}
<p>The same as JSON: <a href="/status">/status</a></p>
</body></html>
`;
}

/** Returns sentences about a drain, pauses and protection from scale-in. */
function laterOf({ drain, handlers, protection }: WorkerStatus): string[] {
  return [
    ...(drain ? [`running tasks may go on until ${new Date(drain.graceUntil).toISOString()}`] : []),
    ...pausedIn(handlers),
    ...(protection ? [`protection from scale-in (${protection.platform}): ${protection.state}`] : []),
  ];
}

const list = (items: readonly string[]): string =>
  items.length === 0 ? '' : `<ul>${items.map((each) => `<li>${escape(each)}</li>`).join('')}</ul>`;

function table(heads: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const head = heads.map((each) => `<th>${escape(each)}</th>`).join('');
  const body = rows.map((cells) => `<tr>${cells.map(cell).join('')}</tr>`).join('\n');
  return `<table><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table>`;
}

const cell = (value: string | number): string =>
  typeof value === 'number' ? `<td class="n">${value}</td>` : `<td>${escape(value)}</td>`;

const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (each) => `&#${each.charCodeAt(0)};`);

/** Returns a sentence for each handler that is paused, for people. */
const pausedIn = (handlers: readonly HandlerStatus[]): string[] =>
  handlers.flatMap(({ name, paused }) => {
    if (!paused) return [];
    const { by, reason, until } = paused;
    const lasts = until === undefined ? '' : `, until ${new Date(until).toISOString()}`;
    return `${name}: paused by ${PAUSED_BY[by]}${reason === undefined ? '' : ` (${reason})`}${lasts}`;
  });

const PAUSED_BY = { control: 'a person', task: 'one of its tasks' } as const;

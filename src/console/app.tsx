import type { JSX } from 'preact';
import { route, to } from './route.js';
import { clock, connection, paused, restarts } from './service/stream.js';
import { Icon, type IconName } from './parts/icons.js';
import { ActivitiesView } from './views/activities/activities.js';
import { ActivityPage } from './views/activities/activity.js';
import { Shortcuts } from './views/go/shortcuts.js';
import { ExecutionPage } from './views/execution/execution.js';
import { ExecutionsView } from './views/executions/executions.js';
import { MachinePage } from './views/machine.js';
import { MachinesView } from './views/machines.js';
import { NewMachine } from './views/new-machine/new-machine.js';
import { TaskDrawer } from './views/task/task-drawer.js';
import { WorkersView } from './views/workers/workers.js';

const ROOMS = ['machines', 'executions', 'activities', 'workers'] as const;

const CONNECTION_WORDS = {
  idle: '',
  connecting: 'Connecting',
  live: 'Live',
  paused: 'Paused',
  lost: 'Not connected',
} as const;

export function App(): JSX.Element {
  const { parts } = route.value;
  const [room = 'machines'] = parts;
  return (
    <>
      <a class="sr skip" href="#main" onClick={(event) => skip(event)}>
        Skip to the content
      </a>
      <header class="bar">
        <a class="brand" href={to('machines')} aria-label="Stepwright console">
          <Mark />
          <span>Stepwright</span>
        </a>
        <nav aria-label="Console">
          {ROOMS.map((each) => (
            <a href={to(each)} aria-current={each === room ? 'page' : undefined}>
              <Icon name={each as IconName} />
              <span>{`${each[0]?.toUpperCase()}${each.slice(1)}`}</span>
            </a>
          ))}
        </nav>
        <div class="link">
          <Shortcuts />
          {clock.value !== undefined && (
            <span class="faint number" title="The time of the local service">
              {clock.value}
            </span>
          )}
          <span class={`lamp ${connection.value}`} role="status">
            {CONNECTION_WORDS[connection.value]}
          </span>
          <button
            type="button"
            class="quiet"
            aria-pressed={paused.value}
            onClick={() => (paused.value = !paused.value)}
          >
            <Icon name={paused.value ? 'play' : 'pause'} />
            {paused.value ? 'Resume' : 'Pause'}
          </button>
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        <View key={restarts.value} parts={parts} />
      </main>
      <TaskDrawer />
    </>
  );
}

function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

function View({ parts }: { readonly parts: readonly string[] }): JSX.Element {
  const [room = 'machines', arn] = parts;
  switch (room) {
    case 'machines':
      if (arn === 'new') return <NewMachine key={route.value.query.get('from')} />;
      return arn === undefined ? <MachinesView /> : <MachinePage key={arn} arn={arn} />;
    case 'executions':
      return arn === undefined ? <ExecutionsView /> : <ExecutionPage key={arn} arn={arn} />;
    case 'activities':
      return arn === undefined ? <ActivitiesView /> : <ActivityPage key={arn} arn={arn} />;
    case 'workers':
      return <WorkersView selected={arn} />;
    default:
      return (
        <div class="empty">
          There is nothing here. <a href={to('machines')}>Machines</a>
        </div>
      );
  }
}

function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="currentColor" />
      <path d="M7 9h7v7h7v7h5" fill="none" stroke="white" stroke-width="3.5" stroke-linecap="round" />
    </svg>
  );
}

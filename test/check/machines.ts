import { Type } from 'class-transformer';
import { IsEmail, IsIn, IsInt, IsOptional, IsPositive, IsString, ValidateNested } from 'class-validator';
import { Activity, Handle } from 'stepwright';
import { checkMachines, type FixedMachine, fixMachine } from '../../src/framework/check/check-machines.js';
import type { Finding } from '../../src/framework/check/finding.js';
import { type CheckedHandler, checkedHandler } from '../../src/framework/check/handlers.js';
import { machineSource } from '../../src/framework/check/source/machine-source.js';
import { resolveConfig, resolveHandler } from '../../src/framework/config/resolve.js';
import type { Constructor } from '../../src/framework/declare/class.js';
import { discover } from '../../src/framework/declare/discovery/discovery.js';

export const arnOf = (name: string, region = 'eu-west-1'): string =>
  `arn:aws:states:${region}:123456789012:activity:${name}`;

class Customer {
  @IsEmail() email!: string;
}
class Line {
  @IsString() sku!: string;
}
class Charge {
  @IsString() orderId!: string;
  @IsInt() @IsPositive() cents!: number;
  @IsOptional() @IsIn(['EUR', 'USD']) currency?: string;
  @IsOptional() @ValidateNested() @Type(() => Customer) customer?: Customer;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Line) lines?: Line[];
}

@Activity(arnOf('Charge'), { timeout: '2m' })
class Charging {
  @Handle({ throws: ['CardDeclined', 'LimitExceeded'], unknownKeys: 'refuse' })
  charge(_input: Charge): void {}
}
@Activity(arnOf('Ship'))
class Shipping {
  @Handle({ input: 'any' }) ship(_input: unknown): void {}
}
/** Sends no heartbeats. */
@Activity(arnOf('Archive'), { heartbeat: false })
class Archiving {
  @Handle({ input: 'any', throws: [] }) archive(_input: unknown): void {}
}
/** Takes Charges with any other keys. */
@Activity(arnOf('Charge'))
class Loose {
  @Handle({ throws: ['CardDeclined', 'LimitExceeded'] }) charge(_input: Charge): void {}
}
/** Declared by a bare name. */
@Activity('Notify')
class Notifying {
  @Handle({ input: 'any' }) notify(_input: unknown): void {}
}

const CLASSES: Readonly<Record<string, Constructor<object>>> = {
  Charging,
  Shipping,
  Archiving,
  Loose,
  Notifying,
};

/** The handlers of classes, as `check` compares them. */
export function checkedHandlers(classes: readonly Constructor[], region?: string): CheckedHandler[] {
  const settings = resolveConfig({ config: {}, env: {} });
  return discover(classes, {}).handlers.map((definition) =>
    checkedHandler({ definition, options: resolveHandler(definition, settings).options }, { region }),
  );
}

/** The handlers of classes of this file, by the names of the classes. */
export const handlersOf = (names: readonly string[], region?: string): CheckedHandler[] =>
  checkedHandlers(
    names.map((name) => CLASSES[name] ?? Charging),
    region,
  );

/** A machine's text, the classes it is compared with, and the names of `@ErrorName` classes. */
export interface Case {
  readonly text: string;
  readonly classes: readonly string[];
  readonly errorNames?: readonly string[];
  readonly region?: string;
}

const found = ({ text, classes, errorNames = [], region }: Case): Finding[] =>
  checkMachines({
    machines: [machineSource('M', 'm.asl.json', text, {})],
    handlers: handlersOf(classes, region),
    errorNames,
  });

export const check = found;
export const fix = (each: Case): FixedMachine => fixMachine(each.text, (text) => found({ ...each, text }));

/** A Retry for the failures that no handler can prevent. */
export const LOST = { ErrorEquals: ['States.Timeout', 'Stepwright.WorkerShutdown'], MaxAttempts: 2 };

/** A Task that nothing is wrong with. */
export const charge = {
  Type: 'Task',
  Resource: arnOf('Charge'),
  TimeoutSeconds: 300,
  HeartbeatSeconds: 60,
  Retry: [LOST],
  Catch: [{ ErrorEquals: ['CardDeclined', 'LimitExceeded'], Next: 'Sorry' }],
  Next: 'Done',
};
export const ship = { ...charge, Resource: arnOf('Ship'), Catch: [] };
export const ENDS = { Sorry: { Type: 'Fail', Error: 'NotPaid' }, Done: { Type: 'Succeed' } };

/** A machine of one Task, as a person would have written it. */
export const machine = (task: object, more: object = {}, ends: object = ENDS): string =>
  JSON.stringify({ StartAt: 'Pay', TimeoutSeconds: 3600, ...more, States: { Pay: task, ...ends } }, null, 2);

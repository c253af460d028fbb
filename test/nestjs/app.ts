import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { DynamicModule, ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { type LocalService, startLocalService } from 'stepwright/local';
import { StepwrightModule, type StepwrightModuleOptions } from 'stepwright/nestjs';
import { systemClock } from '../../src/framework/base/time/clock.js';

export const arnOf = (name: string): string => `arn:aws:states:us-east-1:123456789012:activity:${name}`;

/** A local service on the machine's time, with a machine of one Task for each of these activities. */
export class Service {
  static async start(...names: readonly string[]): Promise<Service> {
    const service = await startLocalService({ port: 0 });
    for (const name of names) {
      service.seedActivity(arnOf(name));
      const States = { Work: { Type: 'Task', Resource: arnOf(name), End: true } };
      service.seedMachine({ name, definition: JSON.stringify({ StartAt: 'Work', States }) });
    }
    return new Service(service);
  }

  readonly client: SFNClient;

  constructor(readonly local: LocalService) {
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    this.client = new SFNClient({ endpoint: local.url, region: 'us-east-1', credentials });
  }

  /** Starts an execution of the machine of an activity. @returns its end. */
  async run(
    name: string,
    input: unknown = {},
  ): Promise<{ status?: string; output?: string; error?: string }> {
    const executionArn = await this.begin(name, input);
    return this.end(executionArn);
  }

  async begin(name: string, input: unknown = {}): Promise<string> {
    const stateMachineArn = arnOf(name).replace(':activity:', ':stateMachine:');
    const { executionArn = '' } = await this.client.send(
      new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
    );
    return executionArn;
  }

  async end(executionArn: string): Promise<{ status?: string; output?: string; error?: string }> {
    for (;;) {
      const found = await this.client.send(new DescribeExecutionCommand({ executionArn }));
      if (found.status !== 'RUNNING') return found;
      await systemClock.sleep(5);
    }
  }

  /** Resolves once the service holds this many polls. */
  async polled(polls: number): Promise<void> {
    while (this.local.parkedPolls !== polls) await systemClock.sleep(5);
  }

  async close(): Promise<void> {
    this.client.destroy();
    await this.local.close();
  }
}

/** The testing module of an application that takes the tasks of a service. */
export const nestApp = (
  service: Service,
  metadata: ModuleMetadata,
  options: StepwrightModuleOptions = {},
): Promise<TestingModule> =>
  Test.createTestingModule({
    ...metadata,
    imports: [...(metadata.imports ?? []), stepwright(service, options)],
  }).compile();

export const stepwright = (service: Service, options: StepwrightModuleOptions = {}): DynamicModule =>
  StepwrightModule.forRoot({ endpoint: service.local.url, poll: true, ...options });

import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Effect, ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Activity, DefinitionBody, JitterType, StateMachine, Timeout } from 'aws-cdk-lib/aws-stepfunctions';
import { StepFunctionsInvokeActivity } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';

export interface WorkerStackProps extends StackProps {
  /** The cluster of ECS that the workers run in. @default they run elsewhere */
  readonly cluster?: string;
}

/** An activity, a state machine that calls it, and the policy of its workers. */
export class WorkerStack extends Stack {
  constructor(scope: Construct, id: string, props?: WorkerStackProps) {
    super(scope, id, props);
    const cluster = props?.cluster;
    const activity = new Activity(this, 'Activity', { activityName: 'HelloWorldActivity' });
    const work = new StepFunctionsInvokeActivity(this, 'Work', {
      activity,
      // At least twice the worker's heartbeat of 20 s: brings back the tasks of a worker that died.
      heartbeatTimeout: Timeout.duration(Duration.seconds(60)),
      // And those that never end. It counts from when a worker takes the task.
      taskTimeout: Timeout.duration(Duration.hours(1)),
    }).addRetry({
      errors: ['States.Timeout', 'States.HeartbeatTimeout', 'Stepwright.WorkerShutdown'],
      interval: Duration.seconds(2),
      maxAttempts: 5,
      backoffRate: 2,
      jitterStrategy: JitterType.FULL,
    });
    const machine = new StateMachine(this, 'Machine', {
      definitionBody: DefinitionBody.fromChainable(work),
      // Ends the execution if no worker ever takes the task.
      timeout: Duration.days(1),
    });
    const policy = new ManagedPolicy(this, 'WorkerPolicy', {
      description: 'What a Stepwright worker calls, and no more',
      statements: [
        new PolicyStatement({
          sid: 'Poll',
          effect: Effect.ALLOW,
          actions: ['states:GetActivityTask'],
          resources: [activity.activityArn],
        }),
        new PolicyStatement({
          sid: 'Report',
          effect: Effect.ALLOW,
          actions: ['states:SendTaskSuccess', 'states:SendTaskFailure', 'states:SendTaskHeartbeat'],
          resources: ['*'],
        }),
        ...(cluster === undefined ? [] : [this.protect(cluster)]),
      ],
    });
    new CfnOutput(this, 'ActivityArn', { value: activity.activityArn });
    new CfnOutput(this, 'MachineArn', { value: machine.stateMachineArn });
    new CfnOutput(this, 'WorkerPolicyArn', { value: policy.managedPolicyArn });
  }

  /** What the option `protect` needs. */
  private protect(cluster: string): PolicyStatement {
    return new PolicyStatement({
      sid: 'Protect',
      effect: Effect.ALLOW,
      actions: ['ecs:GetTaskProtection', 'ecs:UpdateTaskProtection'],
      resources: [this.formatArn({ service: 'ecs', resource: 'task', resourceName: `${cluster}/*` })],
    });
  }
}

import type * as Sfn from '@aws-sdk/client-sfn';

/** A response as JSON has it: what is always in it is there, and a time is a number of seconds. */
type Answer<T> = {
  readonly [Field in keyof T]: Exclude<T[Field], undefined> extends Date
    ? number
    : Exclude<T[Field], undefined>;
};

/** The operations of the Step Functions API that the page calls. */
export interface Operations {
  readonly CreateActivity: Operation<Sfn.CreateActivityInput, Sfn.CreateActivityOutput>;
  readonly CreateStateMachine: Operation<Sfn.CreateStateMachineInput, Sfn.CreateStateMachineOutput>;
  readonly DeleteActivity: Operation<Sfn.DeleteActivityInput, Sfn.DeleteActivityOutput>;
  readonly DeleteStateMachine: Operation<Sfn.DeleteStateMachineInput, Sfn.DeleteStateMachineOutput>;
  readonly DescribeStateMachine: Operation<Sfn.DescribeStateMachineInput, Sfn.DescribeStateMachineOutput>;
  readonly GetExecutionHistory: Operation<Sfn.GetExecutionHistoryInput, Sfn.GetExecutionHistoryOutput>;
  readonly PublishStateMachineVersion: Operation<
    Sfn.PublishStateMachineVersionInput,
    Sfn.PublishStateMachineVersionOutput
  >;
  readonly RedriveExecution: Operation<Sfn.RedriveExecutionInput, Sfn.RedriveExecutionOutput>;
  readonly SendTaskFailure: Operation<Sfn.SendTaskFailureInput, Sfn.SendTaskFailureOutput>;
  readonly SendTaskHeartbeat: Operation<Sfn.SendTaskHeartbeatInput, Sfn.SendTaskHeartbeatOutput>;
  readonly SendTaskSuccess: Operation<Sfn.SendTaskSuccessInput, Sfn.SendTaskSuccessOutput>;
  readonly StartExecution: Operation<Sfn.StartExecutionInput, Sfn.StartExecutionOutput>;
  readonly StopExecution: Operation<Sfn.StopExecutionInput, Sfn.StopExecutionOutput>;
  readonly TestState: Operation<Sfn.TestStateInput, Sfn.TestStateOutput>;
  readonly UpdateStateMachine: Operation<Sfn.UpdateStateMachineInput, Sfn.UpdateStateMachineOutput>;
}

interface Operation<Request, Response> {
  readonly request: Readonly<Request>;
  readonly answer: Answer<Response>;
}

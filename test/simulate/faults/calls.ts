import { isReport, nameIn } from '../network.js';
import { type Answer, isFromService, type Request } from '../service.js';
import { answers, type Fault, type Seams } from './seams.js';

const MARK = { 'x-amzn-requestid': 'planted', 'content-type': 'application/x-amz-json-1.0' };
const GONE = /TaskTimedOut|TaskDoesNotExist|InvalidToken/;

const says =
  (status: number, text: string) =>
  (answer: Answer): Answer => ({
    headers: { ...answer.headers, ...MARK },
    status,
    text,
  });
const YES = says(200, '{}');
const no = (name: string): ((answer: Answer) => Answer) =>
  says(name === 'InternalFailure' ? 500 : 400, `{"__type":"com.amazonaws.swf#${name}","message":"planted"}`);

const tokenOf = ({ body }: Request): string => body['taskToken'] ?? '';
const isBeat = ({ operation }: Request): boolean => operation === 'SendTaskHeartbeat';
const isPoll = ({ operation }: Request): boolean => operation === 'GetActivityTask';

type Send = Seams['send'];

/** Lets the calls of workers leave in another way. `state` is one story's. */
const sending =
  <T>(state: () => T, change: (send: Send, state: T, seams: Seams) => Send): Fault['plant'] =>
  (seams) => {
    seams.send = change(seams.send, state(), seams);
  };

const tokens = (): Set<string> => new Set();
/** Answers a call that never leaves. */
const unsent = ({ from }: Request, answered: () => void): (() => void) => from.input(1, answered);
const accepted: Answer = YES({ status: 200, headers: {}, text: '' });

/** What a worker reads in answers, and which calls it makes. */
export const CALL_FAULTS: readonly Fault[] = [
  {
    name: "a gateway's empty 200 is taken for a yes",
    seed: 11,
    plant: answers((answer) => (answer.status === 200 && !isFromService(answer) ? YES(answer) : answer)),
  },
  {
    name: 'a report that met a 503 counts as accepted',
    seed: 36,
    plant: answers((answer, { operation }) =>
      isReport(operation) && answer.status === 503 ? YES(answer) : answer,
    ),
  },
  {
    name: 'gone is not heeded',
    seed: 21,
    plant: answers((answer, request) => {
      if (answer.status !== 400 || !GONE.test(nameIn(answer))) return answer;
      return isBeat(request) ? YES(answer) : no('InternalFailure')(answer);
    }),
  },
  {
    name: 'a throttled report is refused for good',
    seed: 38,
    plant: answers((answer, { operation }) =>
      isReport(operation) && nameIn(answer) === 'ThrottlingException' ? no('InvalidOutput')(answer) : answer,
    ),
  },
  {
    name: 'a wrong clock is never corrected',
    seed: 11,
    plant: answers(({ headers: { date: _date, ...headers }, ...answer }) => ({ ...answer, headers })),
  },
  {
    name: 'an outcome is sent again after it was accepted',
    seed: 21,
    plant: answers((answer, { operation }) =>
      isReport(operation) && answer.status === 200 ? no('InternalFailure')(answer) : answer,
    ),
  },
  {
    name: 'work begins on a task that timed out unread',
    seed: 14,
    plant: answers((answer, request, { chronicle }) => {
      const isNew = chronicle.lease(tokenOf(request))?.begun === false;
      return isBeat(request) && isNew && GONE.test(nameIn(answer)) ? YES(answer) : answer;
    }),
  },
  {
    name: 'a task that arrives after the stop is dropped',
    seed: 11,
    plant: (seams) => {
      const stopped = new Set<unknown>();
      seams.worker = (it, process) => {
        const stop = it.stop.bind(it);
        it.stop = () => {
          stopped.add(process);
          return stop();
        };
      };
      answers((answer, request) =>
        isPoll(request) && answer.status === 200 && stopped.has(request.from) ? YES(answer) : answer,
      )(seams);
    },
  },
  {
    name: 'a success turns into a failure when it is repeated',
    seed: 24,
    plant: sending(tokens, (send, sent) => (request, ...rest) => {
      const isAgain = isReport(request.operation) && sent.has(tokenOf(request));
      if (isReport(request.operation)) sent.add(tokenOf(request));
      const { taskToken = '' } = request.body;
      const body = { taskToken, error: 'Planted', cause: '{}' };
      return send(isAgain ? { ...request, operation: 'SendTaskFailure', body } : request, ...rest);
    }),
  },
  {
    name: 'a heartbeat that failed is the last one',
    seed: 10,
    plant: sending(tokens, (send, failed) => (request, link, wire) => {
      const token = tokenOf(request);
      if (!isBeat(request)) return send(request, link, wire);
      if (failed.has(token)) return unsent(request, () => wire.answered(accepted));
      const isOver = (answer: Answer): void => void (answer.status !== 200 && failed.add(token));
      return send(request, link, {
        ...wire,
        answered: (answer) => (isOver(answer), wire.answered(answer)),
        failed: (error) => (failed.add(token), wire.failed(error)),
      });
    }),
  },
  {
    name: 'heartbeats end when the report begins',
    seed: 5,
    plant: sending(tokens, (send, reported) => (request, link, wire) => {
      if (isReport(request.operation)) reported.add(tokenOf(request));
      return isBeat(request) && reported.has(tokenOf(request))
        ? unsent(request, () => wire.answered(accepted))
        : send(request, link, wire);
    }),
  },
  {
    name: 'a poll is given up after 55 s',
    seed: 21,
    plant: sending(tokens, (send, _, { timeline }) => (request, link, wire) => {
      const end = send(request, link, wire);
      if (isPoll(request))
        timeline.at(timeline.now + 55_000, () => end(new Error('planted')), { of: request.from });
      return end;
    }),
  },
  {
    name: 'a call that is given up stays open',
    seed: 24,
    plant: sending(tokens, (send) => (request, link, wire) => {
      send(request, link, wire);
      return () => {};
    }),
  },
];

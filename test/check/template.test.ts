import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readStacks } from '../../src/framework/check/template/stacks.js';

const folder = mkdtempSync(join(tmpdir(), 'stepwright-template-'));
let dir: string;
let folders = 0;
beforeEach(() => void (dir = join(folder, String(folders++))));
afterAll(() => rmSync(folder, { recursive: true }));

function write(file: string, text: string | object): string {
  const path = join(dir, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof text === 'string' ? text : JSON.stringify(text));
  return path;
}

const stackOf = (template: string | object, parameters: Record<string, string> = {}) =>
  readStacks({ templates: [write('template.yaml', template)], assemblies: [], parameters });

/** Resolves a value in a template, as an entry of a definition. */
async function resolved(value: string, parameters: Record<string, string> = {}): Promise<unknown> {
  const template = `
Parameters:
  Stage: { Type: String, Default: dev }
  Count: { Type: Number, Default: 007 }
  Zones: { Type: CommaDelimitedList, Default: 'a, b' }
Mappings:
  Sizes: { dev: { size: small } }
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsTest: !And [!Not [!Condition IsProd], !Or [!Equals [1, '1'], { Condition: IsProd }]]
Resources:
  Charge: { Type: AWS::Serverless::Function, Properties: { FunctionName: !Sub 'charge-\${Stage}' } }
  Jobs: { Type: AWS::SQS::Queue }
  Paid: { Type: AWS::SNS::Topic }
  Orders: { Type: AWS::DynamoDB::Table }
  Ship: { Type: AWS::StepFunctions::Activity, Properties: { Name: ship } }
  Own: { Type: 'Custom::Thing' }
  Images: { Type: AWS::ECR::Repository }
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      Definition:
        StartAt: ${value}
`;
  const { machines, problems } = await stackOf(template, parameters);
  expect(problems).toEqual([]);
  return JSON.parse(machines[0]?.definition ?? '{}').StartAt;
}

const HERE = 'us-east-1:123456789012';

describe('a function of CloudFormation has its value', () => {
  test.each([
    ["!Sub '${Stage}-${!Literal}-${AWS::Region}'", 'dev-${Literal}-us-east-1'],
    ["!Sub ['${a}-${Charge.Arn}', { a: !Ref Stage }]", `dev-arn:aws:lambda:${HERE}:function:charge-dev`],
    ["{ 'Fn::Sub': 'arn:${AWS::Partition}:x:${AWS::AccountId}' }", 'arn:aws:x:123456789012'],
    ["!Join ['-', [!Ref Stage, 'x', !Select [1, !Ref Zones]]]", 'dev-x-b'],
    ["!Select [1, !Split ['|', 'a|b']]", 'b'],
    ['!FindInMap [Sizes, !Ref Stage, size]', 'small'],
    ["!FindInMap [Sizes, none, size, { DefaultValue: 'large' }]", 'large'],
    ['!If [IsProd, 1, 2]', 2],
    ['!If [IsTest, yes, no]', true],
    ["[!If [IsProd, 1, !Ref 'AWS::NoValue'], 2]", [2]],
    ['[[1], [null, [!Ref Stage]]]', [[1], [null, ['dev']]]],
    ['!Ref Count', '007'],
    ['!Ref Charge', 'charge-dev'],
    ['!GetAtt Charge.Arn', `arn:aws:lambda:${HERE}:function:charge-dev`],
    ['{ "Fn::GetAtt": [Orders, Arn] }', `arn:aws:dynamodb:${HERE}:table/Orders`],
    ['!GetAtt Images.Arn', `arn:aws:ecr:${HERE}:repository/Images`],
    ['!Ref Jobs', 'https://sqs.us-east-1.amazonaws.com/123456789012/Jobs'],
    ['!Ref Paid', `arn:aws:sns:${HERE}:Paid`],
    ['!Ref Ship', `arn:aws:states:${HERE}:activity:ship`],
    ['!GetAtt Ship.Name', 'ship'],
    ['!GetAtt ChargeRole.Arn', 'arn:aws:iam::123456789012:role/charge-devRole'],
    ['!Ref Charge.Version', `arn:aws:lambda:${HERE}:function:charge-dev:1`],
    ['!GetAtt Own.Answer', 'Own-Answer'],
    ['!ImportValue shared-queue', 'imported'],
    ["!Base64 'a'", 'YQ=='],
    ['2012-10-17', '2012-10-17'],
  ])('%s', async (value, expected) => {
    const given: Record<string, string> = value.includes('Import') ? { 'shared-queue': 'imported' } : {};
    expect(await resolved(value, given)).toEqual(expected);
  });

  test('a parameter and a pseudo-parameter have the value that was given', async () => {
    const given = { Stage: 'prod', 'AWS::Region': 'cn-north-1', 'AWS::AccountId': '111122223333' };
    expect(await resolved("!If [IsProd, !GetAtt Charge.Arn, '']", given)).toBe(
      'arn:aws-cn:lambda:cn-north-1:111122223333:function:charge-prod',
    );
  });

  test.each([
    [{}, 'Order'],
    [{ constructor: 'Other' }, 'Other'],
  ])('a parameter named constructor, of which %j is given', async (given: object, expected) => {
    const { machines, problems } = await stackOf(
      {
        Parameters: { constructor: { Type: 'String', Default: 'Order' } },
        ...machine({ Name: { Ref: 'constructor' }, Definition: SUCCEED }),
      },
      { ...given },
    );
    expect({ problems, names: machines.map(({ name }) => name) }).toEqual({
      problems: [],
      names: [expected],
    });
  });
});

const SUCCEED = { StartAt: 'A', States: { A: { Type: 'Succeed' } } };
const machine = (properties: object, type = 'AWS::Serverless::StateMachine') => ({
  Resources: { M: { Type: type, Properties: properties } },
});

describe('the definition of a machine is read', () => {
  test.each([
    ['from DefinitionString', machine({ DefinitionString: JSON.stringify(SUCCEED) })],
    ['from Definition', machine({ Definition: SUCCEED }, 'AWS::StepFunctions::StateMachine')],
    ['from a file of JSON', machine({ DefinitionUri: 'm/a.asl.json' })],
    [
      'from a file of YAML',
      machine({ DefinitionUri: 'm/a.asl.yaml', DefinitionSubstitutions: { Type: 'Succeed' } }),
    ],
    ['from an asset of the CDK', machine({ DefinitionS3Location: { Bucket: 'b', Key: '1f.json' } })],
  ])('%s', async (_, template) => {
    write('m/a.asl.json', SUCCEED);
    write('m/a.asl.yaml', 'StartAt: A\nStates:\n  A: { Type: "${Type}" }\n');
    write('asset.1f.json', SUCCEED);
    const { machines, problems } = await stackOf(template);
    expect(problems).toEqual([]);
    expect(machines.map(({ definition }) => JSON.parse(definition))).toEqual([SUCCEED]);
  });

  test('with its role, its version, its aliases and its activities', async () => {
    const { machines, activities } = await stackOf(`
Resources:
  Ship: { Type: AWS::StepFunctions::Activity }
  M:
    Type: AWS::StepFunctions::StateMachine
    Properties: { StateMachineName: order, RoleArn: 'arn:aws:iam::1:role/r', Definition: { StartAt: !Ref Ship } }
  V: { Type: AWS::StepFunctions::StateMachineVersion, Properties: { StateMachineArn: !Ref M, Description: first } }
  L:
    Type: AWS::StepFunctions::StateMachineAlias
    Properties: { Name: live, RoutingConfiguration: [{ StateMachineVersionArn: !Ref V, Weight: 100 }] }
`);
    expect(activities).toEqual([`arn:aws:states:${HERE}:activity:Ship`]);
    expect(machines).toMatchObject([
      {
        name: 'order',
        seed: { roleArn: 'arn:aws:iam::1:role/r', version: { description: 'first', aliases: ['live'] } },
      },
    ]);
  });

  test('from the stacks of a cloud assembly, those of its stages too', async () => {
    const stack = (templateFile: string) => ({
      type: 'aws:cloudformation:stack',
      environment: 'aws://111122223333/eu-west-1',
      properties: { templateFile },
    });
    write('cdk.out/manifest.json', {
      artifacts: {
        One: stack('One.template.json'),
        Stage: { type: 'cdk:cloud-assembly', properties: { directoryName: 'assembly-Stage' } },
      },
    });
    write('cdk.out/One.template.json', machine({ StateMachineName: 'one', DefinitionString: '{}' }));
    write('cdk.out/assembly-Stage/manifest.json', { artifacts: { Two: stack('Two.template.json') } });
    const nested = {
      Type: 'AWS::CloudFormation::Stack',
      Metadata: { 'aws:asset:path': 'In.nested.template.json' },
    };
    const three = { Name: 'three', DefinitionS3Location: { Bucket: 'b', Key: '2e.json' } };
    const Three = { Type: 'AWS::StepFunctions::StateMachine', Properties: three };
    write('cdk.out/asset.2e.json', SUCCEED);
    write('cdk.out/assembly-Stage/Two.template.json', { Resources: { In: nested, Three } });
    write('cdk.out/assembly-Stage/In.nested.template.json', machine({ Name: 'two', DefinitionString: '{}' }));
    const stacks = await readStacks({ templates: [], assemblies: [join(dir, 'cdk.out')], parameters: {} });
    expect(stacks.problems).toEqual([]);
    expect(stacks.machines.map(({ arn }) => arn)).toEqual([
      'arn:aws:states:eu-west-1:111122223333:stateMachine:one',
      'arn:aws:states:eu-west-1:111122223333:stateMachine:three',
      'arn:aws:states:eu-west-1:111122223333:stateMachine:two',
    ]);
  });
});

test('machines and activities without a name have different ones in the stages of an app', async () => {
  const stage = (name: string): void => {
    const { Resources } = machine({ DefinitionString: { Ref: 'Ship' } });
    const Ship = { Type: 'AWS::StepFunctions::Activity' };
    write(`cdk.out/${name}/App.json`, { Resources: { ...Resources, Ship } });
    const properties = { templateFile: 'App.json', stackName: `${name}-App` };
    write(`cdk.out/${name}/manifest.json`, {
      artifacts: { App: { type: 'aws:cloudformation:stack', properties } },
    });
  };
  const stages = ['Dev', 'Prod'];
  stages.forEach(stage);
  const artifacts = stages.map((directoryName) => [
    directoryName,
    { type: 'cdk:cloud-assembly', properties: { directoryName } },
  ]);
  write('cdk.out/manifest.json', { artifacts: Object.fromEntries(artifacts) });
  const { machines, activities, problems } = await readStacks({
    templates: [],
    assemblies: [join(dir, 'cdk.out')],
    parameters: {},
  });
  expect(problems).toEqual([]);
  const ships = stages.map((name) => `arn:aws:states:${HERE}:activity:${name}-App-Ship`);
  expect(activities).toEqual(ships);
  expect(machines.map(({ name, definition }) => [name, definition])).toEqual([
    ['Dev-App-M', ships[0]],
    ['Prod-App-M', ships[1]],
  ]);
});

test('a value that can not be resolved is named with its line, and leaves out only what needs it', async () => {
  const { machines, activities, problems, warnings, leftOut } = await stackOf(`Parameters:
  Stored: { Type: 'AWS::SSM::Parameter::Value<String>', Default: /none }
Resources:
  Fine: { Type: AWS::Serverless::StateMachine, Properties: { Definition: {} } }
  Sell: { Type: AWS::Serverless::StateMachine, Properties: { Definition: { A: !Ref Stored } } }
  Ship: { Type: AWS::StepFunctions::Activity, Properties: { Name: !Ref Stored } }
`);
  expect(problems).toEqual([]);
  expect(warnings.map(({ where, what }) => [where.replace(/^.*\//, ''), what])).toEqual(
    [5, 6].map((line) => [
      expect.stringContaining(`template.yaml:${line}:`),
      expect.stringContaining("'Stored' has its value in Parameter Store. What needs it is left out"),
    ]),
  );
  expect([machines.map(({ name }) => name), activities, leftOut]).toEqual([
    ['Fine'],
    [],
    [{ id: 'Sell', name: 'Sell' }],
  ]);
});

describe('the stacks of a cloud assembly give each other values', () => {
  const user = (a: unknown) => machine({ Name: 'user', Definition: { A: a } });
  const activity = { Type: 'AWS::StepFunctions::Activity', Properties: { Name: 'ship' } };
  const ship = `arn:aws:states:${HERE}:activity:ship`;
  const exported = {
    Resources: { Ship: activity },
    Outputs: {
      ShipArn: { Value: { Ref: 'Ship' }, Export: { Name: { 'Fn::Sub': '${AWS::StackName}:Ship' } } },
    },
  };
  const stored = {
    Resources: {
      Ship: activity,
      Kept: { Type: 'AWS::SSM::Parameter', Properties: { Name: '/ship/arn', Value: { Ref: 'Ship' } } },
    },
  };
  const reader = {
    Parameters: { FromStore: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/ship/arn' } },
    ...user({ Ref: 'FromStore' }),
  };
  const s3 = ['', ['https://s3.', { Ref: 'AWS::Region' }, '.amazonaws.com/assets/1f.json']];
  const nested = {
    Resources: {
      ...user({ 'Fn::GetAtt': ['In', 'Outputs.Arn'] }).Resources,
      In: {
        Type: 'AWS::CloudFormation::Stack',
        Properties: { TemplateURL: { 'Fn::Join': s3 }, Parameters: { Which: 'ship' } },
      },
    },
  };
  const inner = {
    Parameters: { Which: { Type: 'String' } },
    Resources: { Ship: { ...activity, Properties: { Name: { Ref: 'Which' } } } },
    Outputs: { Arn: { Value: { Ref: 'Ship' } } },
  };
  const files = { one: { source: { path: 'In.json' }, destinations: { here: { objectKey: '1f.json' } } } };

  const read = async (first: object, second: object): Promise<Awaited<ReturnType<typeof readStacks>>> => {
    const stack = (templateFile: string) => ({
      type: 'aws:cloudformation:stack',
      properties: { templateFile },
    });
    write('cdk.out/manifest.json', { artifacts: { One: stack('One.json'), Two: stack('Two.json') } });
    write('cdk.out/One.json', first);
    write('cdk.out/Two.json', second);
    write('cdk.out/One.assets.json', { files });
    write('cdk.out/In.json', inner);
    return readStacks({ templates: [], assemblies: [join(dir, 'cdk.out')], parameters: {} });
  };

  test.each([
    ['by exports', user({ 'Fn::ImportValue': 'Two:Ship' }), exported],
    ['by Parameter Store', reader, stored],
    ['by the outputs of a nested stack, which the manifest of the assets finds', nested, { Resources: {} }],
  ])('%s', async (_, first, second) => {
    const stacks = await read(first, second);
    expect(stacks.problems).toEqual([]);
    expect(stacks.machines.map(({ definition }) => JSON.parse(definition))).toEqual([{ A: ship }]);
    expect(stacks.activities).toEqual([ship]);
  });

  test('and a value that its own stack cannot resolve is named there', async () => {
    const broken = {
      Resources: {},
      Outputs: { ShipArn: { ...exported.Outputs.ShipArn, Value: { Ref: 'No' } } },
    };
    const { problems } = await read(user({ 'Fn::ImportValue': 'Two:Ship' }), broken);
    expect(problems).toMatchObject([
      { where: expect.stringMatching(/Two.json:1:\d+/), what: expect.stringContaining("'No'") },
    ]);
  });
});

test.each([
  [
    'https://bucket.s3.amazonaws.com/in.yaml',
    "the nested stack In is left out: its template isn't on this machine",
  ],
  ['template.yaml', 'it stands inside itself'],
])('a nested stack with the template %s is named with its place', async (url, what) => {
  const { warnings, problems } = await stackOf({
    Resources: { In: { Type: 'AWS::CloudFormation::Stack', Properties: { TemplateURL: url } } },
  });
  expect([...warnings, ...problems]).toMatchObject([{ what: expect.stringContaining(what) }]);
});

test('a machine whose condition is false is left out, and one that is EXPRESS keeps its type', async () => {
  const { machines, warnings, problems } = await stackOf(`
Conditions: { Never: !Equals [a, b] }
Resources:
  Fast:
    Type: AWS::Serverless::StateMachine
    Properties: { Type: EXPRESS, Definition: { StartAt: A, States: { A: { Type: Succeed } } } }
  Faster:
    Type: AWS::StepFunctions::StateMachine
    Properties: { StateMachineType: EXPRESS, Definition: { StartAt: A, States: { A: { Type: Succeed } } } }
  Slow:
    Type: AWS::StepFunctions::StateMachine
    Properties: { StateMachineType: STANDARD, Definition: { StartAt: A, States: { A: { Type: Succeed } } } }
  Off: { Type: AWS::Serverless::StateMachine, Condition: Never, Properties: {} }
`);
  expect([warnings, problems]).toEqual([[], []]);
  expect(machines.map(({ id, seed }) => [id, seed?.type])).toEqual([
    ['Fast', 'EXPRESS'],
    ['Faster', 'EXPRESS'],
    ['Slow', undefined],
  ]);
});

test('brackets that close at the margin are read, as SAM reads them', async () => {
  const template =
    'Resources:\n  M:\n    Type: AWS::Serverless::StateMachine\n    Properties:\n      Definition: {\n    StartAt: "A}", # }\n  States: {}\n}\n';
  const { machines, problems } = await stackOf(template);
  expect(problems).toEqual([]);
  expect(machines.map(({ definition }) => JSON.parse(definition))).toEqual([{ StartAt: 'A}', States: {} }]);
});

test.each([
  ['Definition: { A: !Ref Nobody }', /no parameter or resource has the name 'Nobody'/],
  ['Definition: { A: !Sub "${Stagee}" }', /'Stagee'/],
  ['Definition: { A: !GetAtt Nobody.Arn }', /'Nobody'/],
  ['Definition: { A: !Ref Stage }', /'Stage' has no Default/],
  ['Definition: { A: !ImportValue other }', /exports 'other'/],
  ['Definition: { A: !ImportValue toString }', /exports 'toString'/],
  ['Definition: { A: !Cidr [a, 1, 2] }', /Fn::Cidr can't be resolved without AWS/],
  ['Definition: { A: !If [Nothing, 1, 2] }', /no condition 'Nothing'/],
  ['DefinitionUri: none.json', /none.json can't be read/],
  ['DefinitionUri: s3://bucket/key', /lies in S3/],
  ['Definition: { A: !Select [7, [a]] }', /no such item/],
  ['Type: STANDARD', /has no definition/],
  ['Definition: { A: !If [Round, 1, 2] }', /Condition Round needs itself/],
])('%s is named with its line', async (property, what) => {
  const { problems } = await stackOf(`Parameters:
  Stage: { Type: String }
Conditions: { Round: !Not [{ Condition: Round }] }
Resources:
  M: {
    Type: AWS::Serverless::StateMachine,
    Properties: { ${property} } }
`);
  expect(problems[0]).toMatchObject({ code: 'TEMPLATE_INVALID', what: expect.stringMatching(what) });
  const line = property === 'Type: STANDARD' ? 5 : property.includes('Round') ? 3 : 7;
  expect(problems[0]?.where).toMatch(new RegExp(`template.yaml:${line}:\\d+$`));
});

test.each([
  ['whose definition lies in S3', 'DefinitionUri: s3://bucket/key'],
  ['that needs a parameter without a value', 'Definition: { A: !Ref Stage }'],
  ['whose definition lies at an unknown path', 'DefinitionUri: !Ref Stage'],
  ['of an unknown type', 'Type: !Ref Stage, Definition: {}'],
])('a machine %s is left out with a warning, and the others are served', async (_what, property) => {
  const { machines, leftOut, problems, warnings } = await stackOf(`Parameters:
  Stage: { Type: String }
Resources:
  M: { Type: AWS::Serverless::StateMachine, Properties: { ${property} } }
  N: { Type: AWS::Serverless::StateMachine, Properties: { Definition: { StartAt: A } } }
`);
  expect([machines.map(({ id }) => id), leftOut.map(({ id }) => id), problems]).toEqual([['N'], ['M'], []]);
  expect(warnings).toMatchObject([{ what: expect.stringContaining('is left out') }]);
});

test('the files that a template names are listed, also while they can not be read', async () => {
  const { files } = await stackOf(`Resources:
  M: { Type: AWS::Serverless::StateMachine, Properties: { DefinitionUri: none.yaml } }
`);
  expect(files).toEqual(['template.yaml', 'none.yaml'].map((name) => join(dir, name)));
});

test('a value in Parameter Store that needs itself is named', async () => {
  const { problems } = await stackOf(`Parameters:
  Kept: { Type: 'AWS::SSM::Parameter::Value<String>', Default: /kept }
Resources:
  Store: { Type: AWS::SSM::Parameter, Properties: { Name: /kept, Value: !Ref Kept } }
  M: { Type: AWS::Serverless::StateMachine, Properties: { Definition: { A: !Ref Kept } } }
`);
  expect(problems).toMatchObject([{ what: 'the value of Store needs itself' }]);
});

test('a parameter that no template has is refused, with the one that is meant', async () => {
  const { problems } = await stackOf(
    { Parameters: { Stage: { Default: 'a' } }, Resources: {} },
    { Stgae: 'b' },
  );
  expect(problems).toMatchObject([{ where: '--parameter Stgae', fix: expect.stringContaining("'Stage'") }]);
});

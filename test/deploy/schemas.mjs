// Manifests against the schemas of what they are for.
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { has, install, ROOT, run } from './shell.mjs';

const deploy = (path) => join(ROOT, 'deploy', path);

/** Kubernetes' own schemas, those of KEDA and of the Prometheus operator, as npm packages. */
export async function kubernetes(report, dir) {
  install(
    dir,
    'kubernetes-models@5',
    '@kubernetes-models/keda@2',
    '@kubernetes-models/prometheus-operator@6',
    'yaml@2',
  );
  writeFileSync(join(dir, 'validate.mjs'), VALIDATE);
  const invalid = (file) => JSON.parse(run(`node validate.mjs ${file}`, { cwd: dir }));
  for (const file of readdirSync(deploy('kubernetes')))
    report.problems(`kubernetes/${file} passes its schemas`, invalid(deploy(`kubernetes/${file}`)));
  const broken = readFileSync(deploy('kubernetes/worker.yaml'), 'utf8').replace(
    'periodSeconds: 2',
    'periodSeconds: soon',
  );
  writeFileSync(join(dir, 'broken.yaml'), broken);
  report.problems(
    'a broken manifest would be found',
    invalid('broken.yaml').length === 1 ? [] : ['it passed'],
  );
}

/** Runs where the packages are: prints what is wrong with each document of a file. */
const VALIDATE = `
import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
const PACKAGES = { 'keda.sh': '@kubernetes-models/keda', 'monitoring.coreos.com': '@kubernetes-models/prometheus-operator' };
const problems = [];
for (const document of parseAllDocuments(readFileSync(process.argv[2], 'utf8'), { strict: true })) {
  problems.push(...document.errors.map(String));
  const manifest = document.toJS();
  const { apiVersion, kind } = manifest;
  try {
    const models = await import((PACKAGES[apiVersion.split('/')[0]] ?? 'kubernetes-models') + '/' + apiVersion);
    new models[kind](manifest).validate();
  } catch (error) {
    problems.push(kind + ': ' + error.message);
  }
}
console.log(JSON.stringify(problems));
`;

/** Templates, the policy and the task definition, by cfn-lint, which has AWS's schemas with it. */
export async function cloudformation(report, dir) {
  if (!has('cfn-lint')) {
    report.skipped('CloudFormation, IAM, ECS', 'no cfn-lint (pip install cfn-lint)');
    return;
  }
  const json = (path) => JSON.parse(readFileSync(deploy(path), 'utf8'));
  const policy = (path) => resource('AWS::IAM::ManagedPolicy', { PolicyDocument: json(path) });
  const task = (path) => resource('AWS::ECS::TaskDefinition', capitalised(json(path)));
  const wrapped = {
    'iam/worker-policy.json': policy,
    'iam/protection-policy.json': policy,
    'iam/stores-policy.json': policy,
    'iam/scaler-policy.json': policy,
    'iam/verify-policy.json': policy,
    'ecs/task-definition.json': task,
    'ecs/scaler-task-definition.json': task,
  };
  const templates = [
    'cloudformation/activities-and-machine.yaml',
    'cloudformation/stores.yaml',
    'ecs/autoscaling.yaml',
    'ecs/alarms.yaml',
    'ecs/service.yaml',
  ].map((path) => [path, deploy(path)]);
  const write = (name, template) => {
    writeFileSync(join(dir, name), JSON.stringify(template));
    return join(dir, name);
  };
  for (const [path, wrap] of Object.entries(wrapped))
    templates.push([path, write(path.replace('/', '-'), wrap(path))]);
  const { Properties } = task('ecs/task-definition.json').Resources.It;
  const broken = write('broken.json', resource('AWS::ECS::TaskDefinition', { ...Properties, Cpu: ['256'] }));

  const found = linted([...templates.map(([, file]) => file), broken]);
  for (const [path, file] of templates) report.problems(`${path} passes AWS's schemas`, found(file));
  report.problems('a broken task definition would be found', found(broken).length > 0 ? [] : ['it passed']);
}

const resource = (Type, Properties) => ({ Resources: { It: { Type, Properties } } });

/** The CLI writes keys small, CloudFormation with a capital; maps of a user's own keys stay as they are. */
function capitalised(value, key = '') {
  if (Array.isArray(value)) return value.map((each) => capitalised(each));
  if (typeof value !== 'object' || value === null) return value;
  const own = key === 'options';
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      own ? name : name[0].toUpperCase() + name.slice(1),
      capitalised(each, name),
    ]),
  );
}

/** Lints templates in one process, which reads AWS's schemas once. @returns what is wrong with one of them */
function linted(files, options = '') {
  const command = `cfn-lint --format json --non-zero-exit-code none ${options} --template ${files.join(' ')}`;
  const found = JSON.parse(run(command));
  return (file) =>
    found
      .filter(({ Filename, Level }) => Filename === file && Level !== 'Informational')
      .map(({ Rule, Message, Location }) => `${Rule.Id} in line ${Location.Start.LineNumber}: ${Message}`);
}

/** The CDK stack is compiled, synthesised, and its template linted. */
export async function cdk(report, dir) {
  install(dir, 'aws-cdk-lib@2', 'constructs@10', 'typescript@7', '@types/node@20');
  cpSync(deploy('cdk'), join(dir, 'stack'), { recursive: true });
  writeFileSync(
    join(dir, 'stack/app.ts'),
    "import { App } from 'aws-cdk-lib';\nimport { WorkerStack } from './worker-stack.js';\nconst app = new App({ outdir: 'out' });\nnew WorkerStack(app, 'Worker', { cluster: 'jobs' });\napp.synth();\n",
  );
  const options =
    '--module nodenext --moduleResolution nodenext --target es2022 --strict --skipLibCheck --types node';
  run('npm pkg set type=module', { cwd: dir });
  run(`npx tsc ${options} --rootDir stack --outDir built stack/app.ts`, { cwd: dir });
  run('node built/app.js', { cwd: dir });
  const template = join(dir, 'out/Worker.template.json');
  report.ok('cdk/worker-stack.ts compiles and synthesises');
  if (has('cfn-lint')) {
    // W3005: CDK writes DependsOn beside references, always.
    report.problems(
      "cdk/worker-stack.ts passes AWS's schemas",
      linted([template], '--ignore-checks W3005')(template),
    );
  } else report.skipped('the template of CDK', 'no cfn-lint (pip install cfn-lint)');
  report.problems(
    "CDK's policy and CloudFormation's allow the same",
    samePolicy(JSON.parse(readFileSync(template, 'utf8'))),
  );
}

/** The calls that a policy allows. */
const actionsOf = ({ Statement }) => Statement.flatMap(({ Action }) => Action);

function samePolicy({ Resources }) {
  const { PolicyDocument } = Object.values(Resources).find(
    ({ Type }) => Type === 'AWS::IAM::ManagedPolicy',
  ).Properties;
  const ours = ['worker', 'protection'].flatMap((name) =>
    actionsOf(JSON.parse(readFileSync(deploy(`iam/${name}-policy.json`), 'utf8'))),
  );
  const theirs = actionsOf(PolicyDocument);
  return [
    ...ours.filter((each) => !theirs.includes(each)).map((each) => `${each} is missing`),
    ...theirs.filter((each) => !ours.includes(each)).map((each) => `${each} is too much`),
  ];
}

/** The units, in a folder of their own. */
export async function systemd(report, dir) {
  const names = ['stepwright@.service', 'stepwright.target'];
  if (!has('systemd-analyze')) {
    report.skipped(`systemd/${names.join()}`, 'no systemd-analyze');
    return;
  }
  const said = (name) => {
    try {
      return run(`systemd-analyze verify --man=no ${join(dir, name)} 2>&1`).trim();
    } catch (error) {
      return error.message;
    }
  };
  const text = (name) => readFileSync(deploy(`systemd/${name}`), 'utf8');
  for (const name of names) writeFileSync(join(dir, name), text(name));
  for (const name of names) {
    const problems = said(name);
    report.problems(`systemd/${name} passes systemd-analyze verify`, problems ? [problems] : []);
  }
  const broken = text('stepwright@.service').replace('KillMode=mixed', 'KillMode=gently');
  writeFileSync(join(dir, 'broken@.service'), broken);
  report.problems('a broken unit would be found', said('broken@.service') ? [] : ['it passed']);
}

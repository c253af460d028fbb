import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type Class, type ClassMember, type Param, parseSync, type Statement } from '@swc/core';

const FOLDERS = ['src/framework', 'src/console', 'src/activities'];
/** Classes whose instances users hold. What is private there is a #field: inspect, JSON and `toEqual` don't show it. */
const HELD = new Set(
  (
    'AwsStore Bed Completions DeferredTask DirectoryStore DynamoDbStore HandClock HandTask LimitClock ' +
    'RunningTask S3Store TaskCheckpoint TestClock TestExecution TestMachine Worker'
  ).split(' '),
);

type Named = Class & { readonly type: string; readonly identifier?: { readonly value: string } };

function classesIn(node: unknown): Named[] {
  if (typeof node !== 'object' || node === null) return [];
  const isClass = /^Class(Declaration|Expression)$/.test(String(Reflect.get(node, 'type')));
  return [...(isClass ? [node as Named] : []), ...Object.values(node).flatMap(classesIn)];
}

/** The name of a field, with its #. */
const keyOf = ({ type, value }: { type: string; value?: unknown }): string =>
  `${type === 'PrivateName' ? '#' : ''}${String(value)}`;

const nameOf = ({ pat }: Param): unknown =>
  pat.type === 'AssignmentPattern' ? Reflect.get(pat.left, 'value') : Reflect.get(pat, 'value');

/** Returns the field and the value's name, if a statement is `this.field = name`. */
function kept(statement: Statement): readonly [field: string, name: string] | undefined {
  if (statement.type !== 'ExpressionStatement' || statement.expression.type !== 'AssignmentExpression')
    return undefined;
  const { left, right } = statement.expression;
  if (left.type !== 'MemberExpression' || left.object.type !== 'ThisExpression') return undefined;
  return right.type === 'Identifier' ? [keyOf(left.property), right.value] : undefined;
}

function mistakesOf(member: ClassMember, of: Named, isHeld: boolean): string[] {
  const isMade = member.type === 'ClassProperty' || member.type === 'ClassMethod';
  if (isMade && member.accessibility === 'private')
    return [`${keyOf(member.key)} is private: name it #${keyOf(member.key)}`];
  if (member.type !== 'Constructor') return [];
  const params = new Set(member.params.flatMap((each) => (each.type === 'Parameter' ? [nameOf(each)] : [])));
  const readonly = of.body.flatMap((each) =>
    (each.type === 'PrivateProperty' || each.type === 'ClassProperty') && each.readonly
      ? [keyOf(each.key)]
      : [],
  );
  const copied = (member.body?.stmts ?? []).flatMap((statement) => {
    const [field = '', name] = kept(statement) ?? [];
    const stays = isHeld && field.startsWith('#');
    return params.has(name) && readonly.includes(field) && !stays
      ? [`${field} only keeps the parameter ${String(name)}: make that a parameter property`]
      : [];
  });
  const shown = member.params.flatMap((each) =>
    isHeld && each.type === 'TsParameterProperty' && each.accessibility === 'private'
      ? ['users hold its instances: keep what is private in a #field']
      : [],
  );
  return [...copied, ...shown];
}

/** Returns the mistakes in the classes of a source. An error passes its message on, and may do as it likes. */
const mistakesIn = (source: string, tsx = false): string[] =>
  (/\b(constructor|private)\b/.test(source)
    ? classesIn(parseSync(source, { syntax: 'typescript', tsx, decorators: true }))
    : []
  )
    .filter(({ superClass }) => !/Error$/.test(String(Reflect.get(superClass ?? {}, 'value'))))
    .flatMap((each) => {
      const name = each.identifier?.value ?? 'a class';
      return each.body.flatMap((member) =>
        mistakesOf(member, each, HELD.has(name)).map((mistake) => `${name}: ${mistake}`),
      );
    });

test("what a class is handed in stands in its constructor's head, and what it makes itself is a #field", () => {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  ).filter((file) => /\.tsx?$/.test(file));
  expect(files.length).toBeGreaterThan(500);
  expect(
    files.flatMap((file) =>
      mistakesIn(readFileSync(file, 'utf8'), file.endsWith('x')).map((mistake) => `${file}: ${mistake}`),
    ),
  ).toEqual([]);
});

test('planted classes are found', () => {
  const keeps = 'readonly #port: Port; constructor(port: Port) { this.#port = port; }';
  expect(mistakesIn(`class Loop { ${keeps} }`)).toEqual([
    'Loop: #port only keeps the parameter port: make that a parameter property',
  ]);
  expect(
    mistakesIn('const make = () => class { readonly a: number; constructor(a = 1) { this.a = a; } };'),
  ).toEqual(['a class: a only keeps the parameter a: make that a parameter property']);
  expect(mistakesIn('class Loop { private polls = 0; }')).toEqual(['Loop: polls is private: name it #polls']);
  expect(mistakesIn('class Worker { constructor(private readonly parts: Parts) {} }')).toHaveLength(1);
  // Errors, values that change, what is made of a parameter, and what users hold.
  expect(mistakesIn(`class Refused extends TypeError { ${keeps} }`)).toEqual([]);
  expect(mistakesIn(`class Loop { ${keeps.replace('readonly ', '')} }`)).toEqual([]);
  expect(mistakesIn(`class Loop { ${keeps.replace('= port', '= open(port)')} }`)).toEqual([]);
  expect(mistakesIn(`class Worker { ${keeps} }`)).toEqual([]);
});

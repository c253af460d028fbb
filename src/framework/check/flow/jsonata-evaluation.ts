import {
  FUNCTIONS,
  LENIENT,
  namesBound,
  type Node,
  OF_ITEMS,
  OPERATORS,
  Scope,
  STRICT,
} from './jsonata-expression.js';
import {
  isSequence,
  isUnknown,
  itemOf,
  ListOf,
  merge,
  Missing,
  NUMBER,
  part,
  type Shape,
  UNKNOWN,
} from './shape.js';

/** An expression that has no value, because this path in it leads to nothing. */
export class Lost {
  constructor(
    readonly missing: Missing,
    readonly path: string,
  ) {}
}

/** Evaluates an expression with what is known of its values. */
export class Evaluation {
  /**
   * @param it what is known of the value that names without `$` are read from
   * @param add adds a path that leads to nothing. The expression fails if it is `isSure`
   */
  constructor(
    private readonly scope: Scope,
    private readonly it: Shape,
    private readonly add: (missing: Missing, path: string, isSure: boolean) => void,
  ) {}

  /** Returns what is known of the value of an expression. */
  of(node: Node): Shape | Lost {
    const found = this.#plain(node);
    return found instanceof Lost ? found : this.#filtered(found, node);
  }

  /** Like `of`, for a part without which the whole may have a value. */
  #use(node: Node | undefined): Shape {
    return this.#known(node ? this.of(node) : UNKNOWN);
  }

  #known(found: Shape | Lost): Shape {
    if (!(found instanceof Lost)) return found;
    this.add(found.missing, found.path, false);
    return UNKNOWN;
  }

  #with(it: Shape, scope = new Scope([], this.scope)): Evaluation {
    return new Evaluation(scope, it, this.add);
  }

  #plain(node: Node): Shape | Lost {
    switch (node.type) {
      case 'string':
      case 'number':
      case 'value':
        return node.value as Shape;
      case 'variable':
        return this.#variable(String(node.value));
      case 'name':
        return field(this.it, String(node.value));
      case 'path':
        return this.#path(node);
      case 'binary':
        return this.#binary(node);
      case 'function':
      case 'partial':
        return this.#call(node);
      case 'apply':
        return this.#apply(node);
      case 'unary':
        return this.#constructed(node);
      case 'block':
        return this.#with(this.it).sequence(node.expressions ?? []);
      case 'bind':
        return this.#use(node.rhs);
      case 'condition':
        return this.#chosen(node);
      case 'sort':
        for (const { expression } of node.terms ?? [])
          this.#with(itemOf(this.it) ?? this.it).#use(expression);
        return itemOf(this.it) === undefined ? this.it : sequenceOf(this.it);
      case 'lambda':
        this.#body(node, []);
        return UNKNOWN;
      default:
        return UNKNOWN;
    }
  }

  #variable(name: string): Shape | Lost {
    if (name === '') return this.it;
    const found = this.scope.get(name);
    if (found !== undefined) return found;
    return name === '$' || FUNCTIONS.has(name)
      ? UNKNOWN
      : new Lost(this.#unnamed(name, 'variable'), `$${name}`);
  }

  #unnamed(name: string, kind: 'variable' | 'function'): Missing {
    const names = [...(kind === 'function' ? FUNCTIONS.keys() : []), ...this.scope.names()];
    return new Missing(name, Object.fromEntries(names.map((each) => [each, UNKNOWN])), kind);
  }

  #path({ steps = [], keepSingletonArray }: Node): Shape | Lost {
    for (const { focus, index, stages = [] } of steps)
      for (const bound of [focus, index, ...stages.map(({ value }) => value)])
        if (bound !== undefined) this.scope.set(bound, UNKNOWN);
    let at = this.it;
    let path = '';
    for (const [index, step] of steps.entries()) {
      path += `${index > 0 ? '.' : ''}${nameOf(step)}`;
      // A sort is applied to a list as a whole.
      const item = index > 0 && step.type !== 'sort' ? itemOf(at) : undefined;
      const found = item === undefined ? this.#scalarStep(at, step, index === 0) : this.#listStep(item, step);
      if (found instanceof Lost)
        return new Lost(found.missing, found.missing.kind === 'field' ? path : found.path);
      at = found;
    }
    return keepSingletonArray && isSequence(at) ? new ListOf(itemOf(at) ?? UNKNOWN) : at;
  }

  /** Returns what a step of a path makes of a value that isn't known to be a list. */
  #scalarStep(at: Shape, step: Node, isFirst: boolean): Shape | Lost {
    const found = this.#with(at).of(step);
    if (found instanceof Lost || isFirst || step.type === 'name') return found;
    // An unknown value may be a list.
    return isUnknown(at) ? UNKNOWN : found;
  }

  /** Returns what a step of a path makes of the items of a list. */
  #listStep(item: Shape, step: Node): Shape | Lost {
    const found = this.#with(item).of(step);
    if (found instanceof Lost) return found;
    // A list that is written in a path isn't spread.
    return step.type === 'unary' && step.value === '[' ? UNKNOWN : sequenceOf(found);
  }

  /** Returns what is known of a value after the filters, and the other things, that are written behind it. */
  #filtered(value: Shape, { predicate = [], stages = [], group, focus, index }: Node): Shape {
    let left = value;
    for (const { expr } of [...predicate, ...stages]) {
      if (!expr || isUnknown(left)) return UNKNOWN;
      const item = itemOf(left) ?? left;
      this.#with(item).#use(expr);
      left = expr.type === 'number' ? item : sequenceOf(item);
    }
    for (const [, each] of group?.lhs ?? []) this.#with(UNKNOWN).#use(each);
    return (group ?? focus ?? index) ? UNKNOWN : left;
  }

  #binary({ value, lhs, rhs }: Node): Shape | Lost {
    if (STRICT.has(value)) {
      const [left, right] = [lhs, rhs].map((side) => (side ? this.of(side) : UNKNOWN));
      if (left instanceof Lost) return left;
      return right instanceof Lost ? right : (OPERATORS.get(value) ?? UNKNOWN);
    }
    const left = this.#use(lhs);
    if ((value === 'and' && left === false) || (value === 'or' && left === true)) return left;
    this.#use(rhs);
    return OPERATORS.get(value) ?? UNKNOWN;
  }

  /** @param before the value that `~>` hands over as the first argument */
  #call(
    { type, procedure, arguments: given = [] }: Node,
    before: readonly (Shape | Lost)[] = [],
  ): Shape | Lost {
    const name = this.#builtIn(procedure);
    const [first, ...others] = [...before, ...given.filter(isNoLambda).map((each) => this.of(each))];
    for (const each of others) if (each instanceof Lost) this.add(each.missing, each.path, false);
    const item = (first instanceof Lost ? undefined : itemOf(first ?? UNKNOWN)) ?? UNKNOWN;
    const made = given
      .filter((each) => !isNoLambda(each))
      .map((each) => this.#body(each, OF_ITEMS.has(name) ? [item] : []));
    if (name === 'exists' && first instanceof Lost) return false;
    const needsFirst = name !== undefined && !LENIENT.has(name) && type === 'function';
    if (first instanceof Lost && needsFirst) return first;
    if (first instanceof Lost) this.add(first.missing, first.path, false);
    if (type === 'partial') return UNKNOWN;
    if (name === 'map') return sequenceOf(made[0] ?? UNKNOWN);
    if (name === 'filter') return sequenceOf(item);
    return FUNCTIONS.get(name ?? '') ?? UNKNOWN;
  }

  /** Returns the name of a function of the language; undefined for one that the expression makes or binds. */
  #builtIn(procedure: Node | undefined): string | undefined {
    const name = procedure?.type === 'variable' ? String(procedure.value) : undefined;
    if (name === undefined) this.#use(procedure);
    if (name === undefined || this.scope.get(name) !== undefined) return undefined;
    if (!FUNCTIONS.has(name)) this.add(this.#unnamed(name, 'function'), `$${name}`, true);
    return name;
  }

  #apply({ lhs, rhs }: Node): Shape | Lost {
    const before = lhs ? this.of(lhs) : UNKNOWN;
    if (rhs?.type === 'function') return this.#call(rhs, [before]);
    if (rhs?.type === 'variable') return this.#call({ type: 'function', procedure: rhs }, [before]);
    this.#use(rhs);
    this.#known(before);
    return UNKNOWN;
  }

  /** Evaluates the body of a function. @param values what is known of its first arguments */
  #body({ arguments: names = [], body }: Node, values: readonly Shape[]): Shape {
    const bound = names.map(({ value }, index): [string, Shape] => [String(value), values[index] ?? UNKNOWN]);
    const scope = new Scope(bound, this.scope, true);
    return this.#known(this.#with(this.it, scope).sequence(body ? [body] : []));
  }

  /**
   * Evaluates expressions one after the other, in the scope that they bind variables in.
   * @returns what is known of the value of the last one
   */
  sequence(expressions: readonly Node[]): Shape | Lost {
    const bound = expressions.map(namesBound);
    let found: Shape | Lost = UNKNOWN;
    for (const [index, each] of expressions.entries()) {
      this.scope.unsettled = new Set(bound.slice(index).flat());
      // What is bound inside an expression may be bound under a condition.
      for (const name of namesBound(each.type === 'bind' ? each.rhs : each)) this.scope.set(name, UNKNOWN);
      found = this.of(each);
      if (each.type !== 'bind' && index === expressions.length - 1) return found;
      found = this.#known(found);
      if (each.type === 'bind') this.scope.set(String(each.lhs?.value), found);
    }
    return found;
  }

  /** A condition that asks for a field which is never there is false. */
  #chosen({ condition, then, else: otherwise }: Node): Shape | Lost {
    const asked = condition ? this.of(condition) : UNKNOWN;
    if (asked instanceof Lost && asked.missing.kind === 'variable')
      this.add(asked.missing, asked.path, false);
    if (asked instanceof Lost || asked === false) return otherwise ? this.of(otherwise) : UNKNOWN;
    const first = this.#use(then);
    return otherwise ? merge(first, this.#use(otherwise)) : UNKNOWN;
  }

  #constructed(node: Node): Shape | Lost {
    const { value, lhs = [] } = node;
    if (value === '[') return this.#list(node);
    if (value !== '{') return node.expression ? strict(this.of(node.expression)) : UNKNOWN;
    const pairs = [...(lhs as readonly (readonly [Node, Node])[])].map(
      ([key, each]) => [key, this.of(each)] as const,
    );
    for (const [, found] of pairs) if (found instanceof Lost) this.add(found.missing, found.path, false);
    if (!pairs.every(([key]) => key.type === 'string')) return UNKNOWN;
    return Object.fromEntries(
      pairs.flatMap(([key, found]) => (found instanceof Lost ? [] : [[String(key.value), found]])),
    );
  }

  /** A list in a list is spread, unless it is written there itself. */
  #list({ expressions = [] }: Node): Shape {
    const found = expressions.map((each): [Shape, boolean] => {
      if (each.type === 'binary' && each.value === '..') return [NUMBER, false];
      const shape = this.#use(each);
      const isOne = each.type === 'unary' || (!isUnknown(shape) && itemOf(shape) === undefined);
      return [isOne ? shape : (itemOf(shape) ?? UNKNOWN), isOne];
    });
    const items = found.map(([shape]) => shape);
    if (found.every(([, isOne]) => isOne)) return items;
    return new ListOf(items.reduce(merge));
  }
}

/** Returns a step of a path as a message names it. */
const nameOf = ({ type, value }: Node): string =>
  `${type === 'variable' ? '$' : ''}${typeof value === 'string' ? value : '…'}`;

const isNoLambda = ({ type }: Node): boolean => type !== 'lambda';

const strict = (found: Shape | Lost): Shape | Lost => (found instanceof Lost ? found : NUMBER);

/** JSONata reads a name from each element of a list. A value that is no object has no fields. */
function field(value: Shape, name: string): Shape | Lost {
  const item = itemOf(value);
  const found = part(item ?? value, name);
  if (found === undefined) return new Lost(new Missing(name, item ?? value), name);
  return item === undefined ? found : sequenceOf(found);
}

/** Returns what is known of the values that a path makes of the elements of a list, if each of them makes this one. */
const sequenceOf = (made: Shape): Shape =>
  isUnknown(made) ? UNKNOWN : new ListOf(itemOf(made) ?? made, true);

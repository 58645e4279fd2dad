/** What VS Code's context keys are at some place, such as a row of a view. */
export type Context = Readonly<Record<string, string | boolean>>;

/** One condition of a clause. */
export interface Condition {
  key: string;
  /** The flags that a regular expression or a comparison with `;flag;` names. */
  flags: string[];
  holds: (context: Context) => boolean;
}

const FLAG = /(?<=;)\w+(?=;)/g;

/**
 * The conditions of a `when` clause, which all have to hold. Knows the operators that package.json uses.
 *
 * @throws where there is another one
 */
export function parseWhen(clause: string): Condition[] {
  return clause.split(' && ').map((condition) => {
    if (condition === 'false') return { key: 'false', flags: [], holds: () => false };
    const negated = /^!([\w.]+)$/.exec(condition)?.[1];
    if (negated !== undefined) return { key: negated, flags: [], holds: (context) => context[negated] !== true };
    const flag = /^[\w.]+$/.exec(condition)?.[0];
    if (flag !== undefined) return { key: flag, flags: [], holds: (context) => context[flag] === true };
    const [, key, operator, operand = ''] = /^([\w.]+) (==|!=|=~) (.+)$/.exec(condition) ?? [];
    if (key === undefined) throw new Error(`Not a condition that is known: ${condition}`);
    const flags = operand.match(FLAG) ?? [];
    if (operator === '==') return { key, flags, holds: (context) => context[key] === operand };
    if (operator === '!=') return { key, flags, holds: (context) => context[key] !== operand };
    const pattern = new RegExp(/^\/(.+)\/$/.exec(operand)?.[1] ?? fail(condition));
    return { key, flags, holds: (context) => pattern.test(String(context[key] ?? '')) };
  });
}

function fail(condition: string): never {
  throw new Error(`Not a regular expression: ${condition}`);
}

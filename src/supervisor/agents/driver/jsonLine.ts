/** Reading the lines of agents that write one JSON value a line. */

/** Deeper than any real message; a value this deep would overflow the stack of whoever writes it as JSON again. */
const DEEPEST = 100;

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isTooDeep(root: unknown): boolean {
  let level = [root].filter(isObject);
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) return true;
    level = level.flatMap((value) => Object.values(value).filter(isObject));
  }
  return false;
}

/** The value that a text holds, or undefined where it is no JSON or nested deeper than anything real. */
export function parseJson(text: string): { json: unknown } | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return isTooDeep(json) ? undefined : { json };
  } catch {
    return undefined;
  }
}

/** What a line says: a value, text that came before it on the same line (a tool of the agent's that prints to its stdout), or only text. */
export function parseJsonLine(line: string): { foreign: string; json: unknown } | undefined {
  const whole = parseJson(line);
  if (whole !== undefined) return { foreign: '', json: whole.json };
  const start = line.indexOf('{"', 1);
  const rest = start > 0 ? parseJson(line.slice(start)) : undefined;
  return rest === undefined ? undefined : { foreign: line.slice(0, start), json: rest.json };
}

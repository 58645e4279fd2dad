/** Reads the lines of agents that write one JSON value per line. */

/** Deeper than any real message: a value deeper than this could overflow the stack of code that serializes it again. */
const MAX_DEPTH = 100;

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isTooDeep(root: unknown): boolean {
  let level = [root].filter(isObject);
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return true;
    level = level.flatMap((value) => Object.values(value).filter(isObject));
  }
  return false;
}

/** The JSON value of a text, or undefined where it is not JSON or nested too deeply. */
export function parseJson(text: string): { json: unknown } | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return isTooDeep(json) ? undefined : { json };
  } catch {
    return undefined;
  }
}

/**
 * The JSON value of a line, or undefined where it has none. `leadingText` is what stands before the value on the same
 * line: a tool of the agent printed it without a newline.
 */
export function parseJsonLine(line: string): { leadingText: string; json: unknown } | undefined {
  const whole = parseJson(line);
  if (whole !== undefined) return { leadingText: '', json: whole.json };
  const start = line.indexOf('{"', 1);
  const rest = start > 0 ? parseJson(line.slice(start)) : undefined;
  return rest === undefined ? undefined : { leadingText: line.slice(0, start), json: rest.json };
}

/** Reads the lines of agents that write one JSON value per line. */
import { parseJson } from '../../../common/lines/jsonLimits';

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

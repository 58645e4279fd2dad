import * as v from 'valibot';
import { idSchema } from '../../storage/ids';

/** Publisher and name of package.json. */
const EXTENSION_ID = 'corral-dev.corral';

/** An event of a session, as links name it. */
export interface LinkedEvent {
  sessionId: string;
  runId: string;
  seq: number;
}

const pathSchema = v.strictTuple([
  v.literal(''),
  v.literal('event'),
  idSchema,
  idSchema,
  v.pipe(v.string(), v.regex(/^[1-9]\d{0,14}$/), v.transform(Number)),
]);

/** The path of a `vscode://` link to the event. */
export function linkPath({ sessionId, runId, seq }: LinkedEvent): string {
  return `/event/${sessionId}/${runId}/${seq}`;
}

/** A link that VS Code opens in a window of this computer; `scheme` is that of the editor. */
export function eventLink(scheme: string, event: LinkedEvent): string {
  return `${scheme}://${EXTENSION_ID}${linkPath(event)}`;
}

/** The event that a link names; undefined for a link that Corral did not make. */
export function linkedEvent(path: string): LinkedEvent | undefined {
  const parsed = v.safeParse(pathSchema, path.split('/'));
  if (!parsed.success) return undefined;
  const [, , sessionId, runId, seq] = parsed.output;
  return { sessionId, runId, seq };
}

import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { parseJson } from '../../../common/lines/jsonLimits';
import { runWithNode } from '../../../common/processes/nodeProcess';

const ANSWER_LIMIT_MS = 20_000;
const MAX_OUTPUT_BYTES = 4 << 20;

/** What the login shell says by way of Node; variables are quoted alike by all shells. */
const PRINT = 'const {CORRAL_MARK: m, ...e} = process.env; process.stdout.write(m + JSON.stringify(e) + m)';
/** Only there to ask. */
const ASKING = ['CORRAL_ASK', 'CORRAL_NODE', 'CORRAL_PRINT'];

/** All variables of the user's login shell; undefined where it does not tell them. */
export async function readLoginEnvironment(): Promise<Record<string, string> | undefined> {
  const shell = process.env['SHELL'];
  if (shell === undefined) return undefined;
  const mark = randomBytes(16).toString('hex');
  // tcsh takes `-l` only alone.
  const parameters = [...(shell.endsWith('csh') ? [] : ['-l']), '-c', 'sh -c "$CORRAL_ASK"'];
  const { stdout } = await runWithNode([shell, ...parameters], {
    environment: {
      ...process.env,
      CORRAL_MARK: mark,
      CORRAL_ASK: '"$CORRAL_NODE" -e "$CORRAL_PRINT"',
      CORRAL_NODE: process.execPath,
      CORRAL_PRINT: PRINT,
    },
    timeoutMs: ANSWER_LIMIT_MS,
    maxOutputBytes: MAX_OUTPUT_BYTES,
  });
  const [, json = ''] = stdout.toString('utf8').split(mark);
  const parsed = v.safeParse(v.record(v.string(), v.string()), parseJson(json)?.json);
  if (!parsed.success) return undefined;
  return Object.fromEntries(Object.entries(parsed.output).filter(([name]) => !ASKING.includes(name)));
}

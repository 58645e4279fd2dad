import { runTests } from '../support/tier/oneProcess';

/** VS Code calls this in its extension host: see scripts/testElectron.mjs and test/support/vscode/extensionHost.ts. */
export async function run(): Promise<void> {
  const turnWatch = process.env['CORRAL_TURN_WATCH'];
  if (turnWatch !== undefined) await import(turnWatch);
  const { passed, failed } = await runTests(__dirname);
  if (failed > 0) throw new Error(`${String(failed)} of ${String(passed + failed)} tests failed`);
}

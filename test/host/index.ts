import { runTests } from '../support/tier';

/** What VS Code calls inside its extension host: with @vscode/test-electron on a desktop, by test/support/vscode/extensionHost.ts elsewhere. */
export async function run(): Promise<void> {
  const { passed, failed } = await runTests(__dirname);
  if (failed > 0) throw new Error(`${String(failed)} of ${String(passed + failed)} tests failed`);
}
